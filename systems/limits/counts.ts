import { HOUR_MS, MINUTE_MS } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import * as b from "./bounds.ts";
import * as store from "./counts-store.ts";
import type { Draw } from "./rule-set-book.ts";

/** What the rules decided in this process; the sums of all are in the database. */
export interface Counts {
  allowed(draws: readonly Draw[]): void;
  refused(draw: Draw): void;
  /** Of rules that are only tried. */
  wouldAllow(draws: readonly Draw[]): void;
  wouldRefuse(draw: Draw): void;
  /** Hands over what was counted since the last time. What cannot be handed over is kept and counted on. */
  flush(): Promise<void>;
  /** Since this process began. */
  totals(): { allowed: number; refused: number; would_refuse: number };
}

interface Sum {
  allowed: number;
  refused: number;
  would_allow: number;
  would_refuse: number;
}

interface Refused {
  draw: Draw;
  refused: number;
  would_refuse: number;
}

/** How many keys are looked at to forget one. */
const EVICTION_SAMPLE = 8;
const sumOf = (): Sum => ({ allowed: 0, refused: 0, would_allow: 0, would_refuse: 0 });

/** @param nameOf what is kept of a key; an address only as a hash */
export function createCounts({
  sql,
  clock,
  nameOf,
}: {
  sql: Sql;
  clock: Clock;
  nameOf: (draw: Draw) => string;
}): Counts {
  let sums = new Map<string, Sum>();
  let keys = new Map<string, Refused>();
  const totals = { allowed: 0, refused: 0, would_refuse: 0 };

  function of(rule_id: string): Sum {
    let sum = sums.get(rule_id);
    if (!sum) sums.set(rule_id, (sum = sumOf()));
    return sum;
  }

  function keyOf(draw: Draw): Refused {
    let key = keys.get(draw.key);
    if (key) return key;
    if (keys.size >= b.REFUSED_KEYS_MAX) forgetOne();
    keys.set(draw.key, (key = { draw, refused: 0, would_refuse: 0 }));
    return key;
  }

  /** The least of the oldest few: whoever is refused often is soon there again. */
  function forgetOne(): void {
    let least: [string, number] | null = null;
    let seen = 0;
    for (const [name, { refused, would_refuse }] of keys) {
      if (least === null || refused + would_refuse < least[1]) least = [name, refused + would_refuse];
      if (++seen === EVICTION_SAMPLE) break;
    }
    keys.delete(least![0]);
  }

  function refusals(of_keys: Map<string, Refused>): store.RefusalRow[] {
    const byRule = Map.groupBy(of_keys.values(), ({ draw }) => draw.of.rule.id);
    return [...byRule].flatMap(([rule_id, all]) =>
      all
        .sort((a, c) => c.refused + c.would_refuse - a.refused - a.would_refuse)
        .slice(0, b.REFUSED_KEYS_PER_RULE_MAX)
        .map(({ draw, refused, would_refuse }) => ({ rule_id, subject: nameOf(draw), refused, would_refuse })),
    );
  }

  async function hand(mine: Map<string, Sum>, of_keys: Map<string, Refused>): Promise<void> {
    const now_ms = clock.now();
    const minutes = [...mine].map(([rule_id, sum]) => ({ rule_id, ...sum }));
    minutes.sort((a, c) => (a.rule_id < c.rule_id ? -1 : 1));
    const rows = refusals(of_keys);
    rows.sort((a, c) => (a.rule_id + a.subject < c.rule_id + c.subject ? -1 : 1));
    await sql.tx(async (tx) => {
      await store.addMinute(tx, new Date(Math.floor(now_ms / MINUTE_MS) * MINUTE_MS), minutes);
      if (rows.length > 0) await store.addRefusals(tx, new Date(Math.floor(now_ms / HOUR_MS) * HOUR_MS), rows);
    });
  }

  let flushing: Promise<void> = Promise.resolve();
  async function flushNow(): Promise<void> {
    if (sums.size === 0) return;
    const [mine, of_keys] = [sums, keys];
    [sums, keys] = [new Map(), new Map()];
    try {
      await hand(mine, of_keys);
    } catch (error) {
      for (const [rule_id, sum] of mine) {
        const now = of(rule_id);
        for (const name of Object.keys(sum) as (keyof Sum)[]) now[name] += sum[name];
      }
      // Who was refused is told by the next ones; only the sums must be right.
      throw error;
    }
  }

  return {
    allowed(draws) {
      totals.allowed++;
      for (let i = 0; i < draws.length; i++) of(draws[i]!.of.rule.id).allowed++;
    },
    refused(draw) {
      totals.refused++;
      of(draw.of.rule.id).refused++;
      keyOf(draw).refused++;
    },
    wouldAllow(draws) {
      for (let i = 0; i < draws.length; i++) of(draws[i]!.of.rule.id).would_allow++;
    },
    wouldRefuse(draw) {
      totals.would_refuse++;
      of(draw.of.rule.id).would_refuse++;
      keyOf(draw).would_refuse++;
    },
    flush() {
      const next = flushing.then(flushNow);
      flushing = next.catch(() => {});
      return next;
    },
    totals: () => ({ ...totals }),
  };
}
