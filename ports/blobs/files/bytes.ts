import { constants } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import type { BlobBody } from "../index.ts";
import { arrived, type Disk, diskError, newToken } from "./disk.ts";

/** What a copy holds in memory. */
const COPY_BYTES = 1024 * 1024;

export interface Written {
  size_bytes: number;
  md5: string;
}

/**
 * Streams bytes to a place in an open file, hashing as they pass; at most one chunk is in memory.
 * @param size_max stops with `tooLong()` as soon as there is more
 */
export async function writeStream(
  to: FileHandle,
  at: number,
  chunks: AsyncIterable<Uint8Array>,
  size_max = Number.POSITIVE_INFINITY,
  tooLong: () => Error = () => new RangeError(`more than ${size_max} bytes`),
): Promise<Written> {
  const hasher = new Bun.CryptoHasher("md5");
  let size_bytes = 0;
  for await (const chunk of chunks) {
    if (size_bytes + chunk.byteLength > size_max) throw tooLong();
    for (let done = 0; done < chunk.byteLength;) {
      const { bytesWritten } = await to.write(chunk, done, chunk.byteLength - done, at + size_bytes + done);
      done += bytesWritten;
    }
    hasher.update(chunk);
    size_bytes += chunk.byteLength;
  }
  return { size_bytes, md5: hasher.digest("hex") };
}

/** The bytes of a file, in one buffer that is used again: take each chunk before asking for the next. */
export async function* readChunks(from: FileHandle, start: number, end: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(Math.min(COPY_BYTES, Math.max(1, end - start)));
  for (let at = start; at < end;) {
    const { bytesRead } = await from.read(buffer, 0, Math.min(buffer.length, end - at), at);
    if (bytesRead === 0) return;
    yield buffer.subarray(0, bytesRead);
    at += bytesRead;
  }
}

/** A body as a synced file in `tmp`. @returns its path, size and hash */
export async function intake(disk: Disk, body: BlobBody): Promise<Written & { path: string }> {
  const path = join(disk.tmp, newToken());
  try {
    if (!(body instanceof Uint8Array) && "path" in body) {
      const from = await openSource(body.path);
      try {
        // A file of another user (a sandbox's) stays writable for them: it is copied, never taken over.
        if (body.move && (await from.stat()).uid === process.geteuid?.()) {
          const written = await hashFile(from);
          await from.sync();
          if (await arrived("EXDEV", rename(body.path, path))) return { path, ...written };
        }
        const written = await writeFresh(path, readChunks(from, 0, Number.MAX_SAFE_INTEGER));
        if (body.move) await rm(body.path, { force: true });
        return { path, ...written };
      } finally {
        await from.close();
      }
    }
    return { path, ...(await writeFresh(path, body instanceof Uint8Array ? [body] : body)) };
  } catch (error) {
    await rm(path, { force: true });
    throw diskError(error);
  }
}

async function hashFile(from: FileHandle): Promise<Written> {
  const hasher = new Bun.CryptoHasher("md5");
  let size_bytes = 0;
  for await (const chunk of readChunks(from, 0, Number.MAX_SAFE_INTEGER)) {
    hasher.update(chunk);
    size_bytes += chunk.byteLength;
  }
  return { size_bytes, md5: hasher.digest("hex") };
}

/** Never through a link: what a sandbox leaves in its folder may point anywhere. */
async function openSource(path: string): Promise<FileHandle> {
  const from = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  if ((await from.stat()).isFile()) return from;
  await from.close();
  throw new RangeError(`not a plain file: ${path}`);
}

async function writeFresh(path: string, chunks: AsyncIterable<Uint8Array> | Uint8Array[]): Promise<Written> {
  const to = await open(path, "wx", 0o644);
  try {
    const written = await writeStream(to, 0, eachOf(chunks));
    await to.sync();
    return written;
  } finally {
    await to.close();
  }
}

async function* eachOf(chunks: AsyncIterable<Uint8Array> | Uint8Array[]): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield chunk;
}
