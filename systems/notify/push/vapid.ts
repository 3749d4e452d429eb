import { createECDH, createPrivateKey, hkdfSync, type KeyObject, sign } from "node:crypto";

/** RFC 8292: a push service takes messages from who holds the key that the browser subscribed with, and from nobody else. */
export interface Vapid {
  /** Uncompressed point, base64url: what the browser subscribes with. */
  public_key: string;
  /** Of the key, short: which subscriptions were made with it. */
  key_id: string;
  /** The `Authorization` for whoever lives at this endpoint, good for half a day. */
  authorization(endpoint: string, now_ms: number): string;
}

/** At most a day, says the RFC; services differ in how they read clocks. */
const GOOD_FOR_S = 12 * 3_600;
/** A signature is kept for the endpoints of one service for so long: signing costs more than sending. */
const KEPT_MS = 3_600_000;
const SERVICES_KEPT_MAX = 200;
/** Order of P-256. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/**
 * The key comes from the house's secret: every process of the house has the same one, nothing is stored that could be
 * lost or leak, and a house with a new secret has a new key.
 * @param contact `https://…` or `mailto:…` where a push service finds the house; some refuse a house that says nothing
 */
export function createVapid({ secret, contact }: { secret: string; contact: string | null }): Vapid {
  // 48 bytes, so that what is left of the division is as good as even (FIPS 186-5, A.2.1).
  const seed = Buffer.from(hkdfSync("sha256", secret, "", "folkhus web push VAPID P-256", 48));
  const scalar = (BigInt(`0x${seed.toString("hex")}`) % (N - 1n)) + 1n;
  const private_bytes = Buffer.from(scalar.toString(16).padStart(64, "0"), "hex");
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(private_bytes);
  const point = ecdh.getPublicKey();
  const public_key = point.toString("base64url");
  const key = keyOf(private_bytes, point);
  const kept = new Map<string, { until_ms: number; header: string }>();

  return {
    public_key,
    key_id: public_key.slice(1, 17),
    authorization(endpoint, now_ms) {
      const aud = new URL(endpoint).origin;
      const known = kept.get(aud);
      if (known && known.until_ms > now_ms) return known.header;
      const claims = {
        aud,
        exp: Math.floor(now_ms / 1_000) + GOOD_FOR_S,
        ...(contact === null ? {} : { sub: contact }),
      };
      const header = `vapid t=${jwt(claims, key)}, k=${public_key}`;
      if (kept.size >= SERVICES_KEPT_MAX) kept.clear();
      kept.set(aud, { until_ms: now_ms + KEPT_MS, header });
      return header;
    },
  };
}

function keyOf(private_bytes: Buffer, point: Buffer): KeyObject {
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString("base64url"));
  return createPrivateKey({
    format: "jwk",
    key: { kty: "EC", crv: "P-256", x: x!, y: y!, d: private_bytes.toString("base64url") },
  });
}

function jwt(claims: object, key: KeyObject): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const signed = `${part({ typ: "JWT", alg: "ES256" })}.${part(claims)}`;
  return `${signed}.${sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")}`;
}
