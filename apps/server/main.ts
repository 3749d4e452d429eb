import { composeHouse } from "./compose.ts";
import { ConfigError, readConfig } from "./config.ts";
import { createLogLines } from "./log-lines.ts";

const DRAIN_MS_MAX = 15_000;
/** The database was away for longer than this process may make ids without it, or the house's own cannot be started again. */
const LOST = "lost";
/** npm hands on a terminal's Ctrl-C that reached us already, so a second one this soon is the same press. */
const SAME_PRESS_MS = 1_000;

/** Starts the house, prints its address, and takes it down in order when it is asked to stop. */
async function main(): Promise<void> {
  const { config, secrets } = readConfig(process.env);
  const terminal = process.stdout.isTTY;
  const lines = createLogLines(config.log_level, terminal);
  const house = await composeHouse(config, secrets, { lines });
  const server = config.roles.has("web") ? await house.listen() : null;
  house.work();
  const control = await house.control(server?.port ?? null);

  if (server) {
    const url = config.public_url ?? `http://localhost:${server.port}`;
    const setup = await house.setupLink(url);
    const notes = await house.notes();
    // In one write, so that whoever reads the first line has the rest too.
    say(
      [
        "",
        ...(setup ? [`  Set it up here, once:   ${setup}`] : []),
        ...notes.map((note) => `  ! ${note}`),
        `  ${config.house_name} is open: ${url}`,
        "",
      ].join("\n"),
    );
  }

  let stopping_since_ms: number | null = null;
  const stop = async (signal: string) => {
    if (stopping_since_ms !== null) {
      if (signal === "SIGINT" && performance.now() - stopping_since_ms > SAME_PRESS_MS) process.exit(130);
      return;
    }
    stopping_since_ms = performance.now();
    lines.info({ signal }, "stopping: finishing what is under way");
    const late = setTimeout(() => {
      lines.error({ ms: DRAIN_MS_MAX * 2 }, "did not stop in time; giving up the rest");
      process.exit(1);
    }, DRAIN_MS_MAX * 2);
    await control?.[Symbol.asyncDispose]();
    await server?.drain(DRAIN_MS_MAX);
    await house[Symbol.asyncDispose]();
    clearTimeout(late);
    lines.info("stopped");
    // Who was asked to stop has done well; who had to is to be started again, also by what starts only those that failed.
    process.exit(signal === LOST ? 1 : 0);
  };
  process.on("SIGINT", () => void stop("SIGINT"));
  process.on("SIGTERM", () => void stop("SIGTERM"));
  house.lost.addEventListener("abort", () => {
    lines.error({ reason: String(house.lost.reason) }, "the house cannot go on and ends, to be started again");
    void stop(LOST);
  });
}

const say = (line: string) => process.stdout.write(`${line}\n`);

try {
  await main();
} catch (error) {
  if (error instanceof ConfigError) process.stderr.write(`${error.message}\n`);
  else
    process.stderr.write(
      `The house could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
  process.exit(error instanceof ConfigError ? 2 : 1);
}
