import { columns } from "../../command.ts";
import type { Drill } from "./drills.ts";
import type { Figures } from "./figures.ts";
import type { DrillReport } from "./run.ts";
import { percent } from "./verdict.ts";

/** For people: what was done, what others saw of it, and whether that is as it should be. */
export function reportLines(drill: Drill, report: DrillReport): string[] {
  if (report.skipped !== null) return ["", `  - ${drill.name}: not run, for ${report.skipped}.`];
  const { during, kept, healed_ms } = report;
  const of = (count: number) => percent(during.asked === 0 ? 0 : count / during.asked);
  return [
    "",
    `  ${report.passed ? "✓" : "✗"} ${drill.name}: ${drill.does}, for ${report.seconds} s`,
    `    ${drill.promise}`,
    "",
    `    While it lasted, of ${during.asked} requests ${of(during.ok)} were answered, ${of(during.slow)} slowly (over 1 s), ${of(during.refused)} refused with the reason,`,
    `    ${of(during.failed)} failed, ${of(during.unanswered)} had no answer. Healed ${healed_ms === null ? "not yet" : `after ${(healed_ms / 1_000).toFixed(1)} s`}.`,
    `    Written: ${kept.written}; acknowledged: ${kept.acknowledged}; lost: ${kept.lost}; doubled: ${kept.doubled}; sent again and there once: ${kept.sent_again}; left open: ${kept.open}.`,
    ...(report.storm === null ? [] : [`    ${report.storm}`]),
    "",
    ...columns([
      ["", "", "before", "", "while it lasted", "", "after", ""],
      ["", "", "p50", "p99 ms", "p50", "p99 ms", "p50", "p99 ms"],
      ...report.probes.map(({ probe, before, during: then, after }) => [
        "",
        probe,
        ...times(before),
        ...times(then),
        ...times(after),
      ]),
    ]),
    ...(report.reasons.length === 0 ? [] : ["", "    Why not:"]),
    ...report.reasons.map(({ because, count }) => `      ${count} × ${because}`),
    "",
    ...report.verdicts.map(({ met, says }) => `    ${met ? "✓" : "✗"} ${says}`),
  ];
}

const times = ({ p50_ms, p99_ms }: Figures) =>
  [p50_ms, p99_ms].map((ms) => (ms === null ? "none" : ms.toFixed(ms < 10 ? 1 : 0)));

export function closingLine(reports: readonly DrillReport[]): string {
  const run = reports.filter(({ skipped }) => skipped === null);
  const missed = run.filter(({ passed }) => !passed).map(({ drill }) => drill);
  const left_out = reports.length - run.length;
  return `  ${run.length} drills run, ${left_out} not for this house. ${missed.length === 0 ? "All was as promised." : `Not as promised: ${missed.join(", ")}.`}`;
}
