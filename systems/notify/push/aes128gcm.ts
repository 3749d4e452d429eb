import { createCipheriv, createECDH, hkdfSync, randomBytes } from "node:crypto";

/**
 * What is sent to a browser through a push service that must not read it: RFC 8291 (keys) over RFC 8188 (`aes128gcm`), one
 * record. Tried against the example of RFC 8291, section 5.
 */

/** Uncompressed point of P-256. */
export const P256DH_BYTES = 65;
export const AUTH_BYTES = 16;
const SALT_BYTES = 16;
const KEY_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const RECORD_BYTES = 4_096;
/** Push services take 4,096 bytes at least (RFC 8030, 7.2): less the header, the tag and the end mark. */
export const PAYLOAD_BYTES_MAX = 3_993;
/** The mark of the last record (RFC 8188, 2). */
const LAST_RECORD = Uint8Array.of(2);

export interface PushKeys {
  /** The browser's public key. */
  p256dh: Uint8Array;
  /** The browser's secret. */
  auth: Uint8Array;
}

/** @param made only in tests, to come to the RFC's own bytes. @throws RangeError for more than fits one message */
export function encryptPush(
  text: Uint8Array,
  { p256dh, auth }: PushKeys,
  made: { salt: Uint8Array; private_key: Uint8Array } | null = null,
): Uint8Array {
  if (text.byteLength > PAYLOAD_BYTES_MAX)
    throw new RangeError(`${text.byteLength} bytes do not fit a push of ${PAYLOAD_BYTES_MAX}`);
  const own = createECDH("prime256v1");
  if (made) own.setPrivateKey(made.private_key);
  else own.generateKeys();
  const own_public = own.getPublicKey();
  const salt = made?.salt ?? randomBytes(SALT_BYTES);
  const key_info = Buffer.concat([Buffer.from("WebPush: info\0"), p256dh, own_public]);
  const ikm = derive(own.computeSecret(p256dh), auth, key_info, 32);
  const key = derive(ikm, salt, Buffer.from("Content-Encoding: aes128gcm\0"), KEY_BYTES);
  const nonce = derive(ikm, salt, Buffer.from("Content-Encoding: nonce\0"), NONCE_BYTES);
  const cipher = createCipheriv("aes-128-gcm", key, nonce, { authTagLength: TAG_BYTES });
  const sealed = [cipher.update(text), cipher.update(LAST_RECORD), cipher.final(), cipher.getAuthTag()];
  const head = Buffer.alloc(SALT_BYTES + 5);
  head.set(salt);
  head.writeUInt32BE(RECORD_BYTES, SALT_BYTES);
  head.writeUInt8(own_public.byteLength, SALT_BYTES + 4);
  return Buffer.concat([head, own_public, ...sealed]);
}

const derive = (secret: Uint8Array, salt: Uint8Array, info: Uint8Array, bytes: number): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, salt, info, bytes));

/** Whether this is a point of the curve, so that a made-up key is refused where it is given and not where it is used. */
export function isPushKey(p256dh: Uint8Array): boolean {
  if (p256dh.byteLength !== P256DH_BYTES || p256dh[0] !== 4) return false;
  try {
    const own = createECDH("prime256v1");
    own.generateKeys();
    own.computeSecret(p256dh);
    return true;
  } catch {
    return false;
  }
}
