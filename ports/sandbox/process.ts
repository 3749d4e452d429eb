import { closeSync, openSync } from "node:fs";

import { deadlineHere } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import type { SandboxCommand, SandboxProcess, SandboxResult } from "./index.ts";
import type { Plan } from "./plan.ts";
import { treeOf, usageOf } from "./tree.ts";

/** How often memory, CPU and processes of all its processes together are looked at. */
const WATCH_MS = 200;
/** Signals that a bound or a fault sends, as shells and bubblewrap report them: 128 + number. */
const SIGNAL_CODES = new Set([4, 6, 7, 8, 9, 11, 15, 25, 31].map((signal) => 128 + signal));
const SIGXCPU_CODE = 128 + 24;

const NOT_STARTED: SandboxResult = {
  exit_code: -1,
  ended: "aborted",
  stdout: new Uint8Array(),
  stderr: "",
  truncated: false,
  cpu_s: 0,
};

/** Starts a plan and holds it to its bounds. Nothing that it started is alive when `ended` resolves. */
export function startPlan(command: SandboxCommand, plan: Plan, clock: Clock): SandboxProcess {
  // Beside who is told to wait for it, who waits for all that runs here.
  const asker = deadlineHere().signal;
  if (command.signal?.aborted || asker?.aborted) {
    plan.release();
    return {
      stdout: new Blob([]).stream(),
      ended: Promise.resolve(NOT_STARTED),
      kill() {},
      async [Symbol.asyncDispose]() {},
    };
  }
  const child = spawn(command, plan);
  const { limits, signal } = command;
  let because: SandboxResult["ended"] | null = null;
  let cpu_s_seen = 0;
  const stop = (reason: SandboxResult["ended"]) => {
    because ??= reason;
    plan.killEverything(child.pid);
  };
  const onAbort = () => stop("aborted");
  signal?.addEventListener("abort", onAbort, { once: true });
  asker?.addEventListener("abort", onAbort, { once: true });
  const over = new AbortController();
  const wall = clock.sleep(limits.wall_ms_max, over.signal).then(
    () => stop("wall_ms_max"),
    () => {},
  );
  const watch = clock.every(WATCH_MS, () => {
    const tree = treeOf(child.pid);
    const usage = usageOf(tree);
    cpu_s_seen = Math.max(cpu_s_seen, usage.cpu_s);
    // A kill that came too early to hit everything is repeated here until nothing is left.
    if (because) return plan.killEverything(child.pid);
    if (usage.memory_bytes > limits.memory_bytes_max) stop("memory_bytes_max");
    else if (usage.cpu_s > limits.cpu_s_max) stop("cpu_s_max");
    else if (usage.threads > limits.processes_max + plan.own_processes) stop("processes_max");
  });
  const stderr = keepEnd(child.stderr, limits.output_bytes_max);

  const ended = (async (): Promise<SandboxResult> => {
    await child.exited;
    // Whatever it left behind goes now: nothing outlives its command, and a survivor would hold stderr open.
    if (plan.own_processes === 0) plan.killEverything(child.pid);
    over.abort();
    watch[Symbol.dispose]();
    signal?.removeEventListener("abort", onAbort);
    asker?.removeEventListener("abort", onAbort);
    await wall;
    const errors = await stderr;
    plan.release();
    const exit_code = child.exitCode ?? 128 + signalNumber(child.signalCode);
    const used = child.resourceUsage();
    return {
      exit_code,
      ended: because ?? reasonOf(exit_code),
      stdout: new Uint8Array(),
      stderr: new TextDecoder().decode(errors.bytes),
      truncated: errors.truncated,
      cpu_s: Math.max(cpu_s_seen, Number(used?.cpuTime.total ?? 0) / 1e6),
    };
  })();
  return {
    stdout: child.stdout,
    ended,
    kill: () => stop("killed"),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) stop("killed");
      await ended;
    },
  };
}

/** Runs a plan to its end and keeps the beginning of its output. */
export async function runPlan(command: SandboxCommand, plan: Plan, clock: Clock): Promise<SandboxResult> {
  const started = startPlan(command, plan, clock);
  const [out, result] = await Promise.all([
    keepBeginning(started.stdout, command.limits.output_bytes_max),
    started.ended,
  ]);
  return { ...result, stdout: out.bytes, truncated: result.truncated || out.truncated };
}

function spawn(command: SandboxCommand, plan: Plan) {
  const fd = plan.fd3_file === undefined ? null : openSync(plan.fd3_file, "r");
  try {
    const stdin = command.stdin === undefined || command.stdin === "none" ? "ignore" : command.stdin;
    return Bun.spawn(plan.argv, {
      cwd: plan.cwd,
      env: plan.env,
      // A session of its own, so that a signal to the house's terminal does not reach it, and one to its group does.
      detached: true,
      stdio: [stdin, "pipe", "pipe", ...(fd === null ? [] : [fd])],
    }) as Bun.Subprocess<"ignore", "pipe", "pipe">;
  } catch (error) {
    plan.release();
    throw error;
  } finally {
    if (fd !== null) closeSync(fd);
  }
}

function reasonOf(exit_code: number): SandboxResult["ended"] {
  if (exit_code === SIGXCPU_CODE) return "cpu_s_max";
  return SIGNAL_CODES.has(exit_code) ? "killed" : "exited";
}

const signalNumber = (name: string | number | null): number =>
  ({
    SIGILL: 4,
    SIGABRT: 6,
    SIGBUS: 7,
    SIGFPE: 8,
    SIGKILL: 9,
    SIGSEGV: 11,
    SIGTERM: 15,
    SIGXCPU: 24,
    SIGXFSZ: 25,
    SIGSYS: 31,
  })[name ?? ""] ?? 9;

interface Kept {
  bytes: Uint8Array;
  truncated: boolean;
}

/** Reads all, keeps the first `bytes_max`: the writer is never held up by what is dropped. */
async function keepBeginning(stream: ReadableStream<Uint8Array>, bytes_max: number): Promise<Kept> {
  const parts: Uint8Array[] = [];
  let kept = 0;
  let truncated = false;
  for await (const chunk of stream) {
    const room = bytes_max - kept;
    if (chunk.length > room) truncated = true;
    if (room <= 0) continue;
    parts.push(chunk.subarray(0, room));
    kept += Math.min(room, chunk.length);
  }
  return { bytes: Buffer.concat(parts), truncated };
}

/** Reads all, keeps the last `bytes_max`: a program says last why it failed. */
async function keepEnd(stream: ReadableStream<Uint8Array>, bytes_max: number): Promise<Kept> {
  let parts: Uint8Array[] = [];
  let kept = 0;
  let truncated = false;
  for await (const chunk of stream) {
    parts.push(chunk);
    kept += chunk.length;
    if (kept <= bytes_max * 2) continue;
    parts = [Buffer.concat(parts).subarray(-bytes_max)];
    kept = bytes_max;
    truncated = true;
  }
  const all = Buffer.concat(parts);
  return { bytes: all.subarray(-bytes_max), truncated: truncated || all.length > bytes_max };
}
