import pino, { type Logger } from "pino";
import pretty from "pino-pretty";

import type { Served } from "#ports/http/index.ts";

/** Lines of JSON, or readable ones on a terminal. Never a body, a password, a token or a query string. */
export function createLogLines(level: string, terminal: boolean): Logger {
  const options: pino.LoggerOptions = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  // In this thread: a transport of its own would lose the last lines at a crash, and they matter most.
  return terminal ? pino(options, pretty({ colorize: true, sync: true, ignore: "pid,hostname" })) : pino(options);
}

const SLOW_MS = 1_000;

export function logServed(lines: Logger, served: Served) {
  const { error, ms, ...rest } = served;
  const line = { ...rest, ms: Math.round(ms * 100) / 100 };
  if (error !== undefined) lines.error({ ...line, err: error }, "request failed");
  else if (ms > SLOW_MS) lines.warn(line, "slow request");
  else lines.info(line, "request");
}
