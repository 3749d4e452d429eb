import { statfs } from "node:fs/promises";

import { notFound, Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { createAllow } from "../allow.ts";
import { FREE_BYTES_MIN, LIST_NAMES_MAX } from "../bounds.ts";
import type { BlobMeasure, Blobs, MissingMaker } from "../index.ts";
import { checkMediaType, checkName, checkPrefix } from "../names.ts";
import { createSigner } from "../signing.ts";
import { createBinding, createUrls } from "../urls.ts";
import { intake } from "./bytes.ts";
import { commitBlob, deleteBlobs, discardFolder, diskAt, headOf, newToken, openDisk, readBlob } from "./disk.ts";
import { createFileHandler } from "./handler.ts";
import { createFileMultipart } from "./multipart.ts";
import { countLinks, sweepDisk, walkNames } from "./objects.ts";
import { createServing } from "./served.ts";

export interface FileBlobsNeeds {
  /** Made when it is not there. Several processes of one machine may share it. */
  folder: string;
  clock: Clock;
  /** Signs URLs; at least 32 characters, the same in every process. */
  secret: string;
  /** `/blobs`, where `handler` is mounted. */
  base_path: string;
  /** Parts of uploads are refused with 507 where they would leave less than this. */
  free_bytes_min?: number;
  /** Told of each failure that is ours; the caller of the URL sees a 500 without its text. */
  onError: (error: unknown) => void;
}

/** Blobs as files of a folder. */
export async function createFileBlobs(needs: FileBlobsNeeds): Promise<Blobs> {
  const { clock, folder } = needs;
  const disk = diskAt(folder);
  await openDisk(disk);
  const urls = createUrls(needs.base_path, createSigner(needs.secret));
  const free_bytes_min = needs.free_bytes_min ?? FREE_BYTES_MIN;

  let maker: MissingMaker | null = null;
  /** Of parts on their way here. What has arrived of them counts twice, which errs on the safe side. */
  let held_bytes = 0;

  const freeBytes = async () => {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  };
  const holdRoom = async (size_bytes: number) => {
    held_bytes += size_bytes;
    const room = { [Symbol.dispose]: () => void (held_bytes -= size_bytes) };
    const free = await freeBytes().catch((error: unknown) => {
      room[Symbol.dispose]();
      throw error;
    });
    if (free - held_bytes >= free_bytes_min) return room;
    room[Symbol.dispose]();
    throw new Problem(507, "blob.disk_full", "The house has no room for uploads now. Tell whoever runs it.", {
      retry_after_s: 300,
    });
  };
  const multipart = createFileMultipart({ disk, clock, urls, holdRoom });
  const stored = (name: string) => {
    const found = readBlob(disk, checkName(name));
    if (!found) throw notFound("blob");
    return found;
  };

  const head: Blobs["head"] = async (name) => {
    const found = readBlob(disk, checkName(name));
    return found && headOf(found);
  };
  const list: Blobs["list"] = async (prefix, options = {}) => {
    if (prefix !== "") checkPrefix(prefix);
    const limit = Math.max(1, Math.min(options.limit ?? LIST_NAMES_MAX, LIST_NAMES_MAX));
    const names: string[] = [];
    for await (const name of walkNames(disk, prefix, options.after)) {
      if (names.length === limit) return { names, next_after: names.at(-1) ?? null };
      names.push(name);
    }
    return { names, next_after: null };
  };
  const allow = createAllow({ base_path: needs.base_path, urls, clock, blobs: { head, list } });

  return {
    async put(name, body, options) {
      checkName(name);
      const media_type = checkMediaType(options.media_type);
      const { path, md5, size_bytes } = await intake(disk, body);
      const meta = { token: newToken(), etag: md5, media_type, cache: options.cache_control ?? "immutable" };
      await commitBlob(disk, name, path, meta);
      const found = readBlob(disk, name);
      if (found?.token === meta.token) return headOf(found);
      // Replaced or deleted since: this is still what was put.
      return { name, size_bytes, media_type, etag: md5, modified_at: new Date(clock.now()) };
    },
    async get(name, range) {
      const found = stored(name);
      const file = Bun.file(found.path);
      if (
        range &&
        !(range.start >= 0 && range.start < range.end_exclusive && range.end_exclusive <= found.size_bytes)
      ) {
        throw new RangeError(`no such range of ${found.size_bytes} bytes: ${range.start}…${range.end_exclusive}`);
      }
      return { head: headOf(found), body: (range ? file.slice(range.start, range.end_exclusive) : file).stream() };
    },
    head,
    delete: async (names) => deleteBlobs(disk, names.map(checkName)),
    list,
    async measure(prefix, options = {}) {
      if (prefix !== "") checkPrefix(prefix);
      const limit = Math.max(1, Math.min(options.limit ?? LIST_NAMES_MAX, LIST_NAMES_MAX));
      const measured: BlobMeasure[] = [];
      for await (const name of walkNames(disk, prefix, options.after)) {
        if (measured.length === limit) return { blobs: measured, next_after: measured.at(-1)?.name ?? null };
        const blob = readBlob(disk, name);
        if (blob) measured.push({ name, size_bytes: blob.size_bytes, modified_at: blob.modified_at });
      }
      return { blobs: measured, next_after: null };
    },
    async deletePrefix(prefix) {
      let blobs = 0;
      await discardFolder(disk, `${disk.objects}/${checkPrefix(prefix).slice(0, -1)}`, async (moved) => {
        blobs = await countLinks(moved);
      });
      return blobs;
    },

    urlPublic: urls.public,
    urlSigned: (name, { expires_at_ms, download_as }) => urls.one(name, expires_at_ms, download_as),
    urlSignedPrefix: urls.prefix,

    multipart,
    async localFile(name) {
      const { path } = stored(name);
      return { path, [Symbol.asyncDispose]: async () => {} };
    },
    freeBytes,
    sweep: (older_than_ms) => sweepDisk(disk, older_than_ms),
    onMissing(named) {
      maker = named;
    },
    guardWith: allow.guardWith,
    bindTo: createBinding(needs.base_path),
    handler: createFileHandler({
      allow,
      maker: () => maker,
      serving: createServing(disk, clock),
      clock,
      urls,
      multipart,
      onError: needs.onError,
      holdRoom,
    }),
    async [Symbol.asyncDispose]() {},
  };
}
