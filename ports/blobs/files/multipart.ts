import {
  type FileHandle,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";

import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { PARTS_MAX } from "../bounds.ts";
import { etagOf } from "../etags.ts";
import type { BlobHead, Multipart, PartInfo } from "../index.ts";
import { checkMediaType, checkName } from "../names.ts";
import { checkPart, type Urls } from "../urls.ts";
import {
  bytesArePlaced,
  codeOf,
  commitBlob,
  discardFolder,
  type Disk,
  diskError,
  headOf,
  type Meta,
  newToken,
  readBlob,
  readChunks,
  syncFolder,
  unless,
  writeStream,
} from "./disk.ts";

/**
 * An upload is a folder `uploads/<id>`:
 *
 *     begun           name, media type, part size, moment
 *     whole           parts where they belong in the blob: completing is then a rename, without a copy
 *     claim-7         somebody writes part 7 into `whole`; "done" inside when they have finished
 *     =7              a link that points at nothing: its target is the record of part 7 — file, size, MD5 — and the ack
 *     part-7-<token>  a part that could not go into `whole`: it was put before, or the part size is not known
 *
 * A place in `whole` is written at most once, by whoever made the claim, so a part that was acknowledged is never
 * overwritten; a part put again lies beside it and is copied in at the end.
 */
export interface FileMultipart extends Multipart {
  /** @throws Problem 410, 413 or 422; resolves when the part is on the disk */
  receive(
    multipart_id: string,
    part_number: number,
    size_bytes: number,
    body: AsyncIterable<Uint8Array>,
  ): Promise<PartInfo>;
}

interface Begun {
  name: string;
  media_type: string;
  part_size_bytes: number | null;
  begun_ms: number;
}

interface PartRecord extends PartInfo {
  file: string;
}

const WHOLE = "whole";

export function createFileMultipart(needs: { disk: Disk; clock: Clock; urls: Urls }): FileMultipart {
  const { disk, clock, urls } = needs;
  /** Parts on their way by upload, so that an abort can cut them. */
  const receiving = new Map<string, Set<AbortController>>();
  const folderOf = (multipart_id: string) => join(disk.uploads, multipart_id);

  const begunOf = async (multipart_id: string): Promise<Begun | null> => {
    if (!/^[0-9a-f]{24}$/.test(multipart_id)) return null;
    const text = await unless("ENOENT", readFile(join(folderOf(multipart_id), "begun"), "utf8"));
    return text === null ? null : (JSON.parse(text) as Begun);
  };

  return {
    async create(name, options) {
      const begun: Begun = {
        name: checkName(name),
        media_type: checkMediaType(options.media_type),
        part_size_bytes: options.part_size_bytes ?? null,
        begun_ms: clock.now(),
      };
      if (begun.part_size_bytes !== null) checkPart(1, begun.part_size_bytes, null);
      const multipart_id = newToken();
      const fresh = join(disk.tmp, newToken());
      try {
        await mkdir(fresh, { mode: 0o711 });
        const to = await open(join(fresh, "begun"), "wx");
        try {
          await to.writeFile(JSON.stringify(begun));
          await to.sync();
        } finally {
          await to.close();
        }
        await rename(fresh, folderOf(multipart_id));
        await syncFolder(disk.uploads);
      } catch (error) {
        await rm(fresh, { recursive: true, force: true });
        throw diskError(error);
      }
      return { multipart_id };
    },

    async signPart(name, multipart_id, part_number, size_bytes, expires_at_ms) {
      const begun = await begunOf(multipart_id);
      if (begun?.name !== name) throw gone();
      checkPart(part_number, size_bytes, begun.part_size_bytes);
      return urls.part(multipart_id, part_number, size_bytes, expires_at_ms);
    },

    async receive(multipart_id, part_number, size_bytes, body) {
      const begun = await begunOf(multipart_id);
      if (!begun) throw gone();
      const cut = new AbortController();
      const others = receiving.get(multipart_id) ?? new Set();
      receiving.set(multipart_id, others.add(cut));
      try {
        const at =
          part_number === 1 ? 0 : begun.part_size_bytes === null ? null : (part_number - 1) * begun.part_size_bytes;
        return await receivePart(disk, folderOf(multipart_id), part_number, size_bytes, at, until(body, cut.signal));
      } catch (error) {
        if (codeOf(error) === "ENOENT") throw gone();
        throw diskError(error);
      } finally {
        others.delete(cut);
        if (others.size === 0) receiving.delete(multipart_id);
      }
    },

    async listParts(name, multipart_id) {
      const begun = await begunOf(multipart_id);
      if (begun?.name !== name) return [];
      const { parts } = await readRecords(folderOf(multipart_id));
      return parts.map(({ part_number, size_bytes, etag }) => ({ part_number, size_bytes, etag }));
    },

    async complete(name, multipart_id, wanted): Promise<BlobHead> {
      const folder = folderOf(multipart_id);
      // Again when something vanished: another `complete` of the same upload was a step ahead.
      for (let tries = 0; ; tries++) {
        const begun = await begunOf(multipart_id);
        if (begun?.name !== name) break;
        try {
          const { parts, busy } = await readRecords(folder);
          const chosen = choose(parts, wanted, begun.part_size_bytes);
          const meta: Meta = {
            token: multipart_id,
            etag: etagOf(chosen),
            cache: "immutable",
            media_type: begun.media_type,
          };
          const placed = bytesArePlaced(disk, name, meta);
          const source = placed ? join(folder, WHOLE) : await assemble(disk, folder, chosen, begun, busy);
          await commitBlob(disk, name, source, meta);
          await discardFolder(disk, folder);
          break;
        } catch (error) {
          if (codeOf(error) !== "ENOENT" || tries >= 10) throw diskError(error);
        }
      }
      const stored = readBlob(disk, checkName(name));
      if (stored?.token !== multipart_id) throw gone();
      return headOf(stored);
    },

    async abort(name, multipart_id) {
      const begun = await begunOf(multipart_id);
      if (begun?.name !== name) return;
      for (const cut of receiving.get(multipart_id) ?? []) cut.abort(gone());
      await discardFolder(disk, folderOf(multipart_id));
    },

    async listOpen(begun_before_ms) {
      const open: { name: string; multipart_id: string }[] = [];
      for (const multipart_id of await readdir(disk.uploads)) {
        const begun = await begunOf(multipart_id);
        if (begun && begun.begun_ms < begun_before_ms) open.push({ name: begun.name, multipart_id });
      }
      return open;
    },
  };
}

const gone = () =>
  new Problem(410, "upload.gone", "This upload was completed, cancelled or cleared away. Begin a new one.");
const mismatch = (detail: string) => new Problem(422, "upload.part_mismatch", detail);

/** @param at where the part belongs in `whole`, or null where that is not known */
async function receivePart(
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
      const written = await writeStream(to, inPlace ? at : 0, body, size_bytes, () => tooLong(size_bytes));
      if (written.size_bytes !== size_bytes) {
        throw new Problem(
          422,
          "upload.part_size",
          `This part ended after ${written.size_bytes} of ${size_bytes} bytes. Send it again.`,
        );
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
  const before = await unless("ENOENT", readlink(join(folder, `=${part_number}`)));
  const link = join(disk.tmp, newToken());
  await symlink(`${file},${size_bytes},${md5}`, link);
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
  return { part_number, size_bytes, etag: md5 };
}

export const tooLong = (size_bytes: number) =>
  new Problem(413, "upload.part_size", `This part was signed for ${size_bytes} bytes. Send exactly those.`);

async function openToWrite(path: string): Promise<FileHandle> {
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
async function readRecords(folder: string): Promise<{ parts: PartRecord[]; busy: boolean }> {
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

/** The records that the caller asked for, or a refusal. */
function choose(
  parts: PartRecord[],
  wanted: { part_number: number; etag: string }[],
  part_size_bytes: number | null,
): PartRecord[] {
  if (wanted.length < 1 || wanted.length > PARTS_MAX) throw mismatch(`An upload has from 1 to ${PARTS_MAX} parts.`);
  const byNumber = new Map(parts.map((part) => [part.part_number, part]));
  return wanted.map(({ part_number, etag }, i) => {
    if (part_number !== i + 1) throw mismatch("List the parts in order, from 1 on, without a gap.");
    const part = byNumber.get(part_number);
    if (!part) throw mismatch(`Part ${part_number} has not arrived. Put it and complete again.`);
    if (part.etag !== etag.replaceAll('"', ""))
      throw mismatch(`Part ${part_number} has other bytes. Put it and complete again.`);
    if (part_size_bytes !== null && i < wanted.length - 1 && part.size_bytes !== part_size_bytes) {
      throw mismatch(`Part ${part_number} must have ${part_size_bytes} bytes, as all but the last.`);
    }
    return part;
  });
}

/**
 * One synced file with all the parts. In `whole` itself where nobody else can still be writing there: only parts that
 * lie beside it are copied, often none. Otherwise into a new file, so that a late writer holds one that nobody reads.
 */
async function assemble(
  disk: Disk,
  folder: string,
  chosen: PartRecord[],
  begun: Begun,
  busy: boolean,
): Promise<string> {
  const path = busy ? join(disk.tmp, newToken()) : join(folder, WHOLE);
  // Never made anew where parts should be in it: an empty one would be a blob of zeros.
  const to = !busy && chosen.some((part) => part.file === WHOLE) ? await open(path, "r+") : await openToWrite(path);
  try {
    let at = 0;
    for (const part of chosen) {
      if (part.file !== WHOLE || busy) {
        const from = await open(join(folder, part.file), "r");
        try {
          const start = part.file === WHOLE ? (part.part_number - 1) * (begun.part_size_bytes ?? 0) : 0;
          const written = await writeStream(to, at, readChunks(from, start, start + part.size_bytes));
          if (written.md5 !== part.etag)
            throw mismatch(`Part ${part.part_number} was damaged on the disk. Put it and complete again.`);
        } finally {
          await from.close();
        }
      }
      at += part.size_bytes;
    }
    if ((await to.stat()).size < at) throw mismatch("The upload was damaged on the disk. Begin a new one.");
    // Parts that were put but not listed may lie beyond the end.
    await to.truncate(at);
    await to.sync();
  } catch (error) {
    if (busy) await rm(path, { force: true });
    throw error;
  } finally {
    await to.close();
  }
  return path;
}

/** Passes chunks on until the signal fires; then it throws the signal's reason, also while waiting for a chunk. */
async function* until(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
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
