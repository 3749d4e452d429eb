import { STATUS_CODES } from "node:http";

import { Problem, Transient } from "#kernel/errors.ts";

import { PUBLIC_MAX_AGE_S } from "./bounds.ts";
import type { BlobHead, ByteRange, CacheRule } from "./index.ts";
import type { Access } from "./urls.ts";

/**
 * Types that a browser may show in place. Everything else is a download: HTML and SVG run scripts, and what we do not
 * know we do not trust.
 */
const INLINE = new Set([
  "image/jpeg",
  "image/png",
  "image/webp",
  "image/avif",
  "image/gif",
  "video/mp4",
  "video/webm",
  "video/iso.segment",
  "video/mp2t",
  "audio/mp4",
  "audio/mpeg",
  "audio/ogg",
  "audio/webm",
  "audio/wav",
  "audio/flac",
  "audio/aac",
  "application/vnd.apple.mpegurl",
  "application/dash+xml",
  "text/vtt",
]);

/** Text that names other files: several times smaller when compressed. */
const COMPRESSED = new Set(["application/vnd.apple.mpegurl", "application/dash+xml", "text/vtt"]);

export const canCompress = (media_type: string): boolean => COMPRESSED.has(media_type.split(";", 1)[0] ?? "");

/** What every answer about a blob carries, refusals too. */
const SAFE = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "sandbox; default-src 'none'",
  "referrer-policy": "no-referrer",
};

/**
 * What is public may be played by any page: a player elsewhere reads bytes, ranges, lengths and timings. What is signed
 * is for pages of the house alone, an embedded player among them.
 */
const OPEN = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "accept-ranges, content-length, content-range, etag, retry-after",
  "cross-origin-resource-policy": "cross-origin",
  "timing-allow-origin": "*",
};
const CLOSED = { "cross-origin-resource-policy": "same-origin" };

/** Which pages may read the answer. */
export const originRules = (access: { public: boolean }): Record<string, string> => (access.public ? OPEN : CLOSED);

export type BlobAccess = Extract<Access, { kind: "blob" }>;

/** The headers of a blob; the same for 200, 206, 304 and HEAD. */
export function blobHeaders(
  head: BlobHead,
  rule: CacheRule,
  access: BlobAccess,
  now_ms: number,
): Record<string, string> {
  return {
    ...SAFE,
    "content-type": head.media_type,
    "content-disposition": disposition(head, access.download_as),
    "cache-control": cacheControl(rule, access, now_ms),
    ...originRules(access),
    ...(canCompress(head.media_type) ? { vary: "accept-encoding" } : {}),
    "accept-ranges": "bytes",
    etag: `"${head.etag}"`,
    "last-modified": head.modified_at.toUTCString(),
  };
}

export function cacheControl(rule: CacheRule, access: BlobAccess, now_ms: number): string {
  const whose = access.public ? "public" : "private";
  if (rule === "no-cache") return `${whose}, no-cache`;
  const left_s = access.expires_at_ms === null ? PUBLIC_MAX_AGE_S : Math.floor((access.expires_at_ms - now_ms) / 1000);
  return `${whose}, max-age=${Math.max(0, Math.min(PUBLIC_MAX_AGE_S, left_s))}, immutable`;
}

export function disposition(head: Pick<BlobHead, "name" | "media_type">, download_as: string | null): string {
  if (download_as === null && INLINE.has(head.media_type)) return "inline";
  const name = download_as ?? head.name.slice(head.name.lastIndexOf("/") + 1);
  const ascii = name.replace(/[^ -~]/g, "_").replace(/["\\%]/g, "_");
  const exact = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  return `attachment; filename="${ascii}"${ascii === name ? "" : `; filename*=UTF-8''${exact}`}`;
}

/** The answer to a browser that asks whether another page may read this with headers of its own. */
export function preflight(access: BlobAccess): Response {
  if (!access.public) throw wrongMethod("GET, HEAD");
  return new Response(null, {
    status: 204,
    headers: {
      ...SAFE,
      ...OPEN,
      "access-control-allow-methods": "GET, HEAD",
      "access-control-allow-headers": "range, if-range, if-none-match, if-modified-since",
      "access-control-max-age": "86400",
    },
  });
}

/** The compressed form is other bytes, so it has a strong ETag of its own. */
export const gzipEtag = (etag: string): string => `${etag}-gzip`;

/** True where `gzip` is among what the caller takes, and not with weight 0. */
export function takesGzip(headers: Headers): boolean {
  const accepted = headers.get("accept-encoding");
  if (accepted === null || !accepted.includes("gzip")) return false;
  const match = /(?:^|[,\s])gzip(?:\s*;\s*q=([\d.]{1,5}))?\s*(?:,|$)/.exec(accepted);
  return match !== null && Number(match[1] ?? 1) > 0;
}

/** True when the caller's copy is good: RFC 9110, 13.1.2 and 13.1.3 (an ETag silences the date). */
export function notModified(headers: Headers, head: BlobHead): boolean {
  const tags = headers.get("if-none-match");
  if (tags !== null) {
    if (tags.trim() === "*") return true;
    // Either form of the bytes is as good as the other.
    return tags.split(",").some((tag) => {
      const bare = tag.trim().replace(/^W\//, "");
      return bare === `"${head.etag}"` || bare === `"${gzipEtag(head.etag)}"`;
    });
  }
  const date = headers.get("if-modified-since");
  if (date === null) return false;
  const since = Date.parse(date);
  return !Number.isNaN(since) && Math.floor(head.modified_at.getTime() / 1000) * 1000 <= since;
}

/**
 * The one range that is asked for. `all` where there is none, where it is of a form that a server may ignore (several
 * ranges, other units), or where `If-Range` names other bytes; `none` where it lies outside: 416.
 */
export function rangeOf(headers: Headers, head: BlobHead): ByteRange | "all" | "none" {
  const range = headers.get("range");
  if (range === null) return "all";
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range.trim());
  if (!match) return "all";
  const condition = headers.get("if-range")?.trim();
  if (condition !== undefined && condition !== `"${head.etag}"` && condition !== head.modified_at.toUTCString())
    return "all";
  const [, first = "", last = ""] = match;
  const size = head.size_bytes;
  if (first === "") {
    if (last === "") return "all";
    const length = Math.min(Number(last), size);
    return length === 0 ? "none" : { start: size - length, end_exclusive: size };
  }
  if (last !== "" && Number(last) < Number(first)) return "all";
  if (Number(first) >= size) return "none";
  return { start: Number(first), end_exclusive: last === "" ? size : Math.min(Number(last) + 1, size) };
}

export const wrongMethod = (allow: string) =>
  new Problem(405, "blob.method", `This address takes ${allow} only.`, { headers: { allow } });

/** RFC 9457. A refusal is never kept by a cache. */
export function problemAnswer(problem: Problem): Response {
  const { status, code, detail, extras } = problem;
  const headers = new Headers({
    ...SAFE,
    ...extras.headers,
    "content-type": "application/problem+json",
    "cache-control": "no-store",
  });
  if (extras.retry_after_s !== undefined) headers.set("retry-after", String(extras.retry_after_s));
  const title = STATUS_CODES[status] ?? "Problem";
  return new Response(JSON.stringify({ type: `urn:folkhus:problem:${code}`, title, status, code, detail }), {
    status,
    headers,
  });
}

/** The whole `handle` answers problems as answers; whatever else is thrown is told to the owner and hidden from callers. */
export async function answering(handle: () => Promise<Response>, onError: (error: unknown) => void): Promise<Response> {
  try {
    return await handle();
  } catch (error) {
    if (error instanceof Problem) return problemAnswer(error);
    onError(error);
    if (error instanceof Transient) {
      const later = { retry_after_s: 5 };
      return problemAnswer(
        new Problem(503, "blob.unavailable", "The store of files is away. Try again in a while.", later),
      );
    }
    return problemAnswer(
      new Problem(500, "internal", "Something broke here. It has been noted; try again in a while."),
    );
  }
}
