import { randomBytes } from "node:crypto";
import { closeSync, constants, ftruncateSync, openSync, unlinkSync } from "node:fs";
import { access, statfs } from "node:fs/promises";
import { join } from "node:path";

import { Problem } from "#kernel/errors.ts";

import { BALLAST_MARGIN_BYTES, FREE_BYTES_LEFT_MIN } from "../bounds.ts";
import type { Fault, Outlook } from "../fault.ts";

const TMPFS = 0x01021994;
const LOOK_MS = 100;
/** Linux's word for a file without a name, and a folder it is in. */
const O_TMPFILE = 0o20_000_000 | constants.O_DIRECTORY;
const PROBE_BYTES = 1024 * 1024;

/**
 * The disk is nearly full: a file takes the room down to just below the house's reserve. It has no name from its first byte on,
 * so the room is free again when the process that holds it ends, however it ends.
 */
export const diskFull: Fault = {
  async obstacle({ config, secrets }) {
    if (secrets.s3_url !== null) return "its files are in S3, whose room is not this machine's";
    if (process.platform !== "linux" || !Bun.which("fallocate"))
      return "room on disk is taken by the program fallocate, which Linux has (package util-linux)";
    const folder = await folderOf(config.data_folder);
    const { type } = await statfs(folder);
    if (Number(type) === TMPFS) return "the data folder is in memory (tmpfs), where a large file would take memory";
    const { free, left } = await roomOf({ config });
    if (free < config.free_bytes_min) return "the disk is nearly full already";
    if (left < FREE_BYTES_LEFT_MIN)
      return `the house's reserve is so small that the drill would leave less than ${FREE_BYTES_LEFT_MIN / 2 ** 20} MiB to everybody on this machine; raise FOLKHUS_FREE_MIB_MIN`;
    return (await givesRoom(folder)) ? null : "its file system gives no room in advance";
  },
  async begin({ config, clock }) {
    const folder = await folderOf(config.data_folder);
    const file = openNameless(folder);
    let bytes = 0;
    /** Others write and delete meanwhile, so it is fitted again and again. */
    const fit = async () => {
      const { free, left } = await roomOf({ config });
      const wanted = Math.max(0, bytes + free - left);
      if (wanted < bytes) ftruncateSync(file, wanted);
      else if (wanted - bytes > (bytes === 0 ? 0 : BALLAST_MARGIN_BYTES / 2)) await take(file, wanted);
      else return;
      bytes = wanted;
    };
    try {
      await fit();
    } catch (error) {
      closeSync(file);
      throw error;
    }
    let fitting: Promise<void> = Promise.resolve();
    const again = clock.every(LOOK_MS, () => (fitting = fit().catch(() => {})));
    return {
      async [Symbol.asyncDispose]() {
        again[Symbol.dispose]();
        await fitting;
        closeSync(file);
      },
    };
  },
};

async function folderOf(data_folder: string): Promise<string> {
  const blobs = join(data_folder, "blobs");
  return access(blobs).then(
    () => blobs,
    () => data_folder,
  );
}

/** What is free, and what is to be left of it. */
async function roomOf({ config }: Pick<Outlook, "config">): Promise<{ free: number; left: number }> {
  const { bavail, bsize } = await statfs(await folderOf(config.data_folder));
  return { free: bavail * bsize, left: config.free_bytes_min - BALLAST_MARGIN_BYTES };
}

/** Where a file system knows no files without a name, it is a new one under a name that nobody can guess, for a moment. */
export function openNameless(folder: string, flags = O_TMPFILE): number {
  try {
    return openSync(folder, flags | constants.O_RDWR, 0o600);
  } catch {
    const path = join(folder, `.game-day-${randomBytes(12).toString("hex")}`);
    const file = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, 0o600);
    unlinkSync(path);
    return file;
  }
}

/** Not every file system can, and what cannot would be found out in the middle of the drill. */
async function givesRoom(folder: string): Promise<boolean> {
  const file = openNameless(folder);
  try {
    await take(file, PROBE_BYTES);
    return true;
  } catch (error) {
    if (error instanceof Problem) return false;
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Takes room without writing it: an open file is handed to a program, for Bun has no call for that. */
async function take(file: number, bytes: number): Promise<void> {
  const child = Bun.spawn(["fallocate", "--length", String(bytes), "/proc/self/fd/3"], {
    stdio: ["ignore", "ignore", "pipe", file],
  });
  const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited]);
  if (code !== 0)
    throw new Problem(409, "game_day.no_ballast", `This file system gives no room in advance (${said.trim()}).`);
}
