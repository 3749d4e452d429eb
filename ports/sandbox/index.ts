/**
 * Runs a program on input from strangers: no network, a read-only view of what it was given, one writable folder, and a
 * bound on time, memory, processes and file size. bubblewrap where it works; else rlimits, loudly degraded.
 * The rules are in SPEC.md.
 */
export interface Sandbox {
  strength: "bubblewrap" | "rlimits";
  /** Why it is not stronger; empty when it is as strong as it gets. */
  degraded_because: string;
  /** Never rejects for what the program did; the result says it. Rejects for a command that cannot be run at all. */
  run(command: SandboxCommand): Promise<SandboxResult>;
  /** For programs whose output is read while they run. The caller must read `stdout` or dispose. */
  start(command: SandboxCommand): SandboxProcess;
}

export interface SandboxCommand {
  /** A name on the system's path, or an absolute path under /usr or in `read_paths`. */
  argv: string[];
  /** Absolute paths that it may read, seen under the same names. As root, other users must be able to read them. */
  read_paths: string[];
  /** The one folder that it may write, seen under the same name; also its working folder. */
  write_folder?: string;
  env?: Record<string, string>;
  stdin?: Uint8Array | ReadableStream<Uint8Array> | "none";
  limits: SandboxLimits;
  signal?: AbortSignal;
  /** Niceness 0…19; background work yields to viewers. */
  nice?: number;
}

export interface SandboxLimits {
  wall_ms_max: number;
  /** Of all its processes together. */
  cpu_s_max: number;
  /** Hard for each process (its private writable memory), and watched for all of them together. */
  memory_bytes_max: number;
  /** Processes and threads together. */
  processes_max: number;
  /** Of each file that it writes. */
  file_bytes_max: number;
  /** Bytes of stdout (its beginning) and of stderr (its end) kept by `run`; more is dropped and said in the result. */
  output_bytes_max: number;
}

export interface SandboxResult {
  /** The program's own code, or 128 + the signal that ended it. -1 when it was never started. */
  exit_code: number;
  /** Why it ended: by itself, which bound stopped it, by a signal that was not ours, or because nobody wanted it. */
  ended: "exited" | "wall_ms_max" | "cpu_s_max" | "memory_bytes_max" | "processes_max" | "killed" | "aborted";
  stdout: Uint8Array;
  stderr: string;
  truncated: boolean;
  /** CPU seconds, user and system, of it and its children. */
  cpu_s: number;
}

export interface SandboxProcess extends AsyncDisposable {
  stdout: ReadableStream<Uint8Array>;
  /** Resolves at the end, whatever ended it; never rejects. `stdout` in it is empty. */
  ended: Promise<SandboxResult>;
  /** Kills it and everything it started. */
  kill(): void;
}

export { createSandbox } from "./create.ts";
