import { accessSync, constants, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname } from "node:path";

/** PostgreSQL refuses to run as root. Root therefore runs it as a system user that owns nothing else. */
export const SYSTEM_USER = "folkhus";

export interface SystemUser {
  /** Null when the process is not root and simply runs it as itself. */
  ids: { uid: number; gid: number } | null;
  /** True when a folder above the data is closed to others, as a home or a temporary folder of root is. */
  needs_search_capability: boolean;
}

export async function systemUser(folder: string, say: (line: string) => void): Promise<SystemUser> {
  if (process.getuid?.() !== 0) return { ids: null, needs_search_capability: false };
  let ids = await lookUp(SYSTEM_USER);
  if (!ids) {
    say(`making the system user "${SYSTEM_USER}", because PostgreSQL refuses to run as root`);
    const made = Bun.spawnSync([
      "useradd",
      "--system",
      "--user-group",
      "--no-create-home",
      "--shell",
      "/usr/sbin/nologin",
      SYSTEM_USER,
    ]);
    ids = await lookUp(SYSTEM_USER);
    if (!ids)
      throw new Error(
        `Could not make the system user "${SYSTEM_USER}": ${made.stderr.toString().trim()}. Start folkhus as an ordinary user, or set DATABASE_URL.`,
      );
  }
  return { ids, needs_search_capability: !openToOthers(folder) || !openToOthers(import.meta.dirname) };
}

async function lookUp(name: string): Promise<{ uid: number; gid: number } | null> {
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((l) => l.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return uid && gid ? { uid: Number(uid), gid: Number(gid) } : null;
}

function openToOthers(folder: string): boolean {
  for (let at = dirname(folder); at !== dirname(at); at = dirname(at)) {
    try {
      accessSync(at, constants.F_OK);
      if ((statSync(at).mode & 0o001) === 0) return false;
    } catch {
      continue;
    }
  }
  return true;
}

/**
 * The command as the system user. Where a folder above is closed, it keeps the one capability to search and read past it
 * (CAP_DAC_READ_SEARCH): all state stays in the one data folder, and the database may read no more than its parent may.
 */
export function runAs(user: SystemUser, command: string[]): string[] {
  if (!user.ids) return command;
  const caps = user.needs_search_capability ? ["--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"] : [];
  return ["setpriv", `--reuid=${user.ids.uid}`, `--regid=${user.ids.gid}`, "--clear-groups", ...caps, "--", ...command];
}
