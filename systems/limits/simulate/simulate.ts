import { PROGRESS_LINES } from "./bounds.ts";
import type { SimulationReport } from "./contract.ts";
import { inOrder, nothingOrdered } from "./order.ts";
import { entriesOf, type LogSeen, nothingSeen } from "./read.ts";
import { createReplay, type ReplayNeeds } from "./replay.ts";

export interface SimulateNeeds extends ReplayNeeds {
  /** An access log: the house's own lines, nginx's or Apache's common or combined format, packed with gzip or not. */
  file: ReadableStream<Uint8Array<ArrayBuffer>>;
  onProgress?: (so_far: { lines: number; bytes: number }) => void;
  signal?: AbortSignal;
}

/** Replays a log against the rules in force and the proposed ones. Bounded in memory whatever the log; pure but for reading the file. */
export async function simulate(needs: SimulateNeeds): Promise<SimulationReport> {
  const seen = nothingSeen();
  const ordered = nothingOrdered();
  const replay = createReplay(needs);
  for await (const entries of inOrder(watched(needs, seen), ordered)) replay.play(entries);
  const { log, ...rest } = replay.report();
  return { log: { ...seen, ...ordered, ...log }, ...rest };
}

async function* watched({ file, signal, onProgress }: SimulateNeeds, seen: LogSeen) {
  let told = 0;
  for await (const entries of entriesOf(file, seen)) {
    signal?.throwIfAborted();
    yield entries;
    if (seen.lines - told < PROGRESS_LINES) continue;
    told = seen.lines;
    onProgress?.({ lines: seen.lines, bytes: seen.bytes });
  }
}
