import type { House } from "../server/compose.ts";
import { type Config, readConfig } from "../server/config.ts";
import { createLogLines } from "../server/log-lines.ts";
import type { Terminal } from "./command.ts";

/**
 * The house for one command: on the state of a running server, which goes on, or on the data folder alone. Only what
 * goes wrong is logged.
 * @param change what this command needs otherwise than the environment says
 */
export async function openHouse({ env }: Terminal, change: Partial<Config> = {}): Promise<House> {
  const { config, secrets } = readConfig(env);
  // Loaded only here, so that help and the doctor answer at once, and also where the house cannot be composed.
  const { composeHouse } = await import("../server/compose.ts");
  const lines = createLogLines(env.FOLKHUS_LOG ?? "error", false);
  return composeHouse({ ...config, ...change }, secrets, { lines, beside_a_server: true });
}
