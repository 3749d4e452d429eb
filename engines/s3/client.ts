import { AwsV4Signer } from "aws4fetch";

import { deadlineIn } from "#kernel/deadline.ts";
import { type Nature, natureOf, Throttled, Transient } from "#kernel/errors.ts";
import { retryAfterOf } from "#kernel/retry-after.ts";
import { type Calls, createCalls } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { wholeBody } from "./body.ts";
import type { S3Place } from "./url.ts";
import { textOf } from "./xml.ts";

/** A request that is not about a body's bytes is given up after this, and one for a blob if its head has not come. */
export const CALL_MS_MAX = 30_000;
/** Time for one body of at most `BLOCK_BYTES`, either way: 16 MiB at 1 Mbit/s is 135 s. */
const BODY_MS_MAX = 300_000;
const RETRY = { tries_max: 4, base_ms: 100, delay_ms_max: 5_000, retry_floor: 10 };
/** Requests about no bytes, and bodies that are sent: each has places of its own, so that uploads make no page wait. */
export const ASKED_AT_ONCE_MAX = 64;
export const BODIES_AT_ONCE_MAX = 16;
const WAITING_MAX = 512;
/** With all its tries and waits a call takes no longer than so many of one try's longest. */
const WHOLE_TRIES_MAX = 2;
/** Of an answer, where it may say that it is none. */
const ERROR_BYTES_READ = 2_048;
/** S3's own bound for a signed URL: seven days. */
const EXPIRES_S_MAX = 604_800;

/** An answer of S3 that says no. `code` is S3's. */
export class S3Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, about: string) {
    super(`S3 answered ${status} ${code} to ${about}`);
    this.name = "S3Refusal";
    this.status = status;
    this.code = code;
  }
}

/** A refusal is an answer: the store is there. */
export const natureOfS3 = (error: unknown): Nature => (error instanceof S3Refusal ? "permanent" : natureOf(error));

export interface S3Call {
  method: "GET" | "HEAD" | "PUT" | "POST" | "DELETE";
  /** The blob's name; none for the bucket itself. */
  name?: string;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer> | string;
  /** Instead of `body`: a file, sent as it lies there. `md5` in base64. */
  file?: { path: string; md5: string };
}

/**
 * Signed requests, tried again while S3 is away or says to slow down. One client on `fetch` for everything: Bun's own S3
 * client has no multipart that others take part in, no signed headers and no listing of parts, and two clients would mean
 * two vocabularies of failure.
 */
export interface S3Client {
  /**
   * All that S3 is asked may be repeated: the same bytes under the same name, a deletion, a completion of the same parts. An
   * upload that was begun twice is one too many open, which the sweep ends.
   * @throws S3Refusal; Transient when S3 cannot be reached, Throttled when it wants to be asked less
   */
  call(call: S3Call): Promise<Response>;
  /** A URL for one call; `headers` must be sent as they are. @param from_ms when it was signed, if not now: equal moments give equal URLs */
  presign(call: S3Call, expires_at_ms: number, from_ms?: number): Promise<string>;
}

export function createS3Client(place: S3Place, clock: Clock, calls: Calls = createCalls({ clock })): S3Client {
  const away = "The store of files (S3) does not answer. What a browser has goes on playing; the rest is tried again.";
  const stand = { away, nature: natureOfS3, waiting_max: WAITING_MAX, ...RETRY };
  const asked = calls.to({ ...stand, name: "s3", at_once_max: ASKED_AT_ONCE_MAX });
  const bodies = calls.to({ ...stand, name: "s3_bodies", at_once_max: BODIES_AT_ONCE_MAX });
  const keys = { accessKeyId: place.access_key_id, secretAccessKey: place.secret_access_key };
  const signing = { ...keys, service: "s3", region: place.region, cache: new Map<string, ArrayBuffer>() };
  const datetime = (ms: number) => new Date(ms).toISOString().replace(/[:-]|\.\d{3}/g, "");

  const urlOf = ({ name, query = {} }: S3Call): URL => {
    const url = new URL(place.endpoint);
    if (place.style === "host") url.host = `${place.bucket}.${url.host}`;
    const bucket = place.style === "host" ? "" : `/${place.bucket}`;
    // Names need no escaping: their grammar is a part of what a path may have.
    url.pathname = name === undefined ? bucket || "/" : `${bucket}/${place.key_prefix}${name}`;
    for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
    return url;
  };

  const once = async (call: S3Call, signal: AbortSignal): Promise<Response> => {
    const url = urlOf(call);
    const headers = new Headers(call.headers);
    if (call.body !== undefined)
      headers.set("content-md5", new Bun.CryptoHasher("md5").update(call.body).digest("base64"));
    if (call.file) headers.set("content-md5", call.file.md5);
    const signer = new AwsV4Signer({
      ...signing,
      method: call.method,
      url: url.href,
      headers,
      datetime: datetime(clock.now()),
    });
    const signed = await signer.sign();
    const about = `${call.method} ${url.pathname}`;
    let answer: Response;
    try {
      answer = await fetch(signed.url, {
        method: call.method,
        headers: signed.headers,
        body: call.file ? Bun.file(call.file.path) : (call.body ?? null),
        signal,
        redirect: "manual",
      });
    } catch (error) {
      throw new Transient(`S3 cannot be reached for ${about}: ${(error as Error).message}`);
    }
    if (answer.ok && isBlob(call)) return wholeBody(inRange(answer, call, about), clock, about);
    if (answer.ok) {
      const { read, code } = await readHere(answer, about);
      // A store says 200 before it knows how a long work of its own ends, and may say in the body that it failed.
      if (code !== null) throw refusalOf(code.startsWith("NoSuch") ? 404 : 400, code, about, answer.headers);
      return read;
    }
    const code = textOf(await answer.text().catch(() => ""), "Code") ?? "";
    throw refusalOf(answer.status, code, about, answer.headers);
  };

  function refusalOf(status: number, code: string, about: string, headers: Headers): Error {
    const words = `S3 answered ${status} ${code} to ${about}`;
    if (status === 429 || code === "SlowDown")
      return new Throttled(words, { retry_after_ms: retryAfterOf(headers.get("retry-after"), clock.now()) ?? 0 });
    return status >= 500 || PASSING.has(code) ? new Transient(words) : new S3Refusal(status, code, about);
  }

  return {
    call(call) {
      const has_body = call.body !== undefined || call.file !== undefined;
      const try_ms_max = has_body || (call.method === "GET" && !isBlob(call)) ? BODY_MS_MAX : CALL_MS_MAX;
      return (has_body ? bodies : asked).call((signal) => once(call, signal), {
        deadline: deadlineIn(clock.monotonic(), WHOLE_TRIES_MAX * try_ms_max),
        idempotent: true,
        hedge: call.method === "HEAD" || isBlob(call),
        try_ms_max,
      });
    },
    async presign(call, expires_at_ms, signed_ms = clock.now()) {
      // A URL for a moment that has passed must be one that has expired, not one for a second from now.
      const from_ms = Math.min(signed_ms, expires_at_ms - 2_000);
      const expires_s = Math.max(1, Math.min(EXPIRES_S_MAX, Math.floor((expires_at_ms - from_ms) / 1_000)));
      const url = urlOf({ ...call, query: { ...call.query, "X-Amz-Expires": String(expires_s) } });
      const signer = new AwsV4Signer({
        ...signing,
        method: call.method,
        url: url.href,
        headers: call.headers ?? {},
        datetime: datetime(from_ms),
        signQuery: true,
        // Or the length of a part, which is the whole point of signing it, would be left out.
        allHeaders: true,
      });
      const signed = await signer.sign();
      // Escaped as the signature has it: a store that signs the query as it came would find another one.
      signed.url.search = signed.url.search.replace(/[+!'()*]/g, (c) => (c === "+" ? "%20" : `%${hexOf(c)}`));
      return signed.url.href;
    },
  };
}

/** Whose answer is a blob's own bytes: they may take longer than any sum, so the call ends with their head. */
const isBlob = ({ method, name, query }: S3Call): boolean => method === "GET" && name !== undefined && !query;

/** What passes by itself, whatever status it comes with. */
const PASSING = new Set(["InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted"]);

/** The whole of a blob must never be taken for the part that was asked for. */
function inRange(answer: Response, { headers }: S3Call, about: string): Response {
  const [, first] = /^bytes=(\d+)-/.exec(headers?.range ?? "") ?? [];
  if (first === undefined) return answer;
  const got = /^bytes (\d+)-/.exec(answer.headers.get("content-range") ?? "")?.[1];
  if (answer.status === 206 && Number(got) === Number(first)) return answer;
  throw new Transient(`S3 gave another part than bytes from ${first} for ${about}`);
}

/** Any other answer is read within the call's time, or a store that says half of it would be waited for without end. */
async function readHere(answer: Response, about: string): Promise<{ read: Response; code: string | null }> {
  const { status, headers } = answer;
  try {
    const bytes = await answer.arrayBuffer();
    const head = new TextDecoder().decode(bytes.slice(0, ERROR_BYTES_READ));
    const code = /^\s*(?:<\?xml[^>]*>\s*)?<Error[\s>]/.test(head) ? (textOf(head, "Code") ?? "InternalError") : null;
    return { read: new Response(bytes.byteLength > 0 ? bytes : null, { status, headers }), code };
  } catch (error) {
    throw new Transient(`S3's answer to ${about} broke off: ${(error as Error).message}`);
  }
}

const hexOf = (c: string): string => c.charCodeAt(0).toString(16).toUpperCase();
