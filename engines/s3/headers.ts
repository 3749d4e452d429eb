import { cacheControl, disposition } from "#ports/blobs/answers.ts";
import type { BlobHead, CacheRule } from "#ports/blobs/index.ts";
import { PUBLIC_PREFIX } from "#ports/blobs/names.ts";

/** How long a browser may keep what it got by a signed URL: as long as such a URL holds. */
export const SIGNED_TTL_MS = 3_600_000;

/** What is stored with a blob, because S3 and not we will answer for it. */
export function storedHeaders(name: string, media_type: string, rule: CacheRule): Record<string, string> {
  const open = name.startsWith(PUBLIC_PREFIX);
  const access = {
    kind: "blob",
    name,
    public: open,
    expires_at_ms: open ? null : SIGNED_TTL_MS,
    download_as: null,
    holder: null,
  } as const;
  return {
    "content-type": media_type,
    "cache-control": cacheControl(rule, access, 0),
    "content-disposition": disposition({ name, media_type }, null),
  };
}

export function headFrom(name: string, headers: Headers): BlobHead {
  const total = /\/(\d+)$/.exec(headers.get("content-range") ?? "")?.[1];
  return {
    name,
    size_bytes: Number(total ?? headers.get("content-length") ?? 0),
    media_type: headers.get("content-type") ?? "application/octet-stream",
    etag: (headers.get("etag") ?? "").replaceAll('"', ""),
    modified_at: new Date(headers.get("last-modified") ?? 0),
  };
}
