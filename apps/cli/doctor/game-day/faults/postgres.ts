import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { Problem } from "#kernel/errors.ts";
import { letGo } from "#ports/sql/postmaster.ts";

import type { Config } from "../../../../server/config.ts";
import type { Fault, Outlook } from "../fault.ts";

/** Of each 400 ms the database works 100. */
const SLOW = { stop_ms: 300, go_ms: 100 };
const LOOK_MS = 50;
const GONE = { stop_ms: 60_000, go_ms: 0 };

export const postgresSlow: Fault = frozen(SLOW);
export const postgresGone: Fault = frozen(GONE);

/** kill -9 of the database's parent process. The house that keeps it starts it again. */
export const postgresKilled: Fault = {
  async obstacle(outlook) {
    const obstacle = await embeddedObstacle(outlook);
    if (obstacle !== null) return obstacle;
    return outlook.hello.keeps_database ? null : "this house would not start its database again";
  },
  async begin({ config }) {
    const pid = await postmasterOf(config);
    if (pid === null) throw new Problem(409, "game_day.no_database", "The processes of the database are not found.");
    process.kill(pid, "SIGKILL");
    return { [Symbol.asyncDispose]: async () => {} };
  },
  async last({ config, clock }, signal) {
    while ((await postmasterOf(config)) === null) await clock.sleep(LOOK_MS, signal);
  },
};

function frozen(pattern: { stop_ms: number; go_ms: number }): Fault {
  return {
    obstacle: embeddedObstacle,
    begin: ({ config, seconds }) => freeze(config, pattern, seconds),
  };
}

export async function embeddedObstacle({ hello, config }: Outlook): Promise<string | null> {
  if (!hello.embedded_database) return "its database is not the embedded one; only the house's own is stopped";
  if (process.platform !== "linux") return "the processes of the database are found by /proc, which Linux has";
  return (await postmasterOf(config)) === null ? "the processes of its database are not found" : null;
}

/** Stops the database's processes by a process that lets them go on when time is over, or when this one ends. */
export async function freeze(
  config: Config,
  { stop_ms, go_ms }: { stop_ms: number; go_ms: number },
  seconds: number,
): Promise<AsyncDisposable> {
  const pid = await postmasterOf(config);
  if (pid === null) throw new Problem(409, "game_day.no_database", "The processes of the database are not found.");
  const child = Bun.spawn(
    [process.execPath, join(import.meta.dirname, "freezing.ts"), ...[pid, stop_ms, go_ms, seconds].map(String)],
    // Beside our group: a Ctrl-C ends this process first, and that one when it notices.
    { stdin: "pipe", stdout: "pipe", stderr: "inherit", detached: true },
  );
  // Its first word: from here on the database stands.
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  reader.releaseLock();
  if (done) throw new Problem(500, "game_day.no_fault", "The database could not be stopped.");
  return {
    async [Symbol.asyncDispose]() {
      await child.stdin.end();
      await child.exited;
      letGo(pid);
    },
  };
}

/** A doctor and its helper that were both killed leave a stopped database: the next drill begins by letting it go on. */
export async function thawLeftBehind(config: Config): Promise<void> {
  const pid = process.platform === "linux" && config.database_url === null ? await postmasterOf(config) : null;
  if (pid !== null) letGo(pid);
}

/** The house's own, seen twice: in the cluster's lock file, and as a process that works on this cluster. */
export async function postmasterOf({ data_folder }: Config): Promise<number | null> {
  const cluster = join(data_folder, "postgres/cluster");
  const pid = Number.parseInt(await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => ""), 10);
  if (!(pid > 0)) return null;
  const command = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return command.includes("postgres") && command.split("\0").includes(cluster) ? pid : null;
}
