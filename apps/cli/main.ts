import { Problem } from "#kernel/errors.ts";

import { ConfigError } from "../server/config.ts";
import { type Command, help, parse, type Terminal, UsageError } from "./command.ts";
import { demoCommand } from "./demo/index.ts";
import { doctorCommand } from "./doctor/index.ts";
import { feedCommands } from "./feed.ts";
import { jobsCommands } from "./jobs.ts";
import { limitsCommands } from "./limits.ts";
import { lineCommands } from "./line.ts";
import { routesCommand } from "./routes.ts";
import { upCommand } from "./up.ts";
import { userCommands } from "./user.ts";

export const COMMANDS: readonly Command[] = [
  upCommand,
  doctorCommand,
  ...userCommands,
  ...feedCommands,
  ...lineCommands,
  ...limitsCommands,
  ...jobsCommands,
  demoCommand,
  routesCommand,
];

/** @returns the exit code: 0 done, 1 could not, 2 asked wrongly */
export async function main(argv: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const parsed = parse(argv, COMMANDS);
    if ("help" in parsed) {
      terminal.out(help(parsed.help, parsed.among ?? COMMANDS));
      return 0;
    }
    return await parsed.command.run(parsed.values, terminal, parsed.words);
  } catch (error) {
    if (error instanceof UsageError) {
      const more = error.command ? `folk ${error.command.path.join(" ")} --help` : "folk help";
      terminal.err(`${error.message} See: npm run ${more.replace("folk", "folk --")}`);
      return 2;
    }
    if (error instanceof ConfigError) {
      terminal.err(error.message);
      return 2;
    }
    terminal.err(
      error instanceof Problem
        ? error.detail
        : `It broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return 1;
  }
}

if (import.meta.main) {
  process.exit(
    await main(process.argv.slice(2), {
      out: (line) => process.stdout.write(`${line}\n`),
      err: (line) => process.stderr.write(`${line}\n`),
      env: process.env,
      interactive: process.stdin.isTTY === true,
    }),
  );
}
