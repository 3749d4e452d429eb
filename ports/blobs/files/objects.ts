import type { Dirent } from "node:fs";
import { lstat, readdir, readlink, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";

import { codeOf, type Disk, readBlob } from "./disk.ts";

/**
 * Names below a folder in byte order, from after `after` on. A folder is read whole and sorted, so one level should not
 * have millions of entries. `a-b` comes before `a/b`: a folder sorts as its name with the slash.
 */
export async function* walkNames(disk: Disk, prefix: string, after = ""): AsyncGenerator<string> {
  const keys: string[] = [];
  for (const entry of await entriesOf(join(disk.objects, prefix))) {
    if (entry.isDirectory()) keys.push(`${entry.name}/`);
    else if (entry.name.startsWith("=")) keys.push(entry.name.slice(1));
  }
  for (const key of keys.sort()) {
    const name = prefix + key;
    if (!key.endsWith("/")) {
      if (name > after && readBlob(disk, name)) yield name;
    } else if (name > after || after.startsWith(name)) {
      yield* walkNames(disk, name, after);
    }
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return [];
    throw error;
  }
}

/** How many blobs lie below a folder of the disk. */
export async function countLinks(folder: string): Promise<number> {
  let links = 0;
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory()) links += await countLinks(join(folder, entry.name));
    else if (entry.name.startsWith("=")) links += 1;
  }
  return links;
}

/**
 * Frees what no name leads to and what is older than a moment by the file system's own change time, which a rename
 * renews: bytes overwritten or orphaned by a crash, links to nothing, folders without anything, leftovers in `tmp`.
 */
export async function sweepDisk(disk: Disk, older_than_ms: number): Promise<number> {
  let freed = 0;
  const old = async (path: string) => {
    try {
      return (await lstat(path)).ctimeMs < older_than_ms;
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  };
  const free = async (path: string) => {
    if (!(await old(path))) return;
    await rm(path, { recursive: true, force: true });
    freed += 1;
  };
  for (const entry of await entriesOf(disk.tmp)) await free(join(disk.tmp, entry.name));

  const sweepFolder = async (folder: string, keep: boolean): Promise<void> => {
    const entries = await entriesOf(folder);
    const bytes = new Set(entries.filter((entry) => entry.name.startsWith(",")).map((entry) => entry.name));
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) await sweepFolder(path, false);
      if (!entry.name.startsWith("=")) continue;
      const target = await readlink(path).catch(() => null);
      if (target !== null && !bytes.delete(target)) await free(path);
    }
    // What is left in the set was not the target of a link when the folder was read; a put that was running is younger.
    for (const name of bytes) await free(join(folder, name));
    if (keep || !(await old(folder))) return;
    await rmdir(folder).catch((error: unknown) => {
      if (codeOf(error) !== "ENOTEMPTY" && codeOf(error) !== "EEXIST" && codeOf(error) !== "ENOENT") throw error;
    });
  };
  await sweepFolder(disk.objects, true);
  return freed;
}
