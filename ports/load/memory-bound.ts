import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";

/** What a process may have before the system kills it, and how to look again. */
export interface Memory {
  /** Resident bytes of this process. */
  rss(): number;
  /** The least of the machine's memory and of what its control groups allow. */
  bytes_max: number;
  /** Part of the machine that is free for anybody, 0 to 1; 1 where the system does not say. */
  free(): number;
}

/** @param root where `/proc` and `/sys` are */
export function systemMemory(root = "/"): Memory {
  const read = (path: string): string => {
    try {
      return readFileSync(join(root, path), "utf8");
    } catch {
      // Not a Linux, or not of this kind of control group.
      return "";
    }
  };
  const groups = groupsOf(read);
  return {
    rss: () => process.memoryUsage.rss(),
    bytes_max: Math.min(totalmem(), ...groups.map(({ bytes_max }) => bytes_max)),
    free() {
      const meminfo = read("proc/meminfo");
      const total = kib(meminfo, "MemTotal");
      const available = kib(meminfo, "MemAvailable");
      const machine = total === null || available === null || total === 0 ? 1 : available / total;
      return Math.min(machine, ...groups.map((group) => group.free()));
    },
  };
}

const kib = (meminfo: string, name: string): number | null => {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(meminfo);
  return found ? Number(found[1]) : null;
};

interface Group {
  bytes_max: number;
  /** Part of its bound that is not in use; 1 where it does not say. */
  free(): number;
}

const SECOND = { folder: "sys/fs/cgroup", max: "memory.max", now: "memory.current", of: "" };
const FIRST = {
  folder: "sys/fs/cgroup/memory",
  max: "memory.limit_in_bytes",
  now: "memory.usage_in_bytes",
  of: "total_",
};

/** Every group above may bound it too. Version 2 says `max`, version 1 a number near 2⁶³, where there is no bound. */
function groupsOf(read: (path: string) => string): Group[] {
  const groups: Group[] = [];
  for (const line of read("proc/self/cgroup").split("\n")) {
    const [id, controllers, path] = line.split(":", 3);
    if (path === undefined) continue;
    const is_second = id === "0" && controllers === "";
    if (!is_second && !controllers?.split(",").includes("memory")) continue;
    const files = is_second ? SECOND : FIRST;
    const parts = path.split("/").filter((part) => part !== "" && part !== "..");
    for (let depth = parts.length; depth >= 0; depth--) {
      const at = join(files.folder, ...parts.slice(0, depth));
      const bytes_max = numberIn(read(join(at, files.max)));
      if (bytes_max !== null && bytes_max > 0)
        groups.push({ bytes_max, free: () => freeOf(read, at, files, bytes_max) });
    }
  }
  return groups;
}

/**
 * A container is killed for all that is in it: the database and the encoders are beside us. What is only a copy of a file is given back before
 * anybody is killed, so it is not in use (as the kernel has it in `MemAvailable`).
 */
function freeOf(read: (path: string) => string, at: string, files: typeof SECOND, bytes_max: number): number {
  const bytes = numberIn(read(join(at, files.now)));
  if (bytes === null) return 1;
  const stat = read(join(at, "memory.stat"));
  const copies = ["inactive_file", "active_file", "slab_reclaimable"].map((name) =>
    Number(new RegExp(`^${files.of}${name} (\\d+)$`, "m").exec(stat)?.[1] ?? 0),
  );
  return Math.min(1, Math.max(0, 1 - (bytes - copies.reduce((sum, some) => sum + some, 0)) / bytes_max));
}

const numberIn = (text: string): number | null => (/^\d+$/.test(text.trim()) ? Number(text) : null);
