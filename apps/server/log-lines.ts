import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

import type { Served } from "#ports/http/index.ts";

/** Lines of JSON, or readable ones on a terminal. Never a body, a password, a token or a query string. */
export function createLogLines(level: string, terminal: boolean, to?: pino.DestinationStream): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: plainError, error: plainError },
  };
  // In this thread: a transport of its own would lose the last lines at a crash, and they matter most.
  const stream = to ?? (terminal ? pretty({ colorize: true, sync: true, ignore: "pid,hostname" }) : undefined);
  return stream ? pino(options, stream) : pino(options);
}

/** What says where and why. PostgreSQL adds `detail` with the whole row that it refused, which is what somebody wrote. */
const TOLD = ["type", "message", "stack", "name", "code", "errno", "table", "column", "constraint", "routine"];

function plainError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const known = pino.stdSerializers.err(error) as unknown as Record<string, unknown>;
  return Object.fromEntries(TOLD.flatMap((name) => (known[name] === undefined ? [] : [[name, known[name]]])));
}

const SLOW_MS = 1_000;

export function logServed(lines: Logger, served: Served) {
  // What limits were asked has the address whole, and no log has that.
  const { error, ms, limited: _, ...rest } = served;
  const line = { ...rest, ms: Math.round(ms * 100) / 100 };
  if (error !== undefined) lines.error({ ...line, err: error }, "request failed");
  else if (ms > SLOW_MS) lines.warn(line, "slow request");
  else lines.info(line, "request");
}
