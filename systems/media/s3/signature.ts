import { createHash, createHmac, timingSafeEqual } from "node:crypto";

import { Problem } from "#kernel/errors.ts";

/**
 * AWS Signature Version 4 as S3 has it: in the `Authorization` header or in the query. Everything is taken from the request as
 * it came; a signature that does not cover a header of the protocol is refused, or somebody on the way could add one.
 */
export interface Signed {
  access_key_id: string;
  /** `20261121/eu-north-1/s3/aws4_request` */
  scope: string;
  /** `20261121T120000Z` */
  date: string;
  signature: string;
  canonical: string;
  /** What was signed of the body: a SHA-256 in hex, or one of the names that S3 has for something else. */
  payload: string;
}

/** S3's own: a clock may be so far off. */
export const SKEW_MS_MAX = 15 * 60 * 1000;
/** S3's own: seven days. */
export const EXPIRES_S_MAX = 604_800;

/** @throws Problem 403 or 400; @returns null where the request carries no signature at all */
export function readSignature(request: Request, now_ms: number): Signed | null {
  const url = new URL(request.url);
  const authorization = request.headers.get("authorization");
  if (authorization !== null) return fromHeader(request, url, authorization, now_ms);
  if (url.searchParams.has("X-Amz-Signature")) return fromQuery(request, url, now_ms);
  return null;
}

function fromHeader(request: Request, url: URL, authorization: string, now_ms: number): Signed {
  const fields = /^AWS4-HMAC-SHA256 +Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})$/.exec(
    authorization,
  );
  if (!fields) throw malformed("AuthorizationHeaderMalformed", "The Authorization header is not AWS4-HMAC-SHA256.");
  const [, credential = "", names = "", signature = ""] = fields;
  const date = request.headers.get("x-amz-date") ?? "";
  const payload = request.headers.get("x-amz-content-sha256");
  if (payload === null) throw malformed("InvalidRequest", "x-amz-content-sha256 is missing.");
  if (Math.abs(timeOf(date) - now_ms) > SKEW_MS_MAX)
    throw new Problem(
      403,
      "s3.RequestTimeTooSkewed",
      "The difference between the request time and the house's time is too large.",
    );
  return signedOf(request, url, { credential, names, signature, date, payload, query: queryOf(url, null) });
}

function fromQuery(request: Request, url: URL, now_ms: number): Signed {
  const of = (name: string) => url.searchParams.get(name) ?? "";
  if (of("X-Amz-Algorithm") !== "AWS4-HMAC-SHA256" || !/^[0-9a-f]{64}$/.test(of("X-Amz-Signature")))
    throw malformed("AuthorizationQueryParametersError", "The query is not signed with AWS4-HMAC-SHA256.");
  const expires_s = Number(of("X-Amz-Expires"));
  if (!Number.isInteger(expires_s) || expires_s < 1 || expires_s > EXPIRES_S_MAX)
    throw malformed("AuthorizationQueryParametersError", "X-Amz-Expires is from 1 to 604800 seconds.");
  const date = of("X-Amz-Date");
  const from_ms = timeOf(date);
  if (from_ms - now_ms > SKEW_MS_MAX || now_ms > from_ms + expires_s * 1000)
    throw new Problem(403, "s3.AccessDenied", "Request has expired.");
  return signedOf(request, url, {
    credential: of("X-Amz-Credential"),
    names: of("X-Amz-SignedHeaders"),
    signature: of("X-Amz-Signature"),
    date,
    payload:
      url.searchParams.get("X-Amz-Content-Sha256") ?? request.headers.get("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD",
    query: queryOf(url, "X-Amz-Signature"),
  });
}

function signedOf(
  request: Request,
  url: URL,
  said: { credential: string; names: string; signature: string; date: string; payload: string; query: string },
): Signed {
  const [access_key_id = "", day = "", region = "", service = "", end = ""] = said.credential.split("/");
  const scope = [day, region, service, end].join("/");
  if (!/^\d{8}\/[a-z0-9-]{1,40}\/s3\/aws4_request$/.test(scope) || !said.date.startsWith(day))
    throw malformed("AuthorizationHeaderMalformed", "The credential's scope is not <date>/<region>/s3/aws4_request.");
  const names = said.names.split(";");
  if (!names.includes("host") || names.join(";") !== [...names].sort().join(";") || names.length > 64)
    throw malformed("AuthorizationHeaderMalformed", "SignedHeaders must name host, in order.");
  for (const name of request.headers.keys()) {
    if (name.startsWith("x-amz-") && !names.includes(name) && name !== "x-amz-content-sha256")
      throw new Problem(403, "s3.AccessDenied", `The header ${name} is not signed.`);
  }
  const headers = names
    .map((name) => `${name}:${(request.headers.get(name) ?? "").trim().replaceAll(/ +/g, " ")}\n`)
    .join("");
  const path = url.pathname
    .split("/")
    .map((one) => encode(decode(one)))
    .join("/");
  const canonical = [request.method, path, said.query, headers, said.names, said.payload].join("\n");
  return { access_key_id, scope, date: said.date, signature: said.signature, canonical, payload: said.payload };
}

/** @throws Problem 403 `s3.SignatureDoesNotMatch` */
export function verify(signed: Signed, secret: string): void {
  // Header values come as bytes, one character each; so they were signed.
  const hashed = createHash("sha256").update(signed.canonical, "latin1").digest("hex");
  const text = `AWS4-HMAC-SHA256\n${signed.date}\n${signed.scope}\n${hashed}`;
  const right = createHmac("sha256", signingKey(secret, signed.scope)).update(text).digest();
  if (!timingSafeEqual(right, Buffer.from(signed.signature, "hex")))
    throw new Problem(
      403,
      "s3.SignatureDoesNotMatch",
      "The signature is not the one that these keys make of this request.",
    );
}

/** Of one chunk of a body that is signed in pieces. */
export function chunkSignature(secret: string, { date, scope }: Signed, before: string, chunk_sha256: string): Buffer {
  const text = `AWS4-HMAC-SHA256-PAYLOAD\n${date}\n${scope}\n${before}\n${EMPTY_SHA256}\n${chunk_sha256}`;
  return createHmac("sha256", signingKey(secret, scope)).update(text).digest();
}

const EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

function signingKey(secret: string, scope: string): Buffer {
  let key: Buffer = Buffer.from(`AWS4${secret}`);
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  return key;
}

function queryOf(url: URL, without: string | null): string {
  return url.search
    .slice(1)
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const at = pair.indexOf("=");
      return at < 0 ? [decode(pair), ""] : [decode(pair.slice(0, at)), decode(pair.slice(at + 1))];
    })
    .filter(([name]) => name !== without)
    .map(([name = "", value = ""]) => `${encode(name)}=${encode(value)}`)
    .sort((a, b) => (a < b ? -1 : 1))
    .join("&");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed("InvalidURI", "The address is not well escaped.");
  }
}

/** Everything but what RFC 3986 leaves unreserved. */
const encode = (text: string) =>
  encodeURIComponent(text.toWellFormed()).replaceAll(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );

function timeOf(date: string): number {
  const at = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date);
  if (!at) throw malformed("AccessDenied", "X-Amz-Date is not like 20261121T120000Z.", 403);
  const [, y, mo, d, h, mi, s] = at;
  return Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`);
}

const malformed = (code: string, detail: string, status = 400) => new Problem(status, `s3.${code}`, detail);
