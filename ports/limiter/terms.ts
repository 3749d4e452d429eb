import {
  LIMIT_BURST_TOKENS_MAX,
  LIMIT_COUNTER_EXACT_TOKENS_MAX,
  LIMIT_HOLD_MS_MAX,
  LIMIT_LOG_TOKENS_MAX,
  LIMIT_PRODUCT_MAX,
  LIMIT_SLICES_DEFAULTS,
  LIMIT_SLICES_MAX,
  LIMIT_SLOTS_MAX,
  LIMIT_WINDOW_MS_MAX,
} from "./bounds.ts";
import type { BucketRule, CounterRule, GcraRule, LimitRule, SlotsRule, WindowRule } from "./rules.ts";

/** A rule in the whole numbers that it is reckoned with; the same for every engine. */
export type Terms = LinearTerms | WindowTerms | CounterTerms | SlotsTerms;

interface Common {
  /** Where what is kept under one layout cannot be read as another. A key whose layout changes begins anew. */
  layout: string;
  /** Tokens that pass at once at most. */
  capacity: number;
}

/** Bucket and gcra: `per_ms` units come back each ms, a token is `unit` of them, and at most `cap` are there. */
export interface LinearTerms extends Common {
  kind: "linear";
  unit: number;
  per_ms: number;
  cap: number;
}

export interface WindowTerms extends Common {
  kind: "fixed" | "log";
  window_ms: number;
}

export interface CounterTerms extends Common {
  kind: "counter";
  slice_ms: number;
  slices: number;
}

export interface SlotsTerms extends Common {
  kind: "slots";
  hold_ms: number;
}

/**
 * A rate in millitokens per second, over milliseconds, gives microtokens: so a refill is one integer product without a
 * remainder. 10⁹ tokens are 10¹⁵ microtokens, below 2⁵³.
 */
export const MICRO = 1_000_000;

const known = new WeakMap<LimitRule, Terms>();

/** @throws RangeError for a rule that could never let anything pass, or that overflows */
export function termsOf(rule: LimitRule): Terms {
  const held = known.get(rule);
  if (held) return held;
  const terms = reckon(rule);
  known.set(rule, terms);
  return terms;
}

function reckon(rule: LimitRule): Terms {
  switch (rule.kind) {
    case undefined:
    case "bucket":
      return bucket(rule);
    case "gcra":
      return gcra(rule);
    case "fixed":
    case "log":
      return aWindow(rule);
    case "counter":
      return counter(rule);
    case "slots":
      return slots(rule);
  }
}

function bucket(rule: BucketRule): LinearTerms {
  const { name, burst_tokens, tokens_per_s } = rule;
  const per_ms = Math.round(tokens_per_s * 1_000);
  if (!isWhole(burst_tokens, 1, LIMIT_BURST_TOKENS_MAX))
    throw new RangeError(`The rule ${name} must hold 1…${LIMIT_BURST_TOKENS_MAX} whole tokens, not ${burst_tokens}.`);
  if (!isWhole(per_ms, 1, LIMIT_BURST_TOKENS_MAX * 1_000)) {
    throw new RangeError(
      `The rule ${name} must refill with 0.001…${LIMIT_BURST_TOKENS_MAX} tokens a second, not ${tokens_per_s}.`,
    );
  }
  return { kind: "linear", layout: "b", capacity: burst_tokens, unit: MICRO, per_ms, cap: burst_tokens * MICRO };
}

function gcra({ name, tokens, window_ms, burst_tokens }: GcraRule): LinearTerms {
  span(name, tokens, window_ms);
  // Units that come back within the longest wait are a debt that must be a whole number too.
  if (!isWhole(burst_tokens, 1, LIMIT_BURST_TOKENS_MAX) || burst_tokens * window_ms > LIMIT_PRODUCT_MAX)
    throw new RangeError(
      `The rule ${name} must allow a burst of 1 or more whole tokens, and burst × window below 2⁵².`,
    );
  const cap = burst_tokens * window_ms;
  return { kind: "linear", layout: `g${window_ms}`, capacity: burst_tokens, unit: window_ms, per_ms: tokens, cap };
}

function aWindow({ name, kind, tokens, window_ms }: WindowRule): WindowTerms {
  span(name, tokens, window_ms);
  if (kind === "log" && tokens > LIMIT_LOG_TOKENS_MAX)
    throw new RangeError(`The rule ${name} keeps a log, of at most ${LIMIT_LOG_TOKENS_MAX} tokens. Use a counter.`);
  return { kind, layout: kind === "log" ? "l" : "f", capacity: tokens, window_ms };
}

function counter(rule: CounterRule): CounterTerms | WindowTerms {
  const { name, tokens, window_ms, slices = slicesOf(window_ms) } = rule;
  span(name, tokens, window_ms);
  if (rule.slices === undefined && tokens <= LIMIT_COUNTER_EXACT_TOKENS_MAX)
    return { kind: "log", layout: `c${window_ms}`, capacity: tokens, window_ms };
  if (!isWhole(slices, 1, LIMIT_SLICES_MAX) || window_ms % slices !== 0)
    throw new RangeError(
      `The rule ${name} must have 1…${LIMIT_SLICES_MAX} slices that divide its window, not ${slices}.`,
    );
  const slice_ms = window_ms / slices;
  return { kind: "counter", layout: `c${slice_ms}x${slices}`, capacity: tokens, slice_ms, slices };
}

const slicesOf = (window_ms: number) => LIMIT_SLICES_DEFAULTS.find((slices) => window_ms % slices === 0) ?? 1;

function slots({ name, slots: count, hold_ms }: SlotsRule): SlotsTerms {
  if (!isWhole(count, 1, LIMIT_SLOTS_MAX) || !isWhole(hold_ms, 1, LIMIT_HOLD_MS_MAX))
    throw new RangeError(
      `The rule ${name} must have 1…${LIMIT_SLOTS_MAX} slots, each held for 1…${LIMIT_HOLD_MS_MAX} ms.`,
    );
  return { kind: "slots", layout: "s", capacity: count, hold_ms };
}

function span(name: string, tokens: number, window_ms: number): void {
  if (!isWhole(tokens, 1, LIMIT_BURST_TOKENS_MAX) || !isWhole(window_ms, 1, LIMIT_WINDOW_MS_MAX))
    throw new RangeError(`The rule ${name} must allow whole tokens in 1…${LIMIT_WINDOW_MS_MAX} whole ms.`);
  // What was fined may be as much again.
  if (2 * tokens * window_ms > LIMIT_PRODUCT_MAX)
    throw new RangeError(`The rule ${name} allows more than can be reckoned exactly: tokens × window is above 2⁵¹.`);
}

const isWhole = (n: number, min: number, max: number) => Number.isInteger(n) && n >= min && n <= max;
