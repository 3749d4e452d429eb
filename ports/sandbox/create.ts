import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { Clock } from "#ports/clock/index.ts";

import { createAccounts } from "./accounts.ts";
import { type BubblewrapNeeds, planBubblewrap } from "./bubblewrap.ts";
import type { Sandbox, SandboxCommand } from "./index.ts";
import { checkCommand, type Plan, type Tools } from "./plan.ts";
import { runPlan, startPlan } from "./process.ts";
import { planRlimits } from "./rlimits.ts";
import { seccompProgram } from "./seccomp.ts";

const TRIAL_LIMITS = {
  wall_ms_max: 5_000,
  cpu_s_max: 5,
  memory_bytes_max: 256 * 1024 * 1024,
  processes_max: 8,
  file_bytes_max: 1024,
  output_bytes_max: 4_096,
};

/**
 * Finds out what this machine can hold a program with, by running one. Takes about 30 ms.
 * @param strongest set to `rlimits` to go without bubblewrap even where it works
 */
export async function createSandbox(needs: { clock: Clock; strongest?: Sandbox["strength"] }): Promise<Sandbox> {
  const { clock } = needs;
  const tools: Tools = {
    bwrap: Bun.which("bwrap"),
    prlimit: Bun.which("prlimit"),
    setpriv: Bun.which("setpriv"),
    nice: Bun.which("nice"),
  };
  const accounts = process.getuid?.() === 0 ? createAccounts(() => clock.random()) : null;
  const tried =
    needs.strongest === "rlimits"
      ? "it was asked to go without bubblewrap"
      : await tryBubblewrap(tools, accounts, clock);
  if (typeof tried !== "string") {
    const degraded = tried.seccomp_file
      ? ""
      : `There is no seccomp table for ${process.arch}; the rest of the sandbox holds.`;
    return fromPlan("bubblewrap", degraded, (command) => planBubblewrap(command, tried), clock);
  }
  const run_prefix = `${process.pid}-${Math.floor(clock.random() * 2 ** 40).toString(36)}`;
  let runs = 0;
  return fromPlan(
    "rlimits",
    `${tried}. Programs that read strangers' files are bounded in time, memory and size, but they can reach the network and ` +
      `read what their account can read. Install bubblewrap for walls.`,
    (command) => planRlimits(command, { tools, accounts, run_name: `${run_prefix}-${runs++}` }),
    clock,
  );
}

function fromPlan(
  strength: Sandbox["strength"],
  degraded_because: string,
  plan: (command: SandboxCommand) => Plan,
  clock: Clock,
): Sandbox {
  return {
    strength,
    degraded_because,
    async run(command) {
      checkCommand(command);
      return await runPlan(command, plan(command), clock);
    },
    start(command) {
      checkCommand(command);
      return startPlan(command, plan(command), clock);
    },
  };
}

/** What bubblewrap needs here, or the sentence why it does not work. */
async function tryBubblewrap(
  tools: Tools,
  accounts: ReturnType<typeof createAccounts> | null,
  clock: Clock,
): Promise<BubblewrapNeeds | string> {
  const { bwrap, prlimit, setpriv } = tools;
  if (!bwrap) return "bubblewrap is not installed";
  if (!prlimit || (accounts && !setpriv)) return "prlimit and setpriv (util-linux) are not installed";
  const version = await Bun.$`${bwrap} --version`.nothrow().quiet().text();
  const [, major = "0", minor = "0"] = /(\d+)\.(\d+)/.exec(version) ?? [];
  const program = seccompProgram(process.arch);
  const found: BubblewrapNeeds = {
    tools: { ...tools, bwrap, prlimit },
    accounts,
    seccomp_file: program ? keepProgram(program) : null,
    can_size_tmp: Number(major) > 0 || Number(minor) >= 7,
  };
  const command: SandboxCommand = { argv: ["true"], read_paths: [], limits: TRIAL_LIMITS };
  const result = await runPlan(command, planBubblewrap(command, found), clock);
  if (result.exit_code === 0) return found;
  return `bubblewrap does not work here (${result.stderr.trim().slice(0, 200) || `it ended with ${result.exit_code}`})`;
}

/**
 * bubblewrap reads the filter from a descriptor. The file has no name any more when this returns; each start opens it anew
 * through the descriptor that we keep, so that none shares a read position and nothing is left behind.
 */
function keepProgram(program: Uint8Array): string {
  const folder = mkdtempSync(join(tmpdir(), "folkhus-seccomp-"));
  const file = join(folder, "filter.bpf");
  writeFileSync(file, program, { mode: 0o400 });
  const descriptor = openSync(file, "r");
  rmSync(folder, { recursive: true });
  return `/proc/self/fd/${descriptor}`;
}
