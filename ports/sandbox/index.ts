/**
 * Runs a program on input from strangers: no network, a read-only view of what it was given, one writable folder, and a
 * bound on time, memory, processes and file size. bubblewrap where it works; else rlimits, loudly degraded.
 */
export interface Sandbox {
  strength: "bubblewrap" | "rlimits";
  /** Why it is not stronger; empty when it is as strong as it gets. */
  degraded_because: string;
  run(command: SandboxCommand): Promise<SandboxResult>;
  /** For programs whose output is read while they run. The caller must read `stdout` or dispose. */
  start(command: SandboxCommand): SandboxProcess;
}

export interface SandboxCommand {
  argv: string[];
  /** Paths that it may read, seen under the same names. */
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
  cpu_s_max: number;
  memory_bytes_max: number;
  processes_max: number;
  file_bytes_max: number;
  /** Bytes of stdout and of stderr kept by `run`; more is dropped and said in the result. */
  output_bytes_max: number;
}

export interface SandboxResult {
  exit_code: number;
  /** Why it ended: by itself, or which bound stopped it. */
  ended: "exited" | "wall_ms_max" | "killed" | "aborted";
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
