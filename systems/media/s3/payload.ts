import { createHash, type Hash, timingSafeEqual } from "node:crypto";

import { Problem } from "#kernel/errors.ts";
import { createChecksum, isChecksumName, type RunningChecksum } from "#ports/blobs/checksums.ts";

import { chunkSignature, type Signed } from "./signature.ts";

/** A body as S3's clients send it: plain or in chunks of their own, with a hash, checksums in front or behind, or none. */
export interface Payload {
  /** Of the file's bytes, without what wraps them. */
  size_bytes: number;
  /** @throws Problem as soon as the bytes are not those that were signed or summed: then nothing of them may be kept */
  chunks(): AsyncGenerator<Uint8Array>;
}

const LINE_BYTES_MAX = 4_096;
const TRAILERS_MAX = 8;

/** @throws Problem 411, 400 or 501 for what is announced wrong */
export function payloadOf(request: Request, signed: Signed, secret: string): Payload {
  const coded = signed.payload.startsWith("STREAMING-");
  const told = request.headers.get(coded ? "x-amz-decoded-content-length" : "content-length");
  if (told === null || !/^\d{1,15}$/.test(told))
    throw new Problem(411, "s3.MissingContentLength", "Say how long the body is.");
  const size_bytes = Number(told);
  if (coded && !FORMS.has(signed.payload))
    throw new Problem(501, "s3.NotImplemented", `${signed.payload} is not taken here.`);
  if (!coded && signed.payload !== "UNSIGNED-PAYLOAD" && !/^[0-9a-f]{64}$/.test(signed.payload))
    throw new Problem(400, "s3.InvalidRequest", "x-amz-content-sha256 is neither a SHA-256 nor one of S3's names.");
  const sums = announced(request.headers);
  const trailer = request.headers.get("x-amz-trailer")?.toLowerCase().trim() ?? null;
  const behind = trailer === null ? null : checksumNamed(trailer);
  return { size_bytes, chunks };

  async function* chunks(): AsyncGenerator<Uint8Array> {
    const sha256 = /^[0-9a-f]{64}$/.test(signed.payload) ? createHash("sha256") : null;
    const running = behind ? createChecksum(behind) : null;
    let seen_bytes = 0;
    const trailers = new Map<string, string>();
    const body = (request.body as AsyncIterable<Uint8Array> | null) ?? [];
    for await (const chunk of coded ? unwrap(body, signed, secret, trailers) : body) {
      seen_bytes += chunk.byteLength;
      if (seen_bytes > size_bytes) throw new Problem(400, "s3.BadDigest", "More bytes came than were announced.");
      sha256?.update(chunk);
      running?.update(chunk);
      for (const { sum } of sums) sum.update(chunk);
      yield chunk;
    }
    if (seen_bytes < size_bytes) throw new Problem(400, "s3.IncompleteBody", "Fewer bytes came than were announced.");
    if (sha256 && sha256.digest("hex") !== signed.payload)
      throw new Problem(400, "s3.XAmzContentSHA256Mismatch", "x-amz-content-sha256 is not that of the body.");
    for (const { name, sum, wanted } of sums) if (sum.digest() !== wanted) throw badDigest(name);
    if (trailer !== null && (running === null || running.digest() !== trailers.get(trailer))) throw badDigest(trailer);
  }
}

const FORMS = new Set(["STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"]);

const badDigest = (name: string) =>
  new Problem(400, "s3.BadDigest", `The bytes are not those of ${name}. Send them again.`);

function checksumNamed(header: string) {
  const name = header.replace(/^x-amz-checksum-/, "");
  if (!isChecksumName(name))
    throw new Problem(501, "s3.NotImplemented", `The checksum ${name.slice(0, 40)} is not known here.`);
  return name;
}

function announced(headers: Headers): { name: string; sum: RunningChecksum; wanted: string }[] {
  const found: { name: string; sum: RunningChecksum; wanted: string }[] = [];
  for (const [name, wanted] of headers) {
    if (name === "content-md5") found.push({ name, sum: createChecksum("md5"), wanted });
    else if (
      name.startsWith("x-amz-checksum-") &&
      !["x-amz-checksum-algorithm", "x-amz-checksum-type", "x-amz-checksum-mode"].includes(name)
    )
      found.push({ name, sum: createChecksum(checksumNamed(name)), wanted });
  }
  return found;
}

/** `aws-chunked`: `<hex size>[;chunk-signature=…]\r\n<bytes>\r\n`, a chunk of none, and what comes behind. */
async function* unwrap(
  body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  signed: Signed,
  secret: string,
  trailers: Map<string, string>,
): AsyncGenerator<Uint8Array> {
  const reader = readerOf(body);
  const pieces = signed.payload.startsWith("STREAMING-AWS4");
  let before = signed.signature;
  for (;;) {
    const line = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(await reader.line());
    if (!line || (pieces && line[2] === undefined))
      throw new Problem(400, "s3.InvalidRequest", "The body is not aws-chunked.");
    const size = Number.parseInt(line[1]!, 16);
    const hash: Hash | null = pieces ? createHash("sha256") : null;
    for (let left = size; left > 0;) {
      const chunk = await reader.some(left);
      left -= chunk.byteLength;
      hash?.update(chunk);
      yield chunk;
    }
    if (hash) {
      const right = chunkSignature(secret, signed, before, hash.digest("hex"));
      if (!timingSafeEqual(right, Buffer.from(line[2]!, "hex")))
        throw new Problem(403, "s3.SignatureDoesNotMatch", "A chunk is not the one that was signed.");
      before = line[2]!;
    }
    if (size === 0) break;
    if ((await reader.line()) !== "") throw new Problem(400, "s3.InvalidRequest", "The body is not aws-chunked.");
  }
  for (let i = 0; i < TRAILERS_MAX; i++) {
    const line = await reader.line();
    if (line === "") return;
    const at = line.indexOf(":");
    if (at > 0) trailers.set(line.slice(0, at).trim().toLowerCase(), line.slice(at + 1).trim());
  }
}

function readerOf(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>) {
  const source = (async function* () {
    yield* body;
  })();
  let held: Uint8Array = new Uint8Array(0);
  const more = async () => {
    const next = await source.next();
    if (next.done) throw new Problem(400, "s3.IncompleteBody", "The body ended early.");
    held = held.byteLength === 0 ? next.value : Buffer.concat([held, next.value]);
  };
  return {
    async line(): Promise<string> {
      for (;;) {
        const end = held.indexOf(10);
        if (end >= 0) {
          const line = Buffer.from(held.subarray(0, end)).toString("latin1");
          held = held.subarray(end + 1);
          return line.replace(/\r$/, "");
        }
        if (held.byteLength > LINE_BYTES_MAX)
          throw new Problem(400, "s3.InvalidRequest", "The body is not aws-chunked.");
        // Some clients end without the last empty line.
        const next = await source.next();
        if (next.done) return "";
        held = Buffer.concat([held, next.value]);
      }
    },
    async some(bytes_max: number): Promise<Uint8Array> {
      while (held.byteLength === 0) await more();
      const chunk = held.subarray(0, bytes_max);
      held = held.subarray(chunk.byteLength);
      return chunk;
    },
  };
}
