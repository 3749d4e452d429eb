import { readlinkSync } from "node:fs";

import { LRUCache } from "lru-cache";

import { blobHeaders, canCompress } from "../answers.ts";
import type { BlobAccess } from "../answers.ts";
import { COMPRESSED_BYTES_MAX, SERVED_IN_MEMORY_BYTES_MAX, SERVED_KEPT_BYTES_MAX } from "../bounds.ts";
import { codeOf, type Disk, linkOf, readBlob, type Stored } from "./disk.ts";

/** A blob that was asked for before: what is the same in all its answers is made once. */
export interface Served extends Stored {
  /** The bytes, where they are few. */
  bytes: Uint8Array<ArrayBuffer> | null;
  file: Bun.BunFile;
  /** The same bytes for who takes gzip; null for what does not get smaller. */
  gzip: Uint8Array<ArrayBuffer> | null;
  headers(access: BlobAccess, now_ms: number): Headers;
}

export interface Serving {
  /** Exact: what another process put or deleted a moment ago is seen, because the link is looked at each time. */
  find(name: string): Promise<Served | null>;
}

/** An entry without its bytes: headers, names and paths. */
const ENTRY_BYTES = 3_000;

/** Links are the truth and cost 2 µs; the rest (a `stat`, the names' parts, headers, small bytes, gzip) is kept beside them. */
export function createServing(disk: Disk): Serving {
  const kept = new LRUCache<string, { target: string; served: Served }>({
    maxSize: SERVED_KEPT_BYTES_MAX,
    sizeCalculation: ({ served: { bytes, gzip } }) => ENTRY_BYTES + (bytes?.length ?? 0) + (gzip?.length ?? 0),
  });
  return {
    async find(name) {
      const known = kept.get(name);
      if (known && known.target === targetOfLink(disk, name)) return known.served;
      const stored = readBlob(disk, name);
      const served = stored && (await serve(stored));
      if (served) kept.set(name, { target: served.target, served });
      else kept.delete(name);
      return served;
    },
  };
}

function targetOfLink(disk: Disk, name: string): string | null {
  try {
    return readlinkSync(linkOf(disk, name));
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  }
}

async function serve(stored: Stored): Promise<Served | null> {
  const file = Bun.file(stored.path, { type: stored.media_type });
  let bytes: Uint8Array<ArrayBuffer> | null = null;
  let gzip: Uint8Array<ArrayBuffer> | null = null;
  const compress = canCompress(stored.media_type) && stored.size_bytes <= COMPRESSED_BYTES_MAX;
  if (stored.size_bytes <= SERVED_IN_MEMORY_BYTES_MAX || compress) {
    try {
      bytes = await file.bytes();
    } catch (error) {
      if (codeOf(error) === "ENOENT") return null;
      throw error;
    }
    const smaller = compress ? Bun.gzipSync(bytes) : bytes;
    if (smaller.length < bytes.length) gzip = smaller;
    if (stored.size_bytes > SERVED_IN_MEMORY_BYTES_MAX) bytes = null;
  }
  // Few kinds of access are asked for at a time: the public one, or signatures that end on one hour's grid.
  let last: { key: string; headers: Headers } | null = null;
  return {
    ...stored,
    bytes,
    file,
    gzip,
    headers(access, now_ms) {
      if (access.download_as !== null) return new Headers(blobHeaders(stored, stored.cache, access, now_ms));
      const key = access.public ? "" : `${access.expires_at_ms} ${Math.floor(now_ms / 1000)}`;
      if (last?.key !== key) last = { key, headers: new Headers(blobHeaders(stored, stored.cache, access, now_ms)) };
      return last.headers;
    },
  };
}
