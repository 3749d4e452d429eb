import { readdirSync, readFileSync } from "node:fs";

/**
 * A process of its own that stops the database's processes and lets them go on: run by `postgres.ts` with the postmaster's
 * pid, ms to stop, ms to go on between, and seconds in all. When its standard input ends, whoever began it has ended: it lets
 * everything go on and ends too. That holds for a doctor that was killed.
 */
if (import.meta.main) {
  const [pid = 0, stop_ms = 0, go_ms = 0, seconds = 0] = process.argv.slice(2).map(Number);
  const until = performance.now() + seconds * 1_000;
  const end = () => {
    letGo(pid);
    process.exit(0);
  };
  process.stdin.on("end", end).on("close", end).on("error", end).resume();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, end);
  try {
    for (let first = true; performance.now() < until; first = false) {
      stop(pid);
      if (first) process.stdout.write("stopped\n");
      await Bun.sleep(Math.min(stop_ms, until - performance.now()));
      if (go_ms === 0) continue;
      letGo(pid);
      await Bun.sleep(Math.max(0, Math.min(go_ms, until - performance.now())));
    }
  } finally {
    end();
  }
}

/** The parent first, so that it makes no child meanwhile. */
function stop(postmaster: number): void {
  send(postmaster, "SIGSTOP");
  for (const child of childrenOf(postmaster)) send(child, "SIGSTOP");
}

/** Of one that was not stopped, nothing changes. */
export function letGo(postmaster: number): void {
  for (const child of childrenOf(postmaster)) send(child, "SIGCONT");
  send(postmaster, "SIGCONT");
}

function send(pid: number, signal: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}

function childrenOf(parent: number): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      // The name in brackets may hold spaces and brackets; what follows the last one does not.
      const [, ppid] = readFileSync(`/proc/${name}/stat`, "latin1").split(")").at(-1)!.trim().split(" ");
      return Number(ppid) === parent ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}
