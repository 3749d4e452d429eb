import type { Jobs } from "#ports/jobs/index.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { type CountedEvent, COUNTS_TOPIC, FEED_TOPIC } from "../events.ts";
import { SEEN_TOPIC } from "../seen/seen.ts";
import { lockSumming, nextSubjects, recountSubjects, type SubjectSums, sumDeltas } from "./store.ts";

const GROUP = "feed.counts";
/** Steps that one statement sums; more wait for the next. */
export const DELTAS_PER_SUM_MAX = 5_000;
/** Sums that one event carries: about 60 bytes each, within the log's bound of 16 KiB. */
const SUMS_PER_EVENT_MAX = 200;
const RECOUNT_SUBJECTS_MAX = 200;
const RECOUNT_EVERY_MS = 24 * 3_600_000;

const MOVES_SUMS = new Set([
  "feed.liked",
  "feed.unliked",
  "feed.reposted",
  "feed.unreposted",
  "feed.commented",
  "feed.comment_deleted",
  "feed.comment_liked",
  "feed.comment_unliked",
  "feed.quote_detached",
]);

/** True where an act left a step; of posts, where they say that they quote. */
const movesSums = ({ type, data }: StoredEvent): boolean =>
  MOVES_SUMS.has(type) || (type.startsWith("feed.post_") && typeof data.quotes_id === "string");

/**
 * Sums of likes, reposts, comments, views and quotes. Each act leaves a step beside its row; this group of the log is the bell that says
 * "sum up", and takes whatever steps there are. Hearing a bell twice finds nothing the second time.
 */
export function startCounting({ log }: { log: Log }): Disposable {
  const consumers = [
    log.consume(FEED_TOPIC, GROUP, async (batch, tx) => {
      if (batch.some(movesSums)) await sumUp(log, tx);
    }),
    log.consume(SEEN_TOPIC, GROUP, (_batch, tx) => sumUp(log, tx)),
  ];
  return {
    [Symbol.dispose]() {
      for (const consumer of consumers) consumer[Symbol.dispose]();
    },
  };
}

export async function sumUp(log: Log, tx: Query): Promise<void> {
  await lockSumming(tx);
  for (;;) {
    const { taken, sums } = await sumDeltas(tx, DELTAS_PER_SUM_MAX);
    await tellSums(log, tx, sums);
    if (taken < DELTAS_PER_SUM_MAX) return;
  }
}

async function tellSums(log: Log, tx: Query, sums: readonly SubjectSums[]): Promise<void> {
  for (let from = 0; from < sums.length; from += SUMS_PER_EVENT_MAX) {
    const event: CountedEvent = {
      type: "feed.counted",
      version: 3,
      data: {
        counts: sums
          .slice(from, from + SUMS_PER_EVENT_MAX)
          .map((s) => [s.subject_id, s.likes, s.reposts, s.comments, s.views, s.quotes]),
      },
    };
    await log.append(tx, COUNTS_TOPIC, "sums", event);
  }
}

type Told = readonly [id: string, likes: number, reposts: number, comments: number, views?: number, quotes?: number];

/** Sums as an event tells them; the rest of the batch is left alone. Version 2 knew of no quotes. */
export function countsIn(batch: readonly StoredEvent[]): Told[] {
  return batch.flatMap((event) =>
    event.type === "feed.counted" && event.version <= 3 ? (event.data as unknown as { counts: Told[] }).counts : [],
  );
}

/** Sums never drift; should they ever (a bug, a hand in the database), this job finds it within a day and says so. */
export function defineRecount(needs: { sql: Sql; log: Log; jobs: Jobs; onDrift: (subjects: number) => void }): void {
  needs.jobs.define({
    name: "feed.recount",
    class: "maintenance",
    tries_max: 5,
    lease_ms: 60_000,
    run_ms_max: 30 * 60_000,
    concurrency_max: 1,
    every_ms: RECOUNT_EVERY_MS,
    async handle(_payload, run) {
      let kind = (run.cursor?.kind as "post" | "comment" | undefined) ?? "post";
      let after = (run.cursor?.after as string | undefined) ?? "0";
      for (;;) {
        run.signal.throwIfAborted();
        const ids = await nextSubjects(needs.sql.pool, kind, after, RECOUNT_SUBJECTS_MAX);
        const wrong = ids.length === 0 ? 0 : await recount(needs, kind, ids);
        if (wrong > 0) needs.onDrift(wrong);
        if (ids.length === RECOUNT_SUBJECTS_MAX) after = ids.at(-1)!;
        else if (kind === "post") [kind, after] = ["comment", "0"];
        else return;
        await run.checkpoint({ kind, after });
      }
    },
  });
}

/** @returns how many sums were wrong; they are right now */
export async function recount(
  { sql, log }: { sql: Sql; log: Log },
  kind: "post" | "comment",
  ids: readonly string[],
): Promise<number> {
  return sql.tx(
    async (tx) => {
      const wrong = await recountSubjects(tx, kind, ids);
      await tellSums(log, tx, wrong);
      return wrong.length;
    },
    { isolation: "repeatable read" },
  );
}
