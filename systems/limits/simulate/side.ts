import type { Clock } from "#ports/clock/index.ts";
import { createLocalLimiter, type LimitHold, type LocalLimiter } from "#ports/limiter/index.ts";

import { type Asking, type CompiledSet, type Draw, patienceOf } from "../rule-set-book.ts";
import { BUSIEST_FOLLOWED_MAX, BUSIEST_TOLD_MAX, ROUTES_TOLD_MAX, SIMULATED_KEYS_MAX } from "./bounds.ts";
import { type Busiest, createBusiest, type Followed } from "./busiest.ts";
import type { SimulatedKey, SimulatedSide } from "./contract.ts";

/** One rule set over all requests of a log: its own buckets, and who was refused by them. */
export interface Side {
  /** @returns true where it refuses. @param who whose request it is, for the count of people; @param took_ms after which slots are free again */
  ask(asking: Asking, at_ms: number, who: string, took_ms: number | null): boolean;
  /** Whether they were refused at all so far. */
  refusedEver(who: string): boolean;
  /** Whether all who were refused are remembered. */
  isExact(): boolean;
  told(shown: (key: string) => string, requests_by_route: ReadonlyMap<string, number>): SimulatedSide;
}

interface RuleCount {
  rule: string;
  level: string;
  refused: number;
  would_refuse: number;
}

/** Slots that are given back when their request was answered. */
interface Holding {
  until_ms: number;
  hold: LimitHold;
}

export function createSide(set: CompiledSet, clock: Clock): Side {
  // Two limiters, as in a house: what is on trial is asked apart, and takes nothing from what holds.
  const holding = createLocalLimiter({ clock, keys_max: SIMULATED_KEYS_MAX });
  const trying = createLocalLimiter({ clock, keys_max: SIMULATED_KEYS_MAX });
  const people = createBusiest(BUSIEST_FOLLOWED_MAX);
  const keys = createBusiest(BUSIEST_FOLLOWED_MAX);
  const by_rule = new Map<string, RuleCount>(
    set.rules.map(({ rule }) => [rule.id, { rule: rule.id, level: rule.level, refused: 0, would_refuse: 0 }]),
  );
  const by_route = new Map<string, number>();
  const held = new Map<LocalLimiter, Holding[]>();
  let refused = 0;
  let would_refuse = 0;
  let first_at_ms: number | null = null;

  function take(limiter: LocalLimiter, draws: Draw[], at_ms: number, took_ms: number | null): Draw | null {
    giveBack(limiter, at_ms);
    const decision = limiter.takeNow(draws, patienceOf(draws));
    if (decision.allowed) {
      if (decision.hold && took_ms !== null) keep(limiter, { until_ms: at_ms + took_ms, hold: decision.hold });
      return null;
    }
    // Rules have one name each in a set.
    return draws.find(({ rule }) => rule === decision.rule) ?? draws[0]!;
  }

  function keep(limiter: LocalLimiter, one: Holding): void {
    const list = held.get(limiter) ?? [];
    let at = list.length;
    while (at > 0 && list[at - 1]!.until_ms > one.until_ms) at--;
    list.splice(at, 0, one);
    held.set(limiter, list);
  }

  /** In this process a release is done when its call returns; the promise is the port's form. */
  function giveBack(limiter: LocalLimiter, at_ms: number): void {
    const list = held.get(limiter);
    if (!list || list.length === 0 || list[0]!.until_ms > at_ms) return;
    let ended = 0;
    for (; ended < list.length && list[ended]!.until_ms <= at_ms; ended++) void limiter.release(list[ended]!.hold);
    list.splice(0, ended);
  }

  return {
    ask(asking, at_ms, who, took_ms) {
      const { holds, shadows } = set.draw(asking);
      if (shadows.length > 0) {
        const by = take(trying, shadows, at_ms, took_ms);
        if (by !== null) {
          would_refuse++;
          by_rule.get(by.of.rule.id)!.would_refuse++;
        }
      }
      const by = holds.length > 0 ? take(holding, holds, at_ms, took_ms) : null;
      if (by === null) {
        people.passed(who, at_ms);
        if (keys.size > 0) for (let i = 0; i < holds.length; i++) keys.passed(holds[i]!.key, at_ms);
        return false;
      }
      refused++;
      first_at_ms ??= at_ms;
      by_rule.get(by.of.rule.id)!.refused++;
      by_route.set(asking.route, (by_route.get(asking.route) ?? 0) + 1);
      people.refused(who, at_ms);
      keys.refused(by.key, at_ms);
      return true;
    },
    refusedEver: (who) => people.has(who),
    isExact: () => people.forgotten === 0,
    told(shown, requests_by_route) {
      const rules = [...by_rule.values()];
      const by_level: Record<string, number> = {};
      for (const { level, refused: count } of rules) by_level[level] = (by_level[level] ?? 0) + count;
      const busiest = toldOf(people, shown);
      return {
        refused,
        would_refuse,
        ...countOf(people),
        first_at_ms,
        longest_out_ms: people.longest_out_ms,
        by_level,
        by_rule: rules.sort((a, b) => b.refused - a.refused || b.would_refuse - a.would_refuse),
        by_route: [...by_route]
          .map(([route, count]) => ({ route, refused: count, requests: requests_by_route.get(route) ?? count }))
          .sort((a, b) => b.refused - a.refused)
          .slice(0, ROUTES_TOLD_MAX),
        busiest,
        keys: toldOf(keys, shown),
      };
    },
  };
}

const countOf = (busiest: Busiest) => ({ who: busiest.size, who_exact: busiest.forgotten === 0 });

const toldOf = (busiest: Busiest, shown: (key: string) => string): SimulatedKey[] =>
  busiest.top(BUSIEST_TOLD_MAX).map((one) => keyOf(one, shown));

export const keyOf = (one: Followed, shown: (key: string) => string): SimulatedKey => ({
  key: shown(one.key),
  refused: one.count,
  error: one.error,
  first_at_ms: one.first_ms,
  last_at_ms: one.last_ms,
  longest_out_ms: one.longest_out_ms,
});
