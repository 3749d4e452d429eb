import type { Algorithm, LimitsInForce, SimulationReport } from "#systems/limits/index.ts";

import { columns } from "./command.ts";

/** What the commands of limits say to people. */

const ROWS_MAX = 10;
const whole = (n: number) => Math.round(n).toLocaleString("en");
const minute = (ms: number | null) =>
  ms === null ? "never" : `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")}`;

/** `300 tokens/s, 3,000 at once` */
export function limitWords(limit: Algorithm): string {
  switch (limit.kind) {
    case "bucket":
      return `${perSecond(limit.tokens_per_s)}, ${whole(limit.burst_tokens)} at once`;
    case "gcra":
      return `${whole(limit.tokens)} in ${spanWords(limit.window_ms)} evenly, ${whole(limit.burst_tokens)} at once`;
    case "slots":
      return `${whole(limit.slots)} at the same time`;
    default:
      return `${whole(limit.tokens)} in ${spanWords(limit.window_ms)} (${limit.kind})`;
  }
}

const perSecond = (n: number) => (n >= 1 ? `${whole(n)}/s` : `${Number((n * 60).toFixed(2))}/min`);

/** `90 s`, `5 min`, `1 h`, `2 days` */
export function spanWords(ms: number): string {
  if (ms < 1_000) return `${ms} ms`;
  const s = ms / 1_000;
  if (s < 120) return `${Number(s.toFixed(1))} s`;
  if (s < 7_200) return `${Number((s / 60).toFixed(1))} min`;
  if (s < 172_800) return `${Number((s / 3_600).toFixed(1))} h`;
  return `${Number((s / 86_400).toFixed(1))} days`;
}

export function toldRules({ version, set, publishings, trouble }: LimitsInForce): string[] {
  const [last] = publishings;
  const since = last
    ? `, published ${minute(Date.parse(last.at))} UTC by @${last.by?.handle ?? "somebody who left"}`
    : "";
  return [
    `Version ${version}${version === "0" ? ", the house's own" : since}${last?.note ? `: ${last.note}` : ""}`,
    ...(trouble === null ? [] : [`This node holds by another: ${trouble}`]),
    "",
    ...columns([
      ["RULE", "COUNTS BY", "MODE", "LIMIT", "ROUTES"],
      ...set.rules.map((rule) => [
        rule.id,
        rule.level,
        rule.mode === "canary" ? `canary ${rule.canary_percent} %` : rule.mode,
        limitWords(rule.limit) + (rule.patience_ms > 0 ? `, waits ${spanWords(rule.patience_ms)}` : ""),
        rule.routes.length === 0 ? "all" : rule.routes.join(", "),
      ]),
      ...set.rules.flatMap((rule) =>
        Object.entries(rule.tiers).flatMap(([tier, limit]) =>
          limit ? [[`  ${rule.id}`, tier, "", limitWords(limit), ""]] : [],
        ),
      ),
    ]),
  ];
}

/** @param names handles of those who are told, by `person:ID` */
export function toldSimulation(
  report: SimulationReport,
  against: string,
  names: ReadonlyMap<string, string>,
  took_ms: number,
): string[] {
  const { log, in_force, proposed, change } = report;
  const share = (n: number) => `${whole(n)} (${((100 * n) / Math.max(1, report.requests)).toFixed(2)} %)`;
  const who = (key: string) => names.get(key) ?? key;
  const count = ({ who: n, who_exact }: { who: number; who_exact: boolean }) =>
    `${whole(n)}${who_exact ? "" : " at least"}`;
  return [
    `${whole(report.requests)} requests of ${minute(log.first_at_ms)} to ${minute(log.last_at_ms)} UTC, from ${whole(log.lines)} lines in ${(took_ms / 1_000).toFixed(1)} s (${whole(log.lines / Math.max(0.001, took_ms / 1_000))} lines/s).`,
    ...caveats(report).map((line) => `  ${line}`),
    "",
    ...columns([
      ["", "in force", "proposed"],
      ["refused", share(in_force.refused), share(proposed.refused)],
      ["who", count(in_force), count(proposed)],
      ["first", minute(in_force.first_at_ms), minute(proposed.first_at_ms)],
      ["longest out", spanWords(in_force.longest_out_ms), spanWords(proposed.longest_out_ms)],
      ["on trial, would refuse", share(in_force.would_refuse), share(proposed.would_refuse)],
    ]),
    `  In force is ${against}. Newly refused: ${whole(change.newly_refused)}; no longer refused: ${whole(change.no_longer_refused)}.`,
    ...table(
      "BY RULE, PROPOSED",
      proposed.by_rule
        .filter((one) => one.refused + one.would_refuse > 0)
        .map((one) => [
          one.rule,
          one.level,
          `${whole(one.refused)} refused`,
          one.would_refuse > 0 ? `${whole(one.would_refuse)} on trial` : "",
        ]),
    ),
    ...table(
      "BY ROUTE, PROPOSED",
      proposed.by_route.map((one) => [one.route, `${whole(one.refused)} of ${whole(one.requests)}`]),
    ),
    ...table(
      `REFUSED ONLY BY THE PROPOSED: ${whole(change.newly_count)}${change.newly_exact ? "" : " at least"}`,
      change.newly.map((one) => [
        who(one.key),
        `${whole(one.refused)}${one.error > 0 ? ` to ${whole(one.refused + one.error)}` : ""} refused`,
        `from ${minute(one.first_at_ms)}`,
        `out for ${spanWords(one.longest_out_ms)}`,
      ]),
    ),
  ];
}

function table(title: string, rows: string[][]): string[] {
  if (rows.length === 0) return [];
  const more = rows.length - ROWS_MAX;
  return [
    "",
    title,
    ...columns(rows.slice(0, ROWS_MAX)),
    ...(more > 0 ? [`  and ${whole(more)} more; see --json`] : []),
  ];
}

/** What must be known to judge the numbers. */
export function caveats({ log, requests }: SimulationReport): string[] {
  const told: [number | boolean, string][] = [
    [log.broken, `${whole(log.broken)} lines could not be read, the first of them line ${log.first_broken_line}.`],
    [log.too_long, `${whole(log.too_long)} lines were too long and left out.`],
    [log.cut, "The file ends before its end, or is larger than is read."],
    [log.uncounted, `${whole(log.uncounted)} requests are counted by no rule set: files, media, signing in.`],
    [
      log.unknown_routes,
      `${whole(log.unknown_routes)} requests are for no route of this house; each counts as one token.`,
    ],
    [log.late, `${whole(log.late)} lines stood too far from their place, by up to ${spanWords(log.late_ms_max)}.`],
    [log.whole_seconds, "The log knows whole seconds only; its requests are spread evenly over each."],
    [log.refused_then, `${whole(log.refused_then)} of them were refused when they came.`],
    [requests > 0 && log.says.person === 0, "The log does not say who anybody was, so rules by person count nothing."],
    [
      requests > 0 && log.says.address === 0 && log.says.person < requests,
      "The log has no addresses, so rules by address count nothing.",
    ],
    [requests > 0 && log.says.space === 0, "The log names no space, so rules by space count nothing."],
  ];
  return told.flatMap(([is, line]) => (is ? [line] : []));
}
