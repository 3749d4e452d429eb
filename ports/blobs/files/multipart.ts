import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "#ports/clock/index.ts";

import { PARTS_RECEIVED_AT_ONCE_MAX } from "../bounds.ts";
import { etagOf } from "../etags.ts";
import type { BlobHead, ByteRange, Multipart, PartInfo } from "../index.ts";
import { checkMediaType, checkName } from "../names.ts";
import { partsAtOnce, uploadGone } from "../problems.ts";
import { checkPart, type Urls } from "../urls.ts";
import { assemble, choose, fits } from "./assemble.ts";
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
  syncFolder,
  unless,
} from "./disk.ts";
import { appendParts, cutOf, readRecords, receivePart, sealParts, until, WHOLE } from "./parts.ts";

/**
 * An upload is a folder `uploads/<id>`:
 *
 *     begun           name, media type, part size, moment
 *     whole           parts where they belong in the blob: completing is then a rename, without a copy
 *     cut             a link whose target is the part size, where it was not told: that of the part that came first
 *     claim-7         somebody writes part 7 into `whole`; "done" inside when they have finished
 *     sealed          somebody reads what has arrived: no part that was acknowledged takes other bytes any more
 *     =7              a link that points at nothing: its target is the record of part 7 — file, size, MD5 — and the ack
 *     part-7-<token>  a part that could not go into `whole`: it was put before, or is longer than the others
 *
 * A place in `whole` is written at most once, by whoever made the claim, so a part that was acknowledged is never
 * overwritten; a part put again lies beside it and is copied in at the end.
 */
export interface FileMultipart extends Multipart {
  /** @throws Problem 410, 413, 422 or 429; resolves when the part is on the disk */
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

export function createFileMultipart(needs: {
  disk: Disk;
  clock: Clock;
  urls: Urls;
  /** Held until disposal. @throws Problem 507 where the disk has no room */
  holdRoom(size_bytes: number): Promise<Disposable>;
}): FileMultipart {
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
      if (begun?.name !== name) throw uploadGone();
      checkPart(part_number, size_bytes, begun.part_size_bytes);
      return urls.part(multipart_id, part_number, size_bytes, expires_at_ms);
    },

    async receive(multipart_id, part_number, size_bytes, body) {
      const begun = await begunOf(multipart_id);
      if (!begun) throw uploadGone();
      const cut = new AbortController();
      const others = receiving.get(multipart_id) ?? new Set();
      if (others.size >= PARTS_RECEIVED_AT_ONCE_MAX) throw partsAtOnce(PARTS_RECEIVED_AT_ONCE_MAX);
      receiving.set(multipart_id, others.add(cut));
      try {
        const cut_bytes = begun.part_size_bytes ?? (await cutOf(folderOf(multipart_id), size_bytes));
        const at = cut_bytes === null || size_bytes > cut_bytes ? null : (part_number - 1) * cut_bytes;
        return await receivePart(disk, folderOf(multipart_id), part_number, size_bytes, at, until(body, cut.signal));
      } catch (error) {
        if (codeOf(error) === "ENOENT") throw uploadGone();
        throw diskError(error);
      } finally {
        others.delete(cut);
        if (others.size === 0) receiving.delete(multipart_id);
      }
    },

    async putPart(name, multipart_id, part_number, size_bytes, body) {
      const begun = await begunOf(multipart_id);
      if (begun?.name !== name) throw uploadGone();
      checkPart(part_number, size_bytes, begun.part_size_bytes);
      using _room = await needs.holdRoom(size_bytes);
      return await this.receive(multipart_id, part_number, size_bytes, body);
    },

    async append(name, multipart_id, at_bytes, body, options) {
      const begun = await begunOf(multipart_id);
      if (begun?.name !== name) throw uploadGone();
      checkPart(1, options.part_size_bytes, begun.part_size_bytes);
      const cut = new AbortController();
      const others = receiving.get(multipart_id) ?? new Set();
      receiving.set(multipart_id, others.add(cut));
      const folder = folderOf(multipart_id);
      try {
        return await appendParts(disk, folder, at_bytes, until(body, cut.signal), options, needs.holdRoom);
      } catch (error) {
        if (codeOf(error) === "ENOENT") throw uploadGone();
        throw diskError(error);
      } finally {
        others.delete(cut);
        if (others.size === 0) receiving.delete(multipart_id);
      }
    },

    async partial(name, multipart_id) {
      const begun = await begunOf(multipart_id);
      if (begun?.name !== name || begun.part_size_bytes === null) return null;
      const { part_size_bytes } = begun;
      const folder = folderOf(multipart_id);
      try {
        await sealParts(folder);
        const ranges: ByteRange[] = [];
        for (const { part_number, size_bytes, file } of (await readRecords(folder)).parts) {
          if (file !== WHOLE) continue;
          const start = (part_number - 1) * part_size_bytes;
          const last = ranges.at(-1);
          if (last?.end_exclusive === start) last.end_exclusive += size_bytes;
          else ranges.push({ start, end_exclusive: start + size_bytes });
        }
        return { path: join(folder, WHOLE), ranges };
      } catch (error) {
        // Completed or aborted in this moment.
        if (codeOf(error) === "ENOENT") return null;
        throw diskError(error);
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
          const cut_bytes = begun.part_size_bytes ?? (await cutOf(folder, null));
          const meta: Meta = {
            token: multipart_id,
            etag: etagOf(chosen),
            cache: "immutable",
            media_type: begun.media_type,
          };
          const placed = bytesArePlaced(disk, name, meta);
          const source = placed
            ? join(folder, WHOLE)
            : await assemble(disk, folder, chosen, cut_bytes, busy || !fits(chosen, cut_bytes));
          await commitBlob(disk, name, source, meta);
          await discardFolder(disk, folder);
          break;
        } catch (error) {
          if (codeOf(error) !== "ENOENT" || tries >= 10) throw diskError(error);
        }
      }
      const stored = readBlob(disk, checkName(name));
      if (stored?.token !== multipart_id) throw uploadGone();
      return headOf(stored);
    },

    async abort(name, multipart_id) {
      const begun = await begunOf(multipart_id);
      if (begun?.name !== name) return;
      for (const cut of receiving.get(multipart_id) ?? []) cut.abort(uploadGone());
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
