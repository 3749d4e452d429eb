import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { VIEWS_COUNTED_EVERY_MS, VIEWS_KEPT_MS } from "../bounds.ts";
import { BEACONS_FOLDED_AT_ONCE, DAYS_RECOUNTED, VIEWS_RECOUNTED_EVERY_MS } from "../playback/bounds.ts";
import { dayOf } from "../playback/fold.ts";
import { forgetPlayback, rollUp } from "../playback/roll-up.ts";
import { lockSums } from "../playback/store.ts";
import * as store from "./store.ts";

const ROWS_AT_ONCE = 5_000;

interface Needs {
  sql: Sql;
  clock: Clock;
  secret: string;
}

const KIND = {
  class: "maintenance",
  tries_max: 5,
  lease_ms: MINUTE_MS,
  run_ms_max: 5 * MINUTE_MS,
  concurrency_max: 1,
} as const;

/** Folds what players told, counts the views that came of it, and drops what has served its time. */
export function countViewsJob({ sql, clock, secret }: Needs): JobKind {
  return {
    ...KIND,
    name: "media.count_views",
    every_ms: VIEWS_COUNTED_EVERY_MS,
    async handle(_payload, run) {
      const now_ms = clock.now();
      const goesOn = (done: number, limit: number) => done === limit && !run.signal.aborted;
      while (goesOn(await run.fenced((tx) => rollUp(tx, secret)), BEACONS_FOLDED_AT_ONCE));
      while (goesOn(await run.fenced((tx) => count(tx, now_ms)), ROWS_AT_ONCE));
      while (goesOn(await store.forgetViews(sql.pool, new Date(now_ms - VIEWS_KEPT_MS), ROWS_AT_ONCE), ROWS_AT_ONCE));
      await run.fenced((tx) => forgetPlayback(tx, now_ms));
    },
  };

  async function count(tx: Parameters<typeof lockSums>[0], now_ms: number): Promise<number> {
    await lockSums(tx);
    return store.countViews(tx, new Date(now_ms), ROWS_AT_ONCE);
  }
}

/** A count may lag by seconds and never drifts: this looks after it. */
export function recountViewsJob({ clock }: Needs): JobKind {
  return {
    ...KIND,
    name: "media.recount_views",
    every_ms: VIEWS_RECOUNTED_EVERY_MS,
    async handle(_payload, run) {
      const since = dayOf(clock.now() - DAYS_RECOUNTED * DAY_MS);
      await run.fenced(async (tx) => {
        await lockSums(tx);
        await store.recountViews(tx, since);
      });
    },
  };
}
