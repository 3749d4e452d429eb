import { createHmac, timingSafeEqual } from "node:crypto";

import { LRUCache } from "lru-cache";

import { Problem } from "#kernel/errors.ts";

import { SIGNATURES_KEPT_MAX } from "./bounds.ts";

/** What a signature allows. The method is part of it: a URL to read never writes. */
export type Grant =
  | { kind: "one"; name: string; download_as: string | null; expires_at_ms: number }
  | { kind: "prefix"; prefix: string; expires_at_ms: number }
  | { kind: "part"; multipart_id: string; part_number: number; size_bytes: number; expires_at_ms: number };

export interface Signer {
  sign(grant: Grant): string;
  /**
   * @param holder whom the address is bound to (`bindSignature`), or null
   * @throws Problem 403 `blob.signature` or `blob.url_expired`
   */
  verify(grant: Grant, signature: string, holder: string | null, now_ms: number): void;
}

/**
 * A signature made narrower by whoever has it, without the secret: the same grant for one holder. The first signature is
 * the key of the second and cannot be found from it, so nobody can take the holder off or put another in its place.
 */
export const bindSignature = (signature: string, holder: string): string =>
  createHmac("sha256", Buffer.from(signature, "base64url")).update(`holder ${holder}`).digest("base64url");

/** @param secret at least 32 characters, the same on every node */
export function createSigner(secret: string): Signer {
  if (secret.length < 32) throw new RangeError("the secret for blobs' URLs must have at least 32 characters");
  // A key of its own, so that nothing signed here means anything to another user of the same secret.
  const key = createHmac("sha256", secret).update("folkhus blobs url v1").digest();
  const mac = (text: string) => createHmac("sha256", key).update(text).digest();
  // A player asks for hundreds of names below one prefix: what was right once is looked up (1 µs) and not computed (10 µs).
  const right = new LRUCache<string, true>({ max: SIGNATURES_KEPT_MAX });
  return {
    sign: (grant) => mac(textOf(grant)).toString("base64url"),
    verify(grant, signature, holder, now_ms) {
      const text = textOf(grant);
      const kept = `${signature} ${holder ?? ""} ${text}`;
      if (!right.has(kept)) {
        const given = Buffer.from(signature, "base64url");
        const first = mac(text);
        const wanted =
          holder === null ? first : Buffer.from(bindSignature(first.toString("base64url"), holder), "base64url");
        if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
          throw new Problem(403, "blob.signature", "This address was not signed by us. Ask for a new one.");
        }
        right.set(kept, true);
      }
      if (now_ms >= grant.expires_at_ms) {
        throw new Problem(403, "blob.url_expired", "This address has expired. Ask for a new one.");
      }
    },
  };
}

/** JSON keeps the fields apart: no two different grants have the same text. */
function textOf(grant: Grant): string {
  switch (grant.kind) {
    case "one":
      return JSON.stringify(["GET", "one", grant.name, grant.expires_at_ms, grant.download_as]);
    case "prefix":
      return JSON.stringify(["GET", "prefix", grant.prefix, grant.expires_at_ms]);
    case "part":
      return JSON.stringify([
        "PUT",
        "part",
        grant.multipart_id,
        grant.part_number,
        grant.expires_at_ms,
        grant.size_bytes,
      ]);
  }
}
