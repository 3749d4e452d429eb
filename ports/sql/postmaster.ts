import { readdirSync, readFileSync } from "node:fs";

/** The children of a process, as Linux tells them; none elsewhere. */
export function childrenOf(parent: number): number[] {
  if (process.platform !== "linux") return [];
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

/** Stops a postmaster and its children. The parent first, so that it makes no child meanwhile. */
export function stopProcesses(postmaster: number): void {
  send(postmaster, "SIGSTOP");
  for (const child of childrenOf(postmaster)) send(child, "SIGSTOP");
}

/** Lets them go on. Of what was not stopped, nothing changes. */
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
