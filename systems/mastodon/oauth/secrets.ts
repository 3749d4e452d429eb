import { timingSafeEqual } from "node:crypto";

import { hashSecret } from "#systems/people/index.ts";

/** Ours are told apart from people's by their beginning: a program's id, its secret, a code, and its own token. */
export const PREFIXES = { client: "fhc_", secret: "fhx_", code: "fho_", app: "fha_" } as const;
type Kind = keyof typeof PREFIXES;

const BYTES = 32;

export function make(kind: Kind): { text: string; hash: Uint8Array } {
  const text = PREFIXES[kind] + Buffer.from(crypto.getRandomValues(new Uint8Array(BYTES))).toString("base64url");
  return { text, hash: hashSecret(text) };
}

export const is = (text: string, kind: Kind): boolean =>
  text.startsWith(PREFIXES[kind]) && /^fh[a-z]_[A-Za-z0-9_-]{43}$/.test(text);

export const fits = (text: string, hash: Uint8Array): boolean => timingSafeEqual(hashSecret(text), hash);

/** RFC 7636, S256. */
export function answersChallenge(verifier: string, challenge: string): boolean {
  const made = Buffer.from(new Bun.CryptoHasher("sha256").update(verifier).digest("base64url"));
  const given = Buffer.from(challenge.replaceAll("=", ""));
  return made.length === given.length && timingSafeEqual(made, given);
}
