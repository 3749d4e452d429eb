import { readdirSync, readFileSync } from "node:fs";

/** What a process and everything that it started use now. Read from /proc; all zero where there is none. */
export interface TreeUsage {
  cpu_s: number;
  /** Private and shared memory that is resident, without the files that the kernel can drop. */
  memory_bytes: number;
  threads: number;
}

/** Linux shows CPU time to programs in hundredths of a second on every machine (USER_HZ). */
const TICKS_PER_S = 100;

export function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "latin1").split(" ").filter(Boolean).map(Number),
    );
  } catch {
    // It ended between two reads, or this kernel does not tell.
    return [];
  }
}

/** `pid` first, then everything below it. A process that was given away to init is not found. */
export function treeOf(pid: number): number[] {
  const found = [pid];
  for (let i = 0; i < found.length; i++) found.push(...childrenOf(found[i]!));
  return found;
}

/** Every process whose environment holds `marker`: finds also those that left their group and their parent. */
export function markedWith(marker: string): number[] {
  const found: number[] = [];
  for (const name of procFolders()) {
    try {
      if (readFileSync(`/proc/${name}/environ`, "latin1").includes(marker)) found.push(Number(name));
    } catch {
      // Not ours to read, or gone.
    }
  }
  return found;
}

function procFolders(): string[] {
  try {
    return readdirSync("/proc").filter((name) => /^[0-9]+$/.test(name));
  } catch {
    return [];
  }
}

export function usageOf(pids: number[]): TreeUsage {
  const usage: TreeUsage = { cpu_s: 0, memory_bytes: 0, threads: 0 };
  for (const pid of pids) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      // The name is in brackets and may hold anything; fields are counted from behind it. 11…14 are utime to cstime.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      usage.cpu_s += fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_S;
      usage.threads += Number(fields[17]);
      const status = readFileSync(`/proc/${pid}/status`, "latin1");
      for (const [, kb] of status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB/gm)) usage.memory_bytes += Number(kb) * 1024;
    } catch {
      // Gone between two reads: it uses nothing.
    }
  }
  return usage;
}

/** SIGKILL to each; one that is gone already is fine. */
export function killAll(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone.
    }
  }
}
