import { LOG_LINES_MAX } from "./bounds.ts";
import type { LogEntry, ReadLine } from "./entry.ts";
import { linesOf, type LinesSeen } from "./lines.ts";
import { readCombinedLine } from "./log-combined.ts";
import { readJsonLine } from "./log-json.ts";

/** What a log turned out to be. */
export interface LogSeen extends LinesSeen {
  lines: number;
  /** Read as requests. */
  requests: number;
  /** Lines that tell of something else. */
  other: number;
  /** Lines that could not be read, and the number of the first. */
  broken: number;
  first_broken_line: number | null;
}

export const nothingSeen = (): LogSeen => ({
  bytes: 0,
  too_long: 0,
  cut: false,
  lines: 0,
  requests: 0,
  other: 0,
  broken: 0,
  first_broken_line: null,
});

/** The requests of a log as they stand in it, in batches; each line is read by what it looks like, so both forms may be mixed. */
export async function* entriesOf(
  file: ReadableStream<Uint8Array<ArrayBuffer>>,
  seen: LogSeen,
): AsyncGenerator<LogEntry[]> {
  for await (const lines of linesOf(file, seen)) {
    const entries: LogEntry[] = [];
    for (const line of lines) {
      if (seen.lines === LOG_LINES_MAX) {
        seen.cut = true;
        break;
      }
      seen.lines++;
      const read = readLine(line);
      if (read === "other") seen.other++;
      else if (read === "broken") {
        seen.broken++;
        seen.first_broken_line ??= seen.lines;
      } else entries.push(read);
    }
    seen.requests += entries.length;
    yield entries;
    if (seen.lines === LOG_LINES_MAX && seen.cut) return;
  }
}

export function readLine(line: string): ReadLine {
  const first = line.charCodeAt(0);
  if (first === 0x7b) return readJsonLine(line);
  if (line === "" || line === "\r") return "other";
  return readCombinedLine(line);
}
