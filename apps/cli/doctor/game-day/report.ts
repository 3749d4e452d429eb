import { columns } from "../../command.ts";
import type { Drill } from "./drills.ts";
import type { Figures } from "./figures.ts";
import type { DrillReport } from "./run.ts";
import { percent } from "./verdict.ts";

/** What a terminal shows of a line before it breaks it where it likes. */
export const COLUMNS = 80;

/** For people: what was done, what others saw of it, whether that is as it should be, and what to do where it is not. */
export function reportLines(drill: Drill, report: DrillReport): string[] {
  if (report.skipped !== null)
    return ["", ...wrapped(`- ${drill.name}: not run, for ${report.skipped}.`, "  ", "    ")];
  const { kept } = report;
  const settled = [
    ...(kept.sent_again > 0 ? [`${kept.sent_again} that had no answer are there once after they were sent again`] : []),
    ...(kept.open > 0 ? [`${kept.open} could not be settled`] : []),
  ];
  return [
    "",
    ...wrapped(`${report.passed ? "✓" : "✗"} ${drill.name} for ${report.seconds} s: it ${drill.does}.`, "  ", "    "),
    "",
    ...wrapped(`Promised: ${drill.promise}`, "    "),
    ...wrapped(`People saw: ${seenBy(report)}`, "    "),
    ...wrapped(
      `Of ${kept.written} notes that they wrote ${kept.acknowledged} were acknowledged; ${kept.lost} of these are lost, ${kept.doubled} doubled.${settled.length > 0 ? ` ${settled.join("; ")}.` : ""}`,
      "    ",
    ),
    ...(report.storm === null ? [] : wrapped(report.storm, "    ")),
    "",
    ...columns([
      ["", "", "before", "", "while it lasted", "", "after", ""],
      ["", "ms", "p50", "p99", "p50", "p99", "p50", "p99"],
      ...report.probes.map(({ probe, before, during: then, after }) => [
        "",
        probe,
        ...times(before),
        ...times(then),
        ...times(after),
      ]),
    ]),
    ...reasonLines("Why not:", report.reasons),
    ...reasonLines("Still so at its end:", report.still),
    "",
    ...report.verdicts.flatMap(({ met, says }) => wrapped(`${met ? "✓" : "✗"} ${says}`, "    ", "      ")),
    ...(report.passed ? [] : ["", ...wrapped(`What to do: ${drill.advice}`, "    ")]),
  ];
}

const reasonLines = (title: string, reasons: DrillReport["reasons"]): string[] =>
  reasons.length === 0
    ? []
    : ["", `    ${title}`, ...reasons.flatMap(({ because, count }) => wrapped(`${count} × ${because}`, "      "))];

/** In words; what did not happen is not told. */
function seenBy({ during, healed_ms }: DrillReport): string {
  const of = (count: number) => percent(during.asked === 0 ? 0 : count / during.asked);
  const shares: [number, string][] = [
    [during.ok, "were answered at once"],
    [during.slow, "after more than a second"],
    [during.refused, "were refused with the reason and when to come back"],
    [during.failed, "met an error that says nothing"],
    [during.unanswered, "had no answer"],
  ];
  const told = shares.filter(([count]) => count > 0).map(([count, words]) => `${of(count)} ${words}`);
  const healed =
    healed_ms === null
      ? "It was not as before when the drill gave up waiting."
      : healed_ms < 100
        ? "It was as before at once."
        : `It was as before ${(healed_ms / 1_000).toFixed(1)} s after the fault was gone.`;
  return `of ${during.asked} requests ${told.join(", ")}. ${healed}`;
}

const times = ({ p50_ms, p99_ms }: Figures) =>
  [p50_ms, p99_ms].map((ms) => (ms === null ? "none" : ms.toFixed(ms < 10 ? 1 : 0)));

/** Lines of a terminal's width, broken between words. */
export function wrapped(text: string, indent: string, further = indent): string[] {
  const lines: string[] = [];
  let line = indent;
  let is_empty = true;
  for (const word of text.split(" ")) {
    if (!is_empty && line.length + 1 + word.length > COLUMNS) {
      lines.push(line);
      [line, is_empty] = [further, true];
    }
    line += is_empty ? word : ` ${word}`;
    is_empty = false;
  }
  return [...lines, line];
}

export function closingLine(reports: readonly DrillReport[]): string {
  const run = reports.filter(({ skipped }) => skipped === null);
  const missed = run.filter(({ passed }) => !passed).map(({ drill }) => drill);
  const left_out = reports.length - run.length;
  const words = `${run.length} drills run, ${left_out} not for this house. ${missed.length === 0 ? "All was as promised." : `Not as promised: ${missed.join(", ")}.`}`;
  return wrapped(words, "  ").join("\n");
}
