import { existsSync, lstatSync, readlinkSync } from "node:fs";

import type { createAccounts } from "./accounts.ts";
import { giveFolder } from "./accounts.ts";
import type { SandboxCommand } from "./index.ts";
import { checkReadable, dropTo, parentsOf, PATH_INSIDE, type Plan, rlimitFlags, type Tools } from "./plan.ts";
import { childrenOf, killAll } from "./tree.ts";

/** What a dynamically linked program needs of the system, and nothing that tells of this machine or its people. */
const SYSTEM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store"];
const SYSTEM_FILES = ["/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts"];
const TMP_BYTES_MAX = 64 * 1024 * 1024;

export interface BubblewrapNeeds {
  tools: Tools & { bwrap: string; prlimit: string };
  /** Where we are root: programs run under accounts of their own. Else bubblewrap makes a user namespace. */
  accounts: ReturnType<typeof createAccounts> | null;
  seccomp_file: string | null;
  /** `--size` came with bubblewrap 0.7; without it there is no /tmp inside. */
  can_size_tmp: boolean;
}

export function planBubblewrap(command: SandboxCommand, needs: BubblewrapNeeds): Plan {
  const { tools, accounts } = needs;
  if (accounts) checkReadable(command.read_paths, false);
  const account = accounts?.take();
  try {
    if (account && command.write_folder) giveFolder(command.write_folder, account.uid);
  } catch (error) {
    account?.[Symbol.dispose]();
    throw error;
  }
  const argv = [
    ...(command.nice && tools.nice ? [tools.nice, "-n", String(command.nice)] : []),
    tools.bwrap,
    ...namespaces(account === undefined),
    ...(needs.seccomp_file ? ["--seccomp", "3"] : []),
    ...filesystem(command, needs.can_size_tmp),
    ...environment(command),
    "--",
    tools.prlimit,
    ...rlimitFlags({ ...command.limits, processes_max: command.limits.processes_max + 1 }, true),
    ...(account ? dropTo(tools.setpriv!, account.uid) : []),
    // bwrap's own init leaves before its children are waited for, and their CPU time with it. A shell that waits does not.
    "/bin/sh",
    "-c",
    '"$@"; exit $?',
    "sh",
    ...command.argv,
  ];
  return {
    argv,
    env: {},
    cwd: "/",
    ...(needs.seccomp_file ? { fd3_file: needs.seccomp_file } : {}),
    own_processes: 2,
    killEverything(pid) {
      // The child of bwrap is init of the namespace: with it, the kernel kills all the rest. bwrap itself is left to wait
      // for it, so that the CPU time is counted and the end is the end.
      const inits = childrenOf(pid);
      killAll(inits.length > 0 ? inits : [pid]);
    },
    release: () => account?.[Symbol.dispose](),
  };
}

function namespaces(with_user: boolean): string[] {
  return [
    ...(with_user
      ? ["--unshare-all", "--uid", "65534", "--gid", "65534"]
      : ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]),
    "--hostname",
    "folkhus",
    "--as-pid-1",
    "--die-with-parent",
    "--new-session",
  ];
}

function filesystem(command: SandboxCommand, can_size_tmp: boolean): string[] {
  // bwrap makes missing parents closed to others; the account inside must be able to walk through them.
  const args = ["/etc", "/nix"].flatMap((folder) => ["--perms", "0755", "--dir", folder]);
  for (const folder of SYSTEM_FOLDERS) {
    if (!existsSync(folder)) continue;
    if (lstatSync(folder).isSymbolicLink()) args.push("--symlink", readlinkSync(folder), folder);
    else args.push("--ro-bind", folder, folder);
  }
  for (const file of SYSTEM_FILES) args.push("--ro-bind-try", file, file);
  args.push("--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev");
  if (can_size_tmp) {
    const bytes = Math.min(TMP_BYTES_MAX, command.limits.memory_bytes_max);
    args.push("--perms", "1777", "--size", String(bytes), "--tmpfs", "/tmp");
  }
  const paths = [...command.read_paths, ...(command.write_folder ? [command.write_folder] : [])];
  for (const parent of new Set(paths.flatMap(parentsOf))) {
    if (!isSystem(parent) && parent !== "/tmp") args.push("--perms", "0755", "--dir", parent);
  }
  for (const path of command.read_paths) if (!isSystem(path)) args.push("--ro-bind", path, path);
  if (command.write_folder) args.push("--bind", command.write_folder, command.write_folder);
  args.push("--remount-ro", "/", "--chdir", command.write_folder ?? "/");
  return args;
}

const isSystem = (path: string) => SYSTEM_FOLDERS.some((folder) => path === folder || path.startsWith(`${folder}/`));

function environment(command: SandboxCommand): string[] {
  const env: Record<string, string> = {
    PATH: PATH_INSIDE,
    HOME: command.write_folder ?? "/",
    LANG: "C.UTF-8",
    ...command.env,
  };
  return ["--clearenv", ...Object.entries(env).flatMap(([name, value]) => ["--setenv", name, value])];
}
