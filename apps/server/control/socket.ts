import { chmodSync } from "node:fs";
import { chmod, lstat, mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import type { Logger } from "pino";

import { Problem } from "#kernel/errors.ts";
import { problemResponse } from "#ports/http/index.ts";

import {
  type Command,
  COMMAND_BYTES_MAX,
  controlFolder,
  type Hello,
  SOCKET_NAME,
  SOCKET_PATH_BYTES_MAX,
  zCommand,
} from "./contract.ts";
import type { Drills } from "./drills.ts";

export interface ControlNeeds {
  data_folder: string;
  lines: Logger;
  drills: Drills;
  about: () => Omit<Hello, "drill" | "pid">;
}

/** Makes the folder that only this account can look into. @returns null where one stands there that is not ours alone */
export async function ownFolder(data_folder: string): Promise<string | null> {
  const folder = controlFolder(data_folder);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await lstat(folder);
  if (!found.isDirectory() || found.uid !== process.getuid?.()) return null;
  await chmod(folder, 0o700);
  return folder;
}

/**
 * A door for this account on this machine alone: a unix socket (0600) in a folder of its own (0700), which no browser and no
 * network reaches. It takes the few commands of the contract, one body of 4 KiB each.
 * @returns null, with a line in the log, where the folder is not ours or cannot be written to, or its name is too long for a socket
 */
export async function openControl(needs: ControlNeeds): Promise<AsyncDisposable | null> {
  const { data_folder, lines } = needs;
  // A data folder that cannot be written to has no room for a socket either.
  const folder = await ownFolder(data_folder).catch(() => null);
  const path = folder === null ? null : join(folder, `${process.pid}.sock`);
  if (folder === null || path === null || Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    lines.warn(
      { folder: controlFolder(data_folder) },
      "there is no control socket: its folder is not ours or cannot be written to, or its name is too long",
    );
    return null;
  }
  await sweep(folder);
  const server = Bun.serve({
    unix: path,
    maxRequestBodySize: COMMAND_BYTES_MAX,
    async fetch(request) {
      try {
        if (request.method !== "POST") throw new Problem(405, "control.wrong_method", "Commands are POSTed.");
        return Response.json(await obey(zCommand, request, needs));
      } catch (error) {
        const problem =
          error instanceof Problem ? error : new Problem(500, "control.failed", "That did not work. The log says why.");
        if (problem !== error) lines.error({ err: String(error) }, "a command of a drill failed");
        return problemResponse(problem, crypto.randomUUID());
      }
    },
  });
  chmodSync(path, 0o600);
  return {
    async [Symbol.asyncDispose]() {
      await server.stop(true);
      await rm(path, { force: true });
    },
  };
}

async function obey(schema: typeof zCommand, request: Request, { drills, about }: ControlNeeds): Promise<object> {
  const parsed = schema.safeParse(await request.json().catch(() => null));
  if (!parsed.success) throw new Problem(400, "control.unknown_command", "There is no such command.");
  const asked: Command = parsed.data;
  switch (asked.command) {
    case "hello":
      return { ...about(), pid: process.pid, drill: drills.current() } satisfies Hello;
    case "hold":
      return { hold: drills.hold(asked.drill, asked.lease_s) };
    case "renew":
      drills.renew(asked.hold, asked.lease_s, asked.drill);
      return {};
    case "release":
      await drills.release(asked.hold);
      return {};
    case "step_clock":
      drills.stepClock(asked.hold, asked.by_ms, asked.lease_s);
      return {};
    case "cut":
      drills.cut(asked.hold, asked.what, asked.how, asked.lease_s);
      return {};
    case "wipe_caches":
      return { caches: await drills.wipeCaches(asked.hold) };
    case "make_guests":
      return { guests: await drills.makeGuests(asked.hold, asked.count) };
  }
}

/** Sockets of processes that were killed. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = Number(SOCKET_NAME.exec(name)?.[1] ?? 0);
    if (pid > 0 && (pid === process.pid || !isAlive(pid))) await rm(join(folder, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { code?: string }).code === "EPERM";
  }
}
