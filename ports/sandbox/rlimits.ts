import type { createAccounts } from "./accounts.ts";
import { giveFolder } from "./accounts.ts";
import type { SandboxCommand } from "./index.ts";
import { checkReachable, checkReadable, dropTo, PATH_INSIDE, type Plan, rlimitFlags, type Tools } from "./plan.ts";
import { killAll, markedWith, treeOf } from "./tree.ts";

export interface RlimitsNeeds {
  tools: Tools;
  accounts: ReturnType<typeof createAccounts> | null;
  /** A name that no other command has; it marks every process of this one. */
  run_name: string;
}

/** Bounds without walls: the program sees the machine's files and network as its account does. */
export function planRlimits(command: SandboxCommand, needs: RlimitsNeeds): Plan {
  const { tools, accounts, run_name } = needs;
  const marker = `FOLKHUS_SANDBOX_RUN=${run_name}`;
  if (accounts) {
    if (!tools.setpriv)
      throw new Error("The sandbox never runs as root, and setpriv (util-linux) is not here to leave it.");
    checkReadable(command.read_paths, true);
    if (command.write_folder) checkReachable(command.write_folder);
  }
  const account = accounts?.take();
  try {
    if (account && command.write_folder) giveFolder(command.write_folder, account.uid);
  } catch (error) {
    account?.[Symbol.dispose]();
    throw error;
  }
  // Without an account of its own, the kernel would count the whole house's processes: then they are only watched.
  const bounds = tools.prlimit
    ? [tools.prlimit, ...rlimitFlags(command.limits, account !== undefined)]
    : shellBounds(command);
  return {
    argv: [
      ...(command.nice && tools.nice ? [tools.nice, "-n", String(command.nice)] : []),
      ...bounds,
      ...(account ? dropTo(tools.setpriv!, account.uid) : []),
      ...command.argv,
    ],
    env: {
      PATH: PATH_INSIDE,
      HOME: command.write_folder ?? "/",
      LANG: "C.UTF-8",
      ...command.env,
      FOLKHUS_SANDBOX_RUN: run_name,
    },
    cwd: command.write_folder ?? "/",
    own_processes: 0,
    killEverything(pid) {
      // Below it, in its group, and whatever carries its mark: one that doubles away from all three is found by the last.
      killAll([...treeOf(pid).reverse(), -pid, ...markedWith(marker)]);
    },
    release: () => account?.[Symbol.dispose](),
  };
}

/** POSIX's own bounds, for systems without prlimit. Sizes in KiB, files in blocks of 512 bytes. */
function shellBounds(command: SandboxCommand): string[] {
  const { cpu_s_max, file_bytes_max } = command.limits;
  return [
    "/bin/sh",
    "-c",
    `ulimit -c 0; ulimit -t ${cpu_s_max}; ulimit -f ${Math.ceil(file_bytes_max / 512)}; exec "$@"`,
    "sh",
  ];
}
