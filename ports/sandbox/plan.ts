import { realpathSync, statSync } from "node:fs";
import { isAbsolute, normalize } from "node:path";

import type { SandboxCommand, SandboxLimits } from "./index.ts";

/** How one command will be started, and how all of it is stopped. */
export interface Plan {
  argv: string[];
  env: Record<string, string>;
  cwd: string;
  /** A file to hand down as descriptor 3. */
  fd3_file?: string;
  /** Processes that belong to this command but are not the program: bubblewrap's own. Not counted against its bound. */
  own_processes: number;
  killEverything(pid: number): void;
  /** After the end: gives back what the plan held. */
  release(): void;
}

export interface Tools {
  bwrap: string | null;
  prlimit: string | null;
  setpriv: string | null;
  nice: string | null;
}

/** What a program finds as its path inside. */
export const PATH_INSIDE = "/usr/local/bin:/usr/bin:/bin";

/** @throws Error for a command that cannot be meant: those are mistakes of ours, not of a stranger. */
export function checkCommand(command: SandboxCommand): void {
  const { argv, read_paths, write_folder, limits } = command;
  if (!argv[0]) throw new Error("The sandbox was given nothing to run.");
  if ([...argv, ...read_paths, write_folder ?? ""].some((text) => text.includes("\0"))) {
    throw new Error("The sandbox was given a name with a zero byte in it.");
  }
  for (const path of [...read_paths, ...(write_folder ? [write_folder] : [])]) {
    if (!isAbsolute(path) || normalize(path) !== path || path === "/") {
      throw new Error(`The sandbox takes absolute, normal paths below the root, not ${JSON.stringify(path)}.`);
    }
  }
  for (const [name, value] of Object.entries(limits)) {
    if (!Number.isSafeInteger(value) || value <= 0)
      throw new Error(`The sandbox's ${name} must be a positive whole number, not ${value}.`);
  }
  if (write_folder && !statSync(write_folder).isDirectory()) throw new Error(`${write_folder} is not a folder.`);
}

/** prlimit's flags. CPU and memory here hold for each process; all of them together are watched (`process.ts`). */
export function rlimitFlags(limits: SandboxLimits, with_processes: boolean): string[] {
  return [
    `--cpu=${limits.cpu_s_max}:${limits.cpu_s_max + 1}`,
    // DATA, not AS: runtimes reserve far more address space than they use, and DATA counts what they may write.
    `--data=${limits.memory_bytes_max}`,
    `--fsize=${limits.file_bytes_max}`,
    "--nofile=256",
    "--core=0",
    ...(with_processes ? [`--nproc=${limits.processes_max}`] : []),
  ];
}

/** Drops to an account that owns nothing, for good: no capabilities, no groups, no way back. */
export const dropTo = (setpriv: string, uid: number): string[] => [
  setpriv,
  `--reuid=${uid}`,
  `--regid=${uid}`,
  "--clear-groups",
  "--inh-caps=-all",
  "--bounding-set=-all",
  "--no-new-privs",
];

/** As root, the program runs as somebody else, who must be able to read what it is given. @throws Error saying what to do */
export function checkReadable(paths: string[], whole_path: boolean): void {
  for (const path of paths) {
    if (whole_path) checkReachable(path);
    const stat = statSync(path);
    const need = stat.isDirectory() ? 0o005 : 0o004;
    if ((stat.mode & need) !== need) throw closedToOthers(path);
  }
}

/** The same of what will be given to that somebody: only the way there must be open. */
export function checkReachable(path: string): void {
  const closed = parentsOf(realpathSync(path)).find((folder) => (statSync(folder).mode & 0o001) === 0);
  if (closed !== undefined) throw closedToOthers(closed);
}

const closedToOthers = (path: string) =>
  new Error(
    `The sandbox never runs as root, and other accounts may not read ${path}. Open it to reading, or install bubblewrap.`,
  );

/** `/a`, `/a/b` for `/a/b/c`. */
export function parentsOf(path: string): string[] {
  const parts = path.split("/").slice(1, -1);
  return parts.map((_, i) => `/${parts.slice(0, i + 1).join("/")}`);
}
