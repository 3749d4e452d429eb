/** As S3 has it: the MD5 of the parts' MD5s, and how many. */
export function etagOf(parts: { etag: string }[]): string {
  const hasher = new Bun.CryptoHasher("md5");
  for (const part of parts) hasher.update(Buffer.from(part.etag, "hex"));
  return `${hasher.digest("hex")}-${parts.length}`;
}
