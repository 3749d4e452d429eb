import { readlinkSync } from "node:fs";

import { LRUCache } from "lru-cache";

import type { Clock } from "#ports/clock/index.ts";

import { type BlobAccess, blobHeaders, canCompress } from "../answers.ts";
import {
  COMPRESSED_BYTES_MAX,
  SERVED_AT_ONCE_BYTES_MAX,
  SERVED_FRESH_MS,
  SERVED_HELD_BYTES_MAX,
  SERVED_IN_MEMORY_BYTES_MAX,
  SERVED_KNOWN_MAX,
} from "../bounds.ts";
import { codeOf, type Disk, linkOf, readBlob, type Stored } from "./disk.ts";

/** A blob that was asked for before: what is the same in all its answers is made once. */
export interface Served extends Stored {
  /** The bytes: the file, or a copy in memory that all answers share. */
  body: Blob;
  /** The same bytes for who takes gzip; null for what does not get smaller. */
  gzip: Blob | null;
  headers(access: BlobAccess, now_ms: number): Headers;
}

export interface Serving {
  /** Exact: what another process put or deleted a moment ago is seen, because the link is looked at each time. */
  find(name: string): Promise<Served | null>;
}

interface Entry {
  served: Served;
  /** Of bytes in memory. */
  held_bytes: number;
  asked: number;
  /** On the monotonic clock. */
  asked_ms: number;
}

/** Links are the truth and cost 2 µs; the rest (a `stat`, the names' parts, headers, small bytes, gzip) is kept beside them. */
export function createServing(disk: Disk, clock: Pick<Clock, "monotonic">): Serving {
  // What falls out of one is forgotten by both.
  const known = new LRUCache<string, Entry>({
    max: SERVED_KNOWN_MAX,
    disposeAfter: (_, name) => void held.delete(name),
  });
  const held = new LRUCache<string, Entry>({
    maxSize: SERVED_HELD_BYTES_MAX,
    sizeCalculation: ({ held_bytes }) => Math.max(1, held_bytes),
    disposeAfter: (_, name) => void known.delete(name),
  });

  /**
   * Whether bytes may come into memory without driving out what is asked for more: a walk through many films (each segment
   * once or twice) would else cost a copy for each, and leave nothing that anybody wants again.
   */
  const makeRoom = (bytes: number, entry: Entry): boolean => {
    while (held.calculatedSize + bytes > SERVED_HELD_BYTES_MAX) {
      const [oldest] = held.rkeys();
      const victim = oldest === undefined ? undefined : held.peek(oldest);
      if (oldest === undefined || !victim) return false;
      if (victim.asked >= entry.asked && victim.asked_ms > entry.asked_ms - SERVED_FRESH_MS) return false;
      held.delete(oldest);
    }
    return true;
  };

  return {
    async find(name) {
      const entry = known.get(name);
      if (entry && entry.served.target === targetOfLink(disk, name)) {
        entry.asked += 1;
        entry.asked_ms = clock.monotonic();
        if (entry.held_bytes > 0) {
          held.get(name);
          return entry.served;
        }
        const { size_bytes } = entry.served;
        if (size_bytes > SERVED_IN_MEMORY_BYTES_MAX || !makeRoom(size_bytes, entry)) return entry.served;
        // Who comes while it is read gets the file.
        entry.held_bytes = size_bytes;
        const served = await inMemory(entry.served);
        if (!served) known.delete(name);
        else if (known.peek(name) === entry) {
          entry.served = served;
          held.set(name, entry);
        }
        return served;
      }
      known.delete(name);
      const stored = readBlob(disk, name);
      const found = stored && (await entryOf(stored));
      if (!found) return null;
      const fresh: Entry = { ...found, asked: 1, asked_ms: clock.monotonic() };
      known.set(name, fresh);
      if (fresh.held_bytes > 0) held.set(name, fresh);
      return fresh.served;
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

async function entryOf(stored: Stored): Promise<Pick<Entry, "served" | "held_bytes"> | null> {
  const served: Served = {
    ...stored,
    body: Bun.file(stored.path, { type: stored.media_type }),
    gzip: null,
    headers: headersOf(stored),
  };
  const compress = canCompress(stored.media_type) && stored.size_bytes <= COMPRESSED_BYTES_MAX;
  if (stored.size_bytes > SERVED_AT_ONCE_BYTES_MAX && !compress) return { served, held_bytes: 0 };
  const held = await inMemory(served);
  if (!held) return null;
  const gzip = compress ? Bun.gzipSync(await held.body.bytes()) : null;
  const smaller = gzip !== null && gzip.length < stored.size_bytes;
  return {
    served: { ...held, gzip: smaller ? new Blob([gzip], { type: stored.media_type }) : null },
    held_bytes: stored.size_bytes + (smaller ? gzip.length : 0),
  };
}

/** Null where the file has gone since it was looked at. */
async function inMemory(served: Served): Promise<Served | null> {
  try {
    return { ...served, body: new Blob([await served.body.bytes()], { type: served.media_type }) };
  } catch (error) {
    if (codeOf(error) === "ENOENT") return null;
    throw error;
  }
}

/** Few kinds of access are asked for at a time: the public one, or signatures that end on one hour's grid. */
function headersOf(stored: Stored): Served["headers"] {
  let last: { key: string; headers: Headers } | null = null;
  return (access, now_ms) => {
    if (access.download_as !== null) return new Headers(blobHeaders(stored, stored.cache, access, now_ms));
    const key = access.public ? "" : `${access.expires_at_ms} ${Math.floor(now_ms / 1000)}`;
    if (last?.key !== key) last = { key, headers: new Headers(blobHeaders(stored, stored.cache, access, now_ms)) };
    return last.headers;
  };
}
