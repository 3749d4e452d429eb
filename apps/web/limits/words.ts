import type { Algorithm, Level, Mode, SetRule } from "#systems/limits/contract.ts";

/** What limits are called on the page, and a limit as a sentence. */

export const LEVEL_WORDS: Record<Level, [label: string, detail: string]> = {
  person: ["Each person", "All that one person does, by whatever credential."],
  token: ["Each token", "What one token of a person does."],
  space: ["Each space", "Members of a space together; its guests have as much apart."],
  address: ["Each address", "Whoever comes without a good credential. Who is signed in is not counted here."],
  route: ["Each route", "Everybody together, each route by itself."],
  global: ["Everybody", "All of the house together."],
};

export const MODE_WORDS: Record<Mode, [label: string, detail: string]> = {
  on: ["On", "It holds for everybody."],
  shadow: ["Shadow", "It counts whom it would refuse, and refuses nobody."],
  canary: ["Canary", "It holds for a part of its keys, and is a shadow for the others."],
};

export const KIND_WORDS: Record<Algorithm["kind"], string> = {
  bucket: "Token bucket",
  gcra: "Evenly (GCRA)",
  fixed: "Fixed window",
  log: "Sliding log",
  counter: "Sliding counter",
  slots: "At the same time",
};

export const AWAY_WORDS: Record<SetRule["when_away"], string> = {
  share: "Each node allows its part",
  open: "It does not count",
  closed: "It refuses",
};

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 3 });
const numbered = (count: number) => NUMBER.format(count);

const UNITS: [ms: number, one: string][] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
];

/** 60000 → "minute", 90000 → "90 seconds", 250 → "250 ms". */
export function spanOf(ms: number): string {
  const [unit_ms, unit] = UNITS.find(([each]) => ms % each === 0) ?? [1, "ms"];
  const count = ms / unit_ms;
  if (unit === "ms") return `${numbered(count)} ms`;
  return count === 1 ? unit : `${numbered(count)} ${unit}s`;
}

const inSpan = (ms: number) =>
  /^\d/.test(spanOf(ms)) ? `in ${spanOf(ms)}` : `a ${spanOf(ms)}`.replace("a hour", "an hour");

/** "3,000 at once, then 300 a second" */
export function limitInWords(limit: Algorithm): string {
  switch (limit.kind) {
    case "bucket":
      return limit.tokens_per_s >= 1
        ? `${numbered(limit.burst_tokens)} at once, then ${numbered(limit.tokens_per_s)} a second`
        : `${numbered(limit.burst_tokens)} at once, then one each ${numbered(1 / limit.tokens_per_s)} seconds`;
    case "gcra":
      return `${numbered(limit.burst_tokens)} at once, then ${numbered(limit.tokens)} ${inSpan(limit.window_ms)}, evenly`;
    case "fixed":
      return `${numbered(limit.tokens)} ${inSpan(limit.window_ms)}, from the first on`;
    case "log":
      return `${numbered(limit.tokens)} ${inSpan(limit.window_ms)}, exactly`;
    case "counter":
      return `${numbered(limit.tokens)} ${inSpan(limit.window_ms)}, sliding`;
    case "slots":
      return `${numbered(limit.slots)} at the same time`;
  }
}

const HOUR = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "numeric" });
const HOUR_MS = 3_600_000;

/** "Sun, 4 – 5 AM" */
export const hourInWords = (at: string): string => HOUR.formatRange(Date.parse(at), Date.parse(at) + HOUR_MS);

/** "waits up to 0.3 s for its place", or nothing. */
export const patienceInWords = ({ patience_ms }: Pick<SetRule, "patience_ms">): string =>
  patience_ms === 0 ? "" : `, and a request may wait ${numbered(patience_ms / 1_000)} s for its turn`;

export const modeInWords = ({ mode, canary_percent }: Pick<SetRule, "mode" | "canary_percent">): string =>
  mode === "canary" ? `${MODE_WORDS.canary[0]}, ${canary_percent ?? 0} %` : MODE_WORDS[mode][0];

/** A limit of another kind with numbers that are near: what is changed into something else begins somewhere sensible. */
export function turnedInto(limit: Algorithm, kind: Algorithm["kind"]): Algorithm {
  if (limit.kind === kind) return limit;
  const tokens =
    limit.kind === "slots"
      ? 60
      : limit.kind === "bucket"
        ? Math.max(1, Math.round(limit.tokens_per_s * 60))
        : limit.tokens;
  const window_ms = "window_ms" in limit ? limit.window_ms : 60_000;
  const burst_tokens = "burst_tokens" in limit ? limit.burst_tokens : tokens;
  switch (kind) {
    case "bucket":
      return {
        kind,
        burst_tokens,
        tokens_per_s: Math.max(0.001, Math.round((tokens / window_ms) * 1_000_000) / 1_000),
      };
    case "gcra":
      return { kind, tokens, window_ms, burst_tokens };
    case "fixed":
      return { kind, tokens, window_ms };
    case "log":
      return { kind, tokens: Math.min(tokens, 10_000), window_ms };
    case "counter":
      return { kind, tokens, window_ms };
    case "slots":
      return { kind, slots: 10, hold_ms: 60_000 };
  }
}
