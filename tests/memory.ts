import { readdir, rm, statfs } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";

/** Memory as a folder, on Linux. */
const MEMORY = "/dev/shm";
const TMPFS = 0x01021994;
/** The databases of a run hold less than 1 GB at a time; browsers and encoders want memory too. */
const FREE_BYTES_MIN = 4 * 1024 ** 3;

export const RUN_NAME = "folkhus-test-";

/**
 * Where the databases of a run lie: in memory where there is enough of it. A test database is a thousand small files, and to
 * make them takes 30 ms there and up to 1.2 s of CPU on a disk.
 */
export async function databasesFolder(): Promise<string> {
  await forgetDead();
  return (await hasRoom()) ? MEMORY : tmpdir();
}

async function hasRoom(): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const { type, bavail, bsize } = await statfs(MEMORY).catch(() => ({ type: 0, bavail: 0, bsize: 0 }));
  const bound_bytes = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  return type === TMPFS && Math.min(bavail * bsize, freemem(), bound_bytes) > FREE_BYTES_MIN;
}

/** A run that was killed leaves its folder behind, and this one takes memory. Its database ends when it misses its files. */
async function forgetDead(): Promise<void> {
  for (const name of await readdir(MEMORY).catch(() => [])) {
    const pid = new RegExp(`^${RUN_NAME}(\\d+)-`).exec(name)?.[1];
    if (pid !== undefined && !(await Bun.file(`/proc/${pid}/stat`).exists()))
      await rm(join(MEMORY, name), { recursive: true, force: true }).catch(() => {});
  }
}
