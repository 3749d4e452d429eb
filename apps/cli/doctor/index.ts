import { createSystemClock } from "#ports/clock/index.ts";

import { ConfigError, readConfig } from "../../server/config.ts";
import { command } from "../command.ts";
import { film } from "./film.ts";
import { broken, type Finding } from "./finding.ts";
import { machine } from "./machine.ts";
import { network } from "./network.ts";
import { reach } from "./reach.ts";
import { state } from "./state.ts";

const MARKS = { ok: "✓", warn: "!", broken: "✗" } as const;

export const doctorCommand = command({
  path: ["doctor"],
  summary: "What works here, what is degraded, and why",
  about: "Looks and changes nothing. Exit code 1 when something is broken.",
  options: { json: { type: "boolean", says: "the findings as JSON" } },
  async run({ json }, terminal) {
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
