import { type FileHandle, open, readdir, readlink, rename, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { AppendOptions, PartInfo } from "../index.ts";
import { partSealed, partTooLong, partTooShort } from "../problems.ts";
import { readChunks, writeStream } from "./bytes.ts";
import { type Disk, newToken, syncFolder, unless } from "./disk.ts";

export interface PartRecord extends PartInfo {
  file: string;
}

/** The file of an upload that parts are written into, each in its place. */
export const WHOLE = "whole";

/** @param at where the part belongs in `whole`, or null where that is not known */
export async function receivePart(
  disk: Disk,
  folder: string,
  part_number: number,
  size_bytes: number,
  at: number | null,
  body: AsyncIterable<Uint8Array>,
): Promise<PartInfo> {
  const claim = join(folder, `claim-${part_number}`);
  const inPlace = at !== null && (await claimed(claim));
  const file = inPlace ? WHOLE : `part-${part_number}-${newToken()}`;
  const path = join(folder, file);
  let md5: string;
  try {
    // "a" would ignore positions and "w" would truncate what other parts wrote.
    const to = await openToWrite(path);
    try {
      const written = await writeStream(to, inPlace ? at : 0, body, size_bytes, () => partTooLong(size_bytes));
      if (written.size_bytes !== size_bytes) {
        throw partTooShort(written.size_bytes, size_bytes);
      }
      md5 = written.md5;
      await to.sync();
    } finally {
      await to.close();
    }
  } catch (error) {
    // Our own writes are over, so the place may be claimed again.
    await rm(inPlace ? claim : path, { force: true });
    throw error;
  }
  if (inPlace) await writeFile(claim, "done");
  return recordPart(disk, folder, { part_number, size_bytes, etag: md5, file });
}

/** Acknowledges a part whose bytes are synced. */
async function recordPart(disk: Disk, folder: string, part: PartRecord): Promise<PartInfo> {
  const { part_number, size_bytes, etag, file } = part;
  if (await isSealed(folder)) return recordOnce(folder, part);
  const before = await unless("ENOENT", readlink(join(folder, `=${part_number}`)));
  const link = join(disk.tmp, newToken());
  await symlink(`${file},${size_bytes},${etag}`, link);
  try {
    await rename(link, join(folder, `=${part_number}`));
  } catch (error) {
    await rm(link, { force: true });
    throw error;
  }
  await syncFolder(folder);
  const replaced = before?.split(",")[0];
  if (replaced !== undefined && replaced !== WHOLE && replaced !== file)
    await rm(join(folder, replaced), { force: true });
  return { part_number, size_bytes, etag };
}

const SEALED = "sealed";

/** From here on what was acknowledged stays as it is: somebody reads it. */
export async function sealParts(folder: string): Promise<void> {
  const handle = await unless("EEXIST", open(join(folder, SEALED), "wx"));
  if (handle === null) return;
  await handle.close();
  await syncFolder(folder);
}

const isSealed = async (folder: string): Promise<boolean> =>
  (await unless("ENOENT", stat(join(folder, SEALED)))) !== null;

/** The first record of a part is its only one; the same bytes again are the same part. */
async function recordOnce(folder: string, { part_number, size_bytes, etag, file }: PartRecord): Promise<PartInfo> {
  const link = join(folder, `=${part_number}`);
  const first = await unless(
    "EEXIST",
    symlink(`${file},${size_bytes},${etag}`, link).then(() => true as const),
  );
  if (first === null) {
    const [kept, kept_bytes, kept_etag] = (await readlink(link)).split(",");
    if (file !== WHOLE && file !== kept) await rm(join(folder, file), { force: true });
    if (kept_etag !== etag || kept_bytes !== String(size_bytes)) throw partSealed(part_number);
  }
  await syncFolder(folder);
  return { part_number, size_bytes, etag };
}

/**
 * Writes what comes in order straight into `whole`. A part begun by an earlier call is hashed from the disk at its end,
 * once; one that comes in a single call is hashed as it passes.
 */
export async function appendParts(
  disk: Disk,
  folder: string,
  at_bytes: number,
  body: AsyncIterable<Uint8Array>,
  { part_size_bytes, isEnd, durable }: AppendOptions,
  holdRoom: (size_bytes: number) => Promise<Disposable>,
): Promise<number> {
  const to = await openToWrite(join(folder, WHOLE));
  let room: Disposable | null = null;
  try {
    let at = at_bytes;
    let hasher = at % part_size_bytes === 0 ? new Bun.CryptoHasher("md5") : null;
    const seal = async () => {
      await to.sync();
      const part_number = Math.ceil(at / part_size_bytes);
      const start = (part_number - 1) * part_size_bytes;
      const etag = hasher ? hasher.digest("hex") : await md5Of(to, start, at);
      await recordPart(disk, folder, { part_number, size_bytes: at - start, etag, file: WHOLE });
      hasher = new Bun.CryptoHasher("md5");
    };
    for await (const chunk of body) {
      for (let done = 0; done < chunk.byteLength;) {
        room ??= await holdRoom(part_size_bytes);
        const left = part_size_bytes - (at % part_size_bytes);
        const take = Math.min(left, chunk.byteLength - done);
        const { bytesWritten } = await to.write(chunk, done, take, at);
        hasher?.update(chunk.subarray(done, done + bytesWritten));
        at += bytesWritten;
        done += bytesWritten;
        if (bytesWritten < left) continue;
        await seal();
        await durable?.(at);
        room[Symbol.dispose]();
        room = null;
      }
    }
    if (at > at_bytes && at % part_size_bytes !== 0) {
      if (isEnd(at)) await seal();
      else await to.sync();
      await syncFolder(folder);
    }
    return at;
  } finally {
    room?.[Symbol.dispose]();
    await to.close();
  }
}

async function md5Of(from: FileHandle, start: number, end: number): Promise<string> {
  const hasher = new Bun.CryptoHasher("md5");
  for await (const chunk of readChunks(from, start, end)) hasher.update(chunk);
  return hasher.digest("hex");
}

const CUT = "cut";

/** The part size of an upload that was begun without one: that of the part that came first. */
export async function cutOf(folder: string, size_bytes: number | null): Promise<number | null> {
  const path = join(folder, CUT);
  const known = await unless("ENOENT", readlink(path));
  if (known !== null) return Number(known);
  if (size_bytes === null) return null;
  await unless("EEXIST", symlink(String(size_bytes), path));
  return Number(await readlink(path));
}

export async function openToWrite(path: string): Promise<FileHandle> {
  return (
    (await unless("ENOENT", open(path, "r+"))) ??
    (await unless("EEXIST", open(path, "wx+"))) ??
    (await open(path, "r+"))
  );
}

async function claimed(path: string): Promise<boolean> {
  const handle = await unless("EEXIST", open(path, "wx"));
  await handle?.close();
  return handle !== null;
}

/** @returns the parts in order, and whether somebody may still be writing into `whole` */
export async function readRecords(folder: string): Promise<{ parts: PartRecord[]; busy: boolean }> {
  const parts: PartRecord[] = [];
  let busy = false;
  for (const entry of await readdir(folder)) {
    if (entry.startsWith("=")) {
      const [file = "", size = "", etag = ""] = (await readlink(join(folder, entry))).split(",");
      parts.push({ part_number: Number(entry.slice(1)), size_bytes: Number(size), etag, file });
    } else if (entry.startsWith("claim-")) {
      busy ||= (await stat(join(folder, entry))).size === 0;
    }
  }
  return { parts: parts.sort((a, b) => a.part_number - b.part_number), busy };
}

/** Passes chunks on until the signal fires; then it throws the signal's reason, also while waiting for a chunk. */
export async function* until(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  // This body runs at the first pull, which may be later than the abort.
  signal.throwIfAborted();
  const iterator = chunks[Symbol.asyncIterator]();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  aborted.catch(() => {});
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), aborted]);
      if (next.done) return;
      yield next.value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited: a stream that waits for its client would hold us; whoever owns the request ends it.
    void iterator.return?.().catch(() => {});
  }
}
