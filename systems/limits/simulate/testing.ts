import { compileRuleSet } from "../rule-set-book.ts";
import { DEFAULT_RULE_SET, readRuleSet } from "../rule-set.ts";
import type { RuleSetIn } from "../rules-contract.ts";
import type { SimulationReport } from "./contract.ts";
import { simulate, type SimulateNeeds } from "./simulate.ts";

/** A log as a file that comes in pieces of so many bytes. */
export function fileOf(
  log: string | Uint8Array<ArrayBuffer>,
  piece_bytes = 1_000,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const bytes = typeof log === "string" ? new TextEncoder().encode(log) : log;
  let at = 0;
  return new ReadableStream({
    pull(out) {
      if (at >= bytes.byteLength) return out.close();
      out.enqueue(bytes.slice(at, (at += piece_bytes)));
    },
  });
}

export const compiled = (set: RuleSetIn) => {
  const read = readRuleSet(set);
  if (read.set === null) throw new Error(JSON.stringify(read.troubles));
  return compileRuleSet(read.set);
};

export const simulated = (
  log: string,
  proposed: RuleSetIn,
  more: Partial<SimulateNeeds> & { against?: RuleSetIn } = {},
): Promise<SimulationReport> =>
  simulate({
    file: fileOf(log),
    in_force: compiled(more.against ?? DEFAULT_RULE_SET),
    proposed: compiled(proposed),
    routes: [],
    ...more,
  });

export const START_MS = Date.UTC(2026, 10, 22, 8);

/** A line of the house's access log for a request that came at so many ms, and was answered at once. */
export const houseLine = (at_ms: number, said: Record<string, unknown> = {}): string =>
  `${JSON.stringify({ time: new Date(START_MS + at_ms).toISOString(), method: "GET", route: "/v1/feed", status: 200, ms: 0, person_id: "1", cost_tokens: 1, ...said })}\n`;
