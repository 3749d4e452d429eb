import { createSystemClock } from "#ports/clock/index.ts";

import { ConfigError, readConfig } from "../../server/config.ts";
import { command, UsageError } from "../command.ts";
import { film } from "./film.ts";
import { broken, type Finding } from "./finding.ts";
import { FAULT_S } from "./game-day/bounds.ts";
import { DRILLS } from "./game-day/drills.ts";
import { gameDay, listDrills } from "./game-day/index.ts";
import { machine } from "./machine.ts";
import { network } from "./network.ts";
import { reach } from "./reach.ts";
import { state } from "./state.ts";

const MARKS = { ok: "✓", warn: "!", broken: "✗" } as const;

export const doctorCommand = command({
  path: ["doctor"],
  summary: "What works here, what is degraded, and why",
  about:
    "Looks and changes nothing. Exit code 1 when something is broken.\n" +
    "With --game-day it makes the running house ill for a short while, tells what people would have seen, and how long it took to heal.\n" +
    `Drills: ${DRILLS.map(({ name }) => name).join(", ")}.`,
  options: {
    json: { type: "boolean", says: "the findings as JSON" },
    "game-day": { type: "boolean", says: "run drills on the house of this data folder; it is asked first" },
    seconds: { type: "string", value: "N", says: `how long each fault lasts; ${FAULT_S} where nothing is said` },
    yes: { type: "boolean", says: "begin the drills without asking" },
    list: { type: "boolean", says: "with --game-day: what the drills do, and which fit this house; nothing is done" },
    "with-people": { type: "boolean", says: "begin also where people are connected; they will notice" },
    supervised: { type: "boolean", says: "something starts the house again when it ends, so it may be killed" },
  },
  words: { value: "DRILL", says: "with --game-day: only these; all that fit the house where none is named" },
  async run({ json, seconds, yes, supervised, list, ...values }, terminal, names) {
    const with_people = values["with-people"];
    if (values["game-day"])
      return list
        ? listDrills({ names, supervised, json }, terminal)
        : gameDay({ names, seconds, yes, with_people, supervised, json }, terminal);
    if (names.length > 0 || seconds !== undefined || yes || supervised || list || with_people)
      throw new UsageError("Drills need --game-day: folk doctor --game-day redis-gone.");
    const findings = await examine(terminal.env);
    if (json) terminal.out(JSON.stringify({ findings }, null, 2));
    else for (const line of report(findings)) terminal.out(line);
    return findings.some((finding) => finding.state === "broken") ? 1 : 0;
  },
});

/** Never throws: what cannot be looked at is a finding too. */
export async function examine(env: Record<string, string | undefined>): Promise<Finding[]> {
  let read: ReturnType<typeof readConfig>;
  try {
    read = readConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return [broken("settings", "the environment", error.message)];
  }
  const { config, secrets } = read;
  const clock = createSystemClock();
  const parts = await Promise.all([
    machine(config),
    network(config, secrets),
    state(config, clock),
    film(config, clock),
    reach(config, secrets, clock),
  ]);
  return parts.flat();
}

export function report(findings: Finding[]): string[] {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, state: seen, detail, advice }) => [
    `  ${MARKS[seen]} ${name.padEnd(width)}  ${detail}`,
    ...(advice ? [`    ${" ".repeat(width)}  ${advice}`] : []),
  ]);
  const count = (seen: Finding["state"]) => findings.filter((finding) => finding.state === seen).length;
  const verdict =
    count("broken") > 0
      ? `${count("broken")} broken, ${count("warn")} degraded.`
      : count("warn") > 0
        ? `It works; ${count("warn")} degraded.`
        : "All is well.";
  return [...lines, "", `  ${verdict}`];
}
