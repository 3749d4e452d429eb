import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { Problem } from "#kernel/errors.ts";

import { type Command, controlFolder, type Hello, SOCKET_NAME, zHello } from "../../../server/control/contract.ts";

/** A process of the house on this machine, that this account runs. */
export interface HouseProcess {
  hello: Hello;
  /** @throws Problem as the house said it, 503 `game_day.away` when it does not answer */
  send<S extends z.ZodType>(command: Command, answer: S): Promise<z.output<S>>;
}

const COMMAND_MS_MAX = 20_000;
const zProblem = z.object({ status: z.number(), code: z.string(), detail: z.string() });
export const zNothing = z.object({});

/**
 * By sockets in the data folder: whoever can write into it is the account that runs the house, and on its machine.
 * @throws Problem 403 for a house of another account
 */
export async function findProcesses(data_folder: string): Promise<HouseProcess[]> {
  const folder = controlFolder(data_folder);
  const uid = process.getuid?.();
  const own = await lstat(folder).catch(() => null);
  if (own === null) return [];
  if (!own.isDirectory() || own.uid !== uid)
    throw new Problem(
      403,
      "game_day.not_yours",
      "This house is run by another account. Run the drill as that account.",
    );
  const found: HouseProcess[] = [];
  for (const name of await readdir(folder)) {
    if (!SOCKET_NAME.test(name)) continue;
    const path = join(folder, name);
    const at = await lstat(path).catch(() => null);
    if (!at?.isSocket() || at.uid !== uid) continue;
    const send = sender(path);
    const hello = await send({ command: "hello" }, zHello).catch(() => null);
    if (hello !== null) found.push({ hello, send });
  }
  return found;
}

const sender =
  (path: string): HouseProcess["send"] =>
  async (command, answer) => {
    const response = await fetch("http://control/", {
      unix: path,
      method: "POST",
      body: JSON.stringify(command),
      signal: AbortSignal.timeout(COMMAND_MS_MAX),
    }).catch((error: unknown) => {
      throw new Problem(503, "game_day.away", `The house did not answer: ${String(error)}`);
    });
    const body: unknown = await response.json().catch(() => null);
    if (response.ok) return answer.parse(body);
    const said = zProblem.safeParse(body);
    throw said.success
      ? new Problem(said.data.status, said.data.code, said.data.detail)
      : new Problem(503, "game_day.away", `The house answered ${response.status}.`);
  };
