import { open, rm } from "node:fs/promises";
import { join } from "node:path";

import { PARTS_MAX } from "../bounds.ts";
import { partMismatch } from "../problems.ts";
import { readChunks, writeStream } from "./bytes.ts";
import { type Disk, newToken } from "./disk.ts";
import { openToWrite, type PartRecord, WHOLE } from "./parts.ts";

/** The records that the caller asked for, or a refusal. */
export function choose(
  parts: PartRecord[],
  wanted: { part_number: number; etag: string }[],
  part_size_bytes: number | null,
): PartRecord[] {
  if (wanted.length < 1 || wanted.length > PARTS_MAX) throw partMismatch(`An upload has from 1 to ${PARTS_MAX} parts.`);
  const byNumber = new Map(parts.map((part) => [part.part_number, part]));
  return wanted.map(({ part_number, etag }, i) => {
    if (part_number !== i + 1) throw partMismatch("List the parts in order, from 1 on, without a gap.");
    const part = byNumber.get(part_number);
    if (!part) throw partMismatch(`Part ${part_number} has not arrived. Put it and complete again.`);
    if (part.etag !== etag.replaceAll('"', ""))
      throw partMismatch(`Part ${part_number} has other bytes. Put it and complete again.`);
    if (part_size_bytes !== null && i < wanted.length - 1 && part.size_bytes !== part_size_bytes) {
      throw partMismatch(`Part ${part_number} must have ${part_size_bytes} bytes, as all but the last.`);
    }
    return part;
  });
}

/** True where each part that lies in `whole` lies where it belongs. */
export const fits = (chosen: PartRecord[], part_size_bytes: number | null): boolean =>
  chosen.slice(0, -1).every((part) => part.size_bytes === part_size_bytes) ||
  chosen.every((part) => part.file !== WHOLE);

/**
 * One synced file with all the parts. In `whole` itself where nobody else can still be writing there: only parts that
 * lie beside it are copied, often none. Otherwise into a new file, so that a late writer holds one that nobody reads.
 */
export async function assemble(
  disk: Disk,
  folder: string,
  chosen: PartRecord[],
  part_size_bytes: number | null,
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
          const start = part.file === WHOLE ? (part.part_number - 1) * (part_size_bytes ?? 0) : 0;
          const written = await writeStream(to, at, readChunks(from, start, start + part.size_bytes));
          if (written.md5 !== part.etag)
            throw partMismatch(`Part ${part.part_number} was damaged on the disk. Put it and complete again.`);
        } finally {
          await from.close();
        }
      }
      at += part.size_bytes;
    }
    if ((await to.stat()).size < at) throw partMismatch("The upload was damaged on the disk. Begin a new one.");
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
