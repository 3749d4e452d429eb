import { Problem } from "#kernel/errors.ts";

/** tus asks for SHA-1 at least. */
export const ALGORITHMS = ["sha1", "sha256", "md5"] as const;
const DIGEST_BYTES: Record<string, number> = { sha1: 20, sha256: 32, md5: 16 };

/** @throws Problem 400 `tus.checksum` for an algorithm that we do not have, or what is no digest of it */
export function checksumOf(header: string | null): { algorithm: string; digest: Uint8Array } | null {
  if (header === null) return null;
  const [algorithm = "", text = ""] = header.split(" ");
  const digest = Buffer.from(text, "base64");
  if (DIGEST_BYTES[algorithm] !== digest.length || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) {
    throw new Problem(
      400,
      "tus.checksum",
      `Upload-Checksum is one of ${ALGORITHMS.join(", ")}, a space, and the digest in base64.`,
    );
  }
  return { algorithm, digest };
}
