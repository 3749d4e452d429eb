import type { LimitRule } from "./index.ts";

/**
 * The limiter said again as simply as can be, for the tests: each key keeps all its grants, every question counts them again
 * from the first one on, and a wait is found by trying one ms after another.
 */
export interface Model {
  /** @returns ms until it passes */
  wait(now: number, cost: number): number;
  spend(at: number, cost: number): void;
}

interface Grant {
  at: number;
  cost: number;
}

export function createModel(rule: LimitRule): Model {
  const grants: Grant[] = [];
  const passes = passing(rule, grants);
  return {
    wait(now, cost) {
      if (cost === 0) return 0;
      let at = now;
      while (!passes(at, cost)) at++;
      return at - now;
    },
    spend(at, cost) {
      if (cost > 0) grants.push({ at, cost });
    },
  };
}

/** Would it pass at `t`, which is not before now? */
function passing(rule: LimitRule, grants: Grant[]): (t: number, cost: number) => boolean {
  switch (rule.kind) {
    case undefined:
    case "bucket":
      return linear(grants, rule.burst_tokens, 1_000_000n, BigInt(Math.round(rule.tokens_per_s * 1_000)));
    case "gcra":
      return linear(grants, rule.burst_tokens, BigInt(rule.window_ms), BigInt(rule.tokens));
    case "fixed":
      return (t, cost) => {
        let start = -Infinity;
        let used = 0;
        for (const grant of grants) {
          if (grant.at >= start + rule.window_ms) [start, used] = [grant.at, 0];
          used += grant.cost;
        }
        return t >= start + rule.window_ms || (t >= start && used + Math.min(cost, rule.tokens) <= rule.tokens);
      };
    case "log":
      return (t, cost) => {
        const inside = grants.filter(({ at }) => at > t - rule.window_ms).reduce((sum, grant) => sum + grant.cost, 0);
        return t >= (grants.at(-1)?.at ?? t) && inside + Math.min(cost, rule.tokens) <= rule.tokens;
      };
    case "counter":
      return counter(grants, rule.tokens, rule.window_ms / rule.slices!, rule.slices!);
    case "slots":
      throw new Error("Slots are tried by hand.");
  }
}

function linear(grants: Grant[], burst: number, unit: bigint, per_ms: bigint) {
  return (t: number, cost: number) => {
    const cap = BigInt(burst) * unit;
    let level = cap;
    let at = grants[0]?.at ?? t;
    for (const grant of [...grants, { at: t, cost: 0 }]) {
      // Where a grant is booked for later than this, the product is below zero: what comes back until then is spent.
      level += BigInt(grant.at - at) * per_ms;
      if (level > cap) level = cap;
      level -= BigInt(grant.cost) * unit;
      at = grant.at;
    }
    return level >= BigInt(Math.min(cost, burst)) * unit;
  };
}

function counter(grants: Grant[], tokens: number, slice_ms: number, slices: number) {
  return (t: number, cost: number) => {
    let start = 0;
    // Of the slice of each grant, counted from the newest slice's start.
    let counted: { from: number; cost: number }[] = [];
    const moveTo = (time: number) => {
      start += Math.max(0, Math.floor((time - start) / slice_ms)) * slice_ms;
      counted = counted.filter(({ from }) => from >= start - slices * slice_ms);
    };
    for (const grant of grants) {
      moveTo(grant.at);
      if (counted.length === 0) start = grant.at;
      counted.push({ from: start, cost: grant.cost });
    }
    moveTo(t);
    if (counted.length === 0) return true;
    if (t < start) return false;
    let used = 0;
    for (const { from, cost: was } of counted)
      used += was * (from === start - slices * slice_ms ? slice_ms - (t - start) : slice_ms);
    return used + Math.min(cost, tokens) * slice_ms <= tokens * slice_ms;
  };
}
