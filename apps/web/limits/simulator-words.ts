import type { SimulationReport } from "#systems/limits/contract.ts";

import { spentOf } from "../media/studio/charts/scale.ts";

const NUMBER = new Intl.NumberFormat();
export const whole = (count: number): string => NUMBER.format(count);

const PERCENT = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 2 });
export const shareOf = (count: number, all: number): string => PERCENT.format(count / Math.max(1, all));

/** "800 ms", "40 s", "3 h 20 min" */
export const outWords = (ms: number): string => (ms < 1_000 ? `${ms} ms` : spentOf(ms));

const WHEN = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });
export const whenWords = (ms: number | null): string => (ms === null ? "never" : WHEN.format(ms));

/** `person:7` → "Person 7" */
export function whoWords(key: string): string {
  const [kind = "", ...rest] = key.split(":");
  const name = rest.join(":");
  if (kind === "person") return `Person ${name}`;
  return kind === "address" ? `Address ${name}` : "Nobody that the log names";
}

/** What must be known to judge the numbers, in sentences. */
export function caveatsOf({ log, requests }: SimulationReport): string[] {
  const nobody_named = requests > 0 && log.says.person === 0;
  const told: [is: boolean, sentence: string][] = [
    [log.broken > 0, `${whole(log.broken)} lines could not be read, the first of them line ${log.first_broken_line}.`],
    [log.too_long > 0, `${whole(log.too_long)} lines were too long and left out.`],
    [log.cut, "The file was not read to its end: it is torn, or larger than is read."],
    [log.uncounted > 0, `${whole(log.uncounted)} requests are counted by no rule set: files, media, signing in.`],
    [
      log.unknown_routes > 0,
      `${whole(log.unknown_routes)} requests are for no route of this house; each counts as one token.`,
    ],
    [log.late > 0, `${whole(log.late)} lines stood too far from their place in time.`],
    [log.whole_seconds, "The log knows whole seconds only, so its requests are spread evenly over each."],
    [log.refused_then > 0, `${whole(log.refused_then)} of the requests were refused when they came.`],
    [nobody_named, "The log does not say who anybody was, so rules by person count nothing."],
    [
      requests > 0 && log.says.address === 0 && log.says.person < requests,
      "The log has no addresses, so rules by address count nothing.",
    ],
    [requests > 0 && log.says.space === 0, "The log names no space, so rules by space count nothing."],
  ];
  return told.flatMap(([is, sentence]) => (is ? [sentence] : []));
}

/** As few points as can be seen: neighbours together, nothing lost. */
export function joined<P extends SimulationReport["timeline"][number]>(points: readonly P[], points_max: number): P[] {
  const each = Math.max(1, Math.ceil(points.length / points_max));
  const made: P[] = [];
  for (let from = 0; from < points.length; from += each) {
    const some = points.slice(from, from + each);
    const sum = (of: "requests" | "refused_in_force" | "refused_proposed") =>
      some.reduce((all, one) => all + one[of], 0);
    made.push({
      ...some[0]!,
      requests: sum("requests"),
      refused_in_force: sum("refused_in_force"),
      refused_proposed: sum("refused_proposed"),
    });
  }
  return made;
}
