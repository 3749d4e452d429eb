/** 256 random bits with a prefix that a secret scanner and a person can tell apart. Only the SHA-256 is ever stored. */
export const SECRET_PREFIXES = {
  session: "fhs_",
  token: "fht_",
  bot: "fhb_",
  invitation: "fhi_",
  reset: "fhr_",
  setup: "fhu_",
} as const;
export type SecretKind = keyof typeof SECRET_PREFIXES;

const SECRET_BYTES = 32;
/** base64url of 32 bytes without padding. */
const SECRET_PATTERN = /^fh[stirub]_[A-Za-z0-9_-]{43}$/;

export function makeSecret(kind: SecretKind): { secret: string; hash: Uint8Array } {
  const secret =
    SECRET_PREFIXES[kind] + Buffer.from(crypto.getRandomValues(new Uint8Array(SECRET_BYTES))).toString("base64url");
  return { secret, hash: hashSecret(secret) };
}

export const hashSecret = (secret: string): Uint8Array =>
  new Uint8Array(new Bun.CryptoHasher("sha256").update(secret).digest());

/** The hash as a key of caches and events. */
export const hashKey = (hash: Uint8Array): string => Buffer.from(hash).toString("base64url");

/** Rejects what cannot be one of ours before any work is done for it. */
export const isSecret = (text: string, kind: SecretKind): boolean =>
  text.startsWith(SECRET_PREFIXES[kind]) && SECRET_PATTERN.test(text);
