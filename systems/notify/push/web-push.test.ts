import { describe, expect, test } from "bun:test";
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from "node:crypto";

import { encryptPush, isPushKey, PAYLOAD_BYTES_MAX } from "./aes128gcm.ts";
import { createVapid } from "./vapid.ts";

const bytes = (text: string) => Buffer.from(text, "base64url");
/** RFC 8291, section 5 and appendix A. */
const RFC = {
  text: "When I grow up, I want to be a watermelon",
  as_private: bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"),
  ua_private: bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"),
  ua_public: bytes("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
  auth: bytes("BTBZMqHH6r4Tts7J_aSIgg"),
  salt: bytes("DGv6ra1nlYgDCS1FRnbzlw"),
  message:
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
};

/** As a browser opens it, written apart from what seals it. */
function open(message: Uint8Array, ua_private: Uint8Array, auth: Uint8Array): string {
  const all = Buffer.from(message);
  const [salt, id_bytes] = [all.subarray(0, 16), all.readUInt8(20)];
  const theirs = all.subarray(21, 21 + id_bytes);
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(ua_private);
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), ecdh.getPublicKey(), theirs]);
  const ikm = new Uint8Array(hkdfSync("sha256", ecdh.computeSecret(theirs), auth, info, 32));
  const key = new Uint8Array(hkdfSync("sha256", ikm, salt, "Content-Encoding: aes128gcm\0", 16));
  const nonce = new Uint8Array(hkdfSync("sha256", ikm, salt, "Content-Encoding: nonce\0", 12));
  const decipher = createDecipheriv("aes-128-gcm", key, nonce);
  decipher.setAuthTag(all.subarray(-16));
  const text = Buffer.concat([decipher.update(all.subarray(21 + id_bytes, -16)), decipher.final()]);
  expect(text.at(-1)).toBe(2);
  return text.subarray(0, -1).toString();
}

describe("what goes through a push service", () => {
  test("NO25: is sealed to the byte as RFC 8291 shows it", () => {
    const made = { salt: RFC.salt, private_key: RFC.as_private };
    const message = encryptPush(Buffer.from(RFC.text), { p256dh: RFC.ua_public, auth: RFC.auth }, made);
    expect(Buffer.from(message).toString("base64url")).toBe(RFC.message);
    expect(open(bytes(RFC.message), RFC.ua_private, RFC.auth)).toBe(RFC.text);
  });

  test("NO25: has a key and a salt of its own each time, and fits the 4,096 bytes that every service takes", () => {
    const browser = createECDH("prime256v1");
    browser.generateKeys();
    const auth = randomBytes(16);
    const keys = { p256dh: browser.getPublicKey(), auth };
    const long = Buffer.alloc(PAYLOAD_BYTES_MAX, 97);
    const [one, two] = [encryptPush(long, keys), encryptPush(long, keys)];
    expect(one.byteLength).toBeLessThanOrEqual(4_096);
    expect(Buffer.from(one.subarray(0, 86)).equals(Buffer.from(two.subarray(0, 86)))).toBe(false);
    expect(open(one, browser.getPrivateKey(), auth)).toBe(long.toString());
    expect(() => encryptPush(Buffer.alloc(PAYLOAD_BYTES_MAX + 1), keys)).toThrow(RangeError);
  });

  test("NO25: a key that is no point of the curve is none", () => {
    expect(isPushKey(RFC.ua_public)).toBe(true);
    const off = Buffer.from(RFC.ua_public);
    off[40]! ^= 1;
    for (const wrong of [off, RFC.ua_public.subarray(1), Buffer.alloc(65), Buffer.alloc(0)])
      expect(isPushKey(wrong)).toBe(false);
  });
});

describe("who sends it", () => {
  const secret = "a secret of more than thirty-two characters";
  test("NO26: is known by a signature that the key of the house makes, for this service and half a day", () => {
    const vapid = createVapid({ secret, contact: "https://house.example" });
    const now_ms = 1_800_000_000_000;
    const [, token = "", k] = /^vapid t=([\w.-]+), k=([\w-]+)$/.exec(
      vapid.authorization("https://push.example:444/a/b?c", now_ms),
    )!;
    const [head = "", claims = "", signature = ""] = token.split(".");
    expect(JSON.parse(bytes(head).toString())).toEqual({ typ: "JWT", alg: "ES256" });
    expect(JSON.parse(bytes(claims).toString())).toEqual({
      aud: "https://push.example:444",
      exp: now_ms / 1_000 + 12 * 3_600,
      sub: "https://house.example",
    });
    expect(k).toBe(vapid.public_key);
    const point = bytes(vapid.public_key);
    const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString("base64url"));
    const key = createPublicKey({ format: "jwk", key: { kty: "EC", crv: "P-256", x: x!, y: y! } });
    const signed = Buffer.from(`${head}.${claims}`);
    expect(verify("sha256", signed, { key, dsaEncoding: "ieee-p1363" }, bytes(signature))).toBe(true);
  });

  test("NO26: has one key in all processes of a house, and another house another one", () => {
    const [one, same, other] = [secret, secret, `${secret}!`].map((of) => createVapid({ secret: of, contact: null }));
    expect(one!.public_key).toBe(same!.public_key);
    expect(one!.public_key).not.toBe(other!.public_key);
    expect(one!.key_id).not.toBe(other!.key_id);
    expect(isPushKey(bytes(one!.public_key))).toBe(true);
  });
});
