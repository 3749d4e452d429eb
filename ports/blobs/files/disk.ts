import { randomBytes } from "node:crypto";
import { readlinkSync, statSync } from "node:fs";
import { mkdir, open, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import { Transient } from "#kernel/errors.ts";

import type { BlobHead, CacheRule } from "../index.ts";

/**
 * How a blob lies on the disk. `videos/1/init.mp4` is two entries of the folder `objects/videos/1`:
 *
 *     =init.mp4  →  ,4f…c1,9e10…77,i,video%2Fmp4,init.mp4     a symbolic link: the name, and the commit
 *     ,4f…c1,9e10…77,i,video%2Fmp4,init.mp4                  the bytes: token, ETag, cache rule, media type, segment
 *
 * The link's target is the metadata, so name, bytes and metadata change in one rename and can never disagree, and a
 * head is one `readlink` and one `stat`. `=` and `,` are in no name, so `a` and `a/b` live side by side.
 * Only Linux and macOS file systems are meant; a backup must keep links.
 */
export interface Stored extends BlobHead {
  path: string;
  /** What the link says: another one for each put. */
  target: string;
  token: string;
  cache: CacheRule;
}

export interface Disk {
  objects: string;
  uploads: string;
  tmp: string;
}

/** Others may pass through (the sandbox runs as another user and is given one path) but not list. */
const FOLDER_MODE = 0o711;

export const newToken = (): string => randomBytes(12).toString("hex");

export function diskAt(folder: string): Disk {
  return { objects: join(folder, "objects"), uploads: join(folder, "uploads"), tmp: join(folder, "tmp") };
}

export async function openDisk(disk: Disk): Promise<void> {
  for (const folder of [disk.objects, disk.uploads, disk.tmp])
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
}

/** Node's `code` of an error of the file system. */
export const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | null)?.code;

/** A full disk is somebody's to empty and then the same call works: transient. */
export const diskError = (error: unknown): unknown =>
  codeOf(error) === "ENOSPC" || codeOf(error) === "EDQUOT" ? new Transient("The disk for blobs is full.") : error;

export async function unless<T>(code: string, work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === code) return null;
    throw error;
  }
}

/** True when the work was done, false when it failed with this code. */
export async function arrived(code: string, work: Promise<void>): Promise<boolean> {
  return (
    (await unless(
      code,
      work.then(() => true),
    )) === true
  );
}

function placeOf(disk: Disk, name: string) {
  const cut = name.lastIndexOf("/");
  return { folder: cut < 0 ? disk.objects : `${disk.objects}/${name.slice(0, cut)}`, segment: name.slice(cut + 1) };
}

export function linkOf(disk: Disk, name: string): string {
  const { folder, segment } = placeOf(disk, name);
  return `${folder}/=${segment}`;
}

export interface Meta {
  token: string;
  etag: string;
  cache: CacheRule;
  media_type: string;
}

const fileNameOf = (meta: Meta, segment: string) =>
  `,${meta.token},${meta.etag},${meta.cache === "immutable" ? "i" : "n"},${encodeURIComponent(meta.media_type)},${segment}`;

/** Sync on purpose: two system calls on cached entries take about 3 µs, a trip to a thread ten times that. */
export function readBlob(disk: Disk, name: string): Stored | null {
  const { folder, segment } = placeOf(disk, name);
  try {
    const target = readlinkSync(join(folder, `=${segment}`));
    const [, token = "", etag = "", cache, media_type = ""] = target.split(",");
    const path = join(folder, target);
    const { size, mtime } = statSync(path);
    return {
      name,
      size_bytes: size,
      media_type: decodeURIComponent(media_type),
      etag,
      modified_at: mtime,
      path,
      target,
      token,
      cache: cache === "n" ? "no-cache" : "immutable",
    };
  } catch (error) {
    // A link to nothing is what is left when a folder was deleted while it was put: not there.
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
    throw error;
  }
}

export const headOf = ({ name, size_bytes, media_type, etag, modified_at }: Stored): BlobHead => ({
  name,
  size_bytes,
  media_type,
  etag,
  modified_at,
});

/**
 * Gives the bytes at `source` (already synced) the name. Safe to repeat with the same token after a crash at any point:
 * bytes first, then the link, then the folder's own sync; only then is it told.
 */
export async function commitBlob(disk: Disk, name: string, source: string, meta: Meta): Promise<void> {
  const { folder, segment } = placeOf(disk, name);
  const file = fileNameOf(meta, segment);
  const target = join(folder, file);
  for (let tries = 0; ; tries++) {
    const made = await folderMade(folder);
    if (made && ((await arrived("ENOENT", rename(source, target))) || statSync(target, { throwIfNoEntry: false })))
      break;
    // A `deletePrefix` took the folder away between two calls.
    if (tries >= 10) throw new Transient(`The folder of ${name} keeps being deleted.`);
  }
  const link = join(disk.tmp, newToken());
  await symlink(file, link);
  // A `deletePrefix` may have taken the folder with our bytes in it, and another put have made it anew. That delete is
  // the later of the two: nothing was put. A link to nothing may stay for the sweep; taking it away here could take
  // somebody's who has just put the same name.
  if (await arrived("ENOENT", rename(link, join(folder, `=${segment}`)))) await syncFolder(folder);
  else await rm(link, { force: true });
}

/** True when a crash fell between the two renames of `commitBlob`: the bytes are in place. */
export function bytesArePlaced(disk: Disk, name: string, meta: Meta): boolean {
  const { folder, segment } = placeOf(disk, name);
  return statSync(join(folder, fileNameOf(meta, segment)), { throwIfNoEntry: false }) !== undefined;
}

/** Removes the links of these names and then their bytes; synced before it resolves, so a takedown survives a crash. */
export async function deleteBlobs(disk: Disk, names: string[]): Promise<void> {
  const folders = new Set<string>();
  const bytes: string[] = [];
  for (const name of names) {
    const stored = readBlob(disk, name);
    const { folder, segment } = placeOf(disk, name);
    const gone = await unlinked(join(folder, `=${segment}`));
    if (gone) folders.add(folder);
    if (stored) bytes.push(stored.path);
  }
  for (const folder of folders) await syncFolder(folder);
  for (const path of bytes) await rm(path, { force: true });
}

async function unlinked(path: string): Promise<boolean> {
  try {
    await rm(path);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return false;
    throw error;
  }
}

/**
 * True when the folder was made or is there. A `deletePrefix` between the steps of a recursive mkdir shows as ENOENT (the
 * parent went) or as EEXIST (another put made it and it went before mkdir looked what it is); no file is ever in its way,
 * for files begin with `=` or `,`.
 */
async function folderMade(folder: string): Promise<boolean> {
  try {
    await makeFolder(folder);
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Makes a folder and syncs the entry of each one that is new. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: FOLDER_MODE });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** Without this a rename may be lost with the power. A folder that has gone needs none. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await unless("ENOENT", open(folder, "r"));
  if (!handle) return;
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Out of sight in one rename, then freed; a crash in between leaves it for the sweep. */
export async function discardFolder(
  disk: Disk,
  folder: string,
  before?: (moved: string) => Promise<void>,
): Promise<boolean> {
  const trash = join(disk.tmp, newToken());
  try {
    await rename(folder, trash);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return false;
    throw error;
  }
  await syncFolder(dirname(folder));
  await before?.(trash);
  await rm(trash, { recursive: true, force: true });
  return true;
}
