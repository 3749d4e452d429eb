import { createHmac } from "node:crypto";

import { SECRET_OVERLAP_MS } from "./bounds.ts";

const PREFIXES = { incoming: "fhw_", answer: "fha_" } as const;
const SECRET = /^fh[wa]_[A-Za-z0-9_-]{43}$/;

/** 256 random bits that are a part of an address. Only their SHA-256 is stored. */
export function makeAddressSecret(kind: keyof typeof PREFIXES): { secret: string; hash: Uint8Array } {
  const secret = PREFIXES[kind] + Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url");
  return { secret, hash: addressHash(secret) };
}

export const addressHash = (secret: string): Uint8Array =>
  new Uint8Array(new Bun.CryptoHasher("sha256").update(secret).digest());

export const isAddressSecret = (text: string, kind: keyof typeof PREFIXES): boolean =>
  text.startsWith(PREFIXES[kind]) && SECRET.test(text);

/** Whose signature it is: the number goes up when the secret is changed. */
export interface Signer {
  id: string;
  secret_no: number;
  rotated_at: Date | null;
}

export interface Signing {
  /** `whsec_` and base64, as Standard Webhooks writes it. */
  secretOf(signer: Pick<Signer, "id" | "secret_no">): string;
  /** `webhook-id`, `webhook-timestamp` and `webhook-signature`; by both secrets while the older one is still good. */
  headers(signer: Signer, webhook_id: string, now_ms: number, body: Uint8Array): Record<string, string>;
}

/** Standard Webhooks 1.0: base64 of HMAC-SHA256 over `id.timestamp.body`. Keys are made of the house's secret and stored nowhere. */
export function createSigning(house_secret: string): Signing {
  const root = createHmac("sha256", house_secret).update("folkhus hooks v1").digest();
  const keyOf = (id: string, no: number) => createHmac("sha256", root).update(`${id}:${no}`).digest();
  return {
    secretOf: ({ id, secret_no }) => `whsec_${keyOf(id, secret_no).toString("base64")}`,
    headers({ id, secret_no, rotated_at }, webhook_id, now_ms, body) {
      const timestamp = String(Math.floor(now_ms / 1_000));
      const overlaps = rotated_at !== null && now_ms - rotated_at.getTime() < SECRET_OVERLAP_MS && secret_no > 1;
      const signatures = (overlaps ? [secret_no, secret_no - 1] : [secret_no]).map((no) => {
        const signed = createHmac("sha256", keyOf(id, no)).update(`${webhook_id}.${timestamp}.`).update(body);
        return `v1,${signed.digest("base64")}`;
      });
      return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signatures.join(" "),
      };
    },
  };
}
