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
  return {
    rss: () => process.memoryUsage.rss(),
    bytes_max: Math.min(totalmem(), ...groupBounds(read)),
    free() {
      const meminfo = read("proc/meminfo");
      const total = kib(meminfo, "MemTotal");
      const available = kib(meminfo, "MemAvailable");
      return total === null || available === null || total === 0 ? 1 : available / total;
    },
  };
}

const kib = (meminfo: string, name: string): number | null => {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(meminfo);
  return found ? Number(found[1]) : null;
};

/** Every group above may bound it too. Version 2 says `max`, version 1 a number near 2⁶³, where there is no bound. */
function groupBounds(read: (path: string) => string): number[] {
  const bounds: number[] = [];
  for (const line of read("proc/self/cgroup").split("\n")) {
    const [id, controllers, path] = line.split(":", 3);
    if (path === undefined) continue;
    const is_second = id === "0" && controllers === "";
    if (!is_second && !controllers?.split(",").includes("memory")) continue;
    const [folder, file] = is_second
      ? ["sys/fs/cgroup", "memory.max"]
      : ["sys/fs/cgroup/memory", "memory.limit_in_bytes"];
    const parts = path.split("/").filter((part) => part !== "" && part !== "..");
    for (let depth = parts.length; depth >= 0; depth--) {
      const text = read(join(folder, ...parts.slice(0, depth), file)).trim();
      if (/^\d+$/.test(text) && Number(text) > 0) bounds.push(Number(text));
    }
  }
  return bounds;
}
