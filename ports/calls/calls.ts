import { createRetryBudget } from "#kernel/retry-budget.ts";
import type { Clock } from "#ports/clock/index.ts";

import { createAnswers } from "./answers.ts";
import { CALL_BOUNDS, type CallBounds, KEYS_MAX } from "./bounds.ts";
import { createBulkhead } from "./bulkhead.ts";
import { createCounts } from "./counts.ts";
import { createDependency, type OwnedDependency } from "./dependency.ts";
import type { Calls, CallStats, Dependencies, DependencyOptions, EachOptions } from "./index.ts";
import { DependencyBusy } from "./refusals.ts";

export interface CallsNeeds {
  clock: Clock;
  /** Told once for each time that one goes away, with the first reason, and when it is back. */
  onAway?: (told: { name: string; key: string | null; reason: string }) => void;
  onBack?: (told: { name: string; key: string | null }) => void;
}

export function createCalls({ clock, onAway, onBack }: CallsNeeds): Calls {
  const all = new Map<string, { stats(): CallStats; away(): string | null }>();

  function partsOf(name: string, given: Partial<CallBounds>) {
    if (all.has(name)) throw new RangeError(`there are calls to ${name} already`);
    const bounds = boundsOf(given);
    return {
      clock,
      name,
      bounds,
      counts: createCounts(),
      answers: createAnswers(),
      budget: createRetryBudget({ percent_max: bounds.retry_percent_max, floor: bounds.retry_floor }),
      hedges: createRetryBudget({ percent_max: bounds.hedge_percent_max, floor: 0 }),
    };
  }

  return {
    to({ name, away, nature, ...given }: DependencyOptions) {
      const parts = partsOf(name, given);
      const dependency = createDependency({
        ...parts,
        nature,
        onAway: (reason) => onAway?.({ name, key: null, reason }),
        onBack: () => onBack?.({ name, key: null }),
      });
      all.set(name, {
        away: () => (dependency.state === "closed" ? null : away),
        stats: () => statsOf(parts, [dependency], dependency),
      });
      return dependency;
    },

    toEach({
      name,
      nature,
      keys_max = KEYS_MAX,
      all_at_once_max,
      all_waiting_max,
      ...given
    }: EachOptions): Dependencies {
      if (keys_max <= all_at_once_max + all_waiting_max)
        throw new RangeError(`${name}: more may be under way than there are keys`);
      const parts = partsOf(name, given);
      const over = createBulkhead({
        clock,
        at_once_max: all_at_once_max,
        waiting_max: all_waiting_max,
        busy: (wait_ms) => new DependencyBusy(name, wait_ms),
      });
      /** The longest unused first. */
      const known = new Map<string, OwnedDependency>();

      function forgetOne(): void {
        for (const [key, { bulkhead }] of known) {
          if (bulkhead.in_flight + bulkhead.waiting > 0) continue;
          known.delete(key);
          return;
        }
      }

      all.set(name, {
        away: () => null,
        stats: () => statsOf(parts, [...known.values()], { state: "closed", bulkhead: over }),
      });
      return {
        of(key) {
          const found = known.get(key);
          known.delete(key);
          if (!found && known.size >= keys_max) forgetOne();
          const dependency =
            found ??
            createDependency({
              ...parts,
              name: `${name} ${key}`,
              nature,
              over,
              onAway: (reason) => onAway?.({ name, key, reason }),
              onBack: () => onBack?.({ name, key }),
            });
          known.set(key, dependency);
          return dependency;
        },
      };
    },

    stats: () => [...all.values()].map(({ stats }) => stats()),
    away: () =>
      [...all].flatMap(([name, { away }]) => {
        const because = away();
        return because === null ? [] : [{ name, because }];
      }),
  };
}

function boundsOf(given: Partial<CallBounds>): CallBounds {
  const bounds = { ...CALL_BOUNDS, ...given };
  for (const [name, value] of Object.entries(bounds))
    if (!(value >= 0) || (/at_once|tries_max|failures_max/.test(name) && value < 1))
      throw new RangeError(`${name} is ${value}, which bounds nothing`);
  return bounds;
}

function statsOf(
  { name, counts, answers }: Pick<Parameters<typeof createDependency>[0], "name" | "counts" | "answers">,
  of: readonly OwnedDependency[],
  { state, bulkhead }: Pick<OwnedDependency, "state" | "bulkhead">,
): CallStats {
  const sum = (what: (one: OwnedDependency) => number) => of.reduce((total, one) => total + what(one), 0);
  return {
    name,
    state,
    keys: of.length,
    keys_away: of.filter((one) => one.state !== "closed").length,
    in_flight: bulkhead.in_flight,
    waiting:
      of.length === 1 && of[0]!.bulkhead === bulkhead
        ? bulkhead.waiting
        : bulkhead.waiting + sum((one) => one.bulkhead.waiting),
    ...counts,
    opened_times: sum((one) => one.breaker.opened_times),
    p50_ms: answers.percentile(50) ?? 0,
    p95_ms: answers.percentile(95) ?? 0,
  };
}
