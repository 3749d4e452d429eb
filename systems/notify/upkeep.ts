import type { PersonId } from "#kernel/ids.ts";
import { FEED_TOPIC, type FeedEvent } from "#systems/feed/index.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import { CLEAR_ROWS_PER_PORTION_MAX, FORGET_DELAY_MS, INBOX_ITEMS_MAX, ITEM_KEPT_MS } from "./bounds.ts";
import { eraseDigests } from "./digests/store.ts";
import type { Ground } from "./needs.ts";
import { lookLater } from "./push/jobs.ts";
import { erasePushes, takeOff } from "./push/store.ts";
import { eraseSettings } from "./settings/store.ts";
import * as store from "./store.ts";

const ERASE_JOB = "notify.erase";
const TRIM_JOB = "notify.trim";
const INBOXES_PER_STEP = 200;
const TRIM_EVERY_MS = 24 * 3_600_000;
/** What tells of a thing and what tells that it is gone are read apart; the one is in by then. Until then it is not shown anyway. */
const GONE_DELAY_MS = 30_000;

/** What is about a post that was purged, or by or for somebody who has left, goes; by jobs, for it may be much. */
export function startErasing({ log, jobs, sources }: Pick<Ground, "log" | "jobs" | "sources">): Disposable {
  const posts = log.consume(FEED_TOPIC, "notify.purged", async (batch, tx) => {
    for (const stored of batch) {
      const event = stored as unknown as FeedEvent;
      if (event.type !== "feed.post_purged") continue;
      const { post_id } = event.data;
      await jobs.enqueue(tx, ERASE_JOB, { post_id }, { unique_key: `${ERASE_JOB}:post:${post_id}` });
    }
  });
  const people = log.consume(PEOPLE_TOPIC, "notify.departed", async (batch, tx) => {
    for (const stored of batch) {
      const event = stored as unknown as PeopleEvent;
      if (event.type !== "people.deleted") continue;
      const { person_id } = event.data;
      const unique_key = `${ERASE_JOB}:person:${person_id}`;
      await jobs.enqueue(tx, ERASE_JOB, { person_id }, { unique_key, delay_ms: FORGET_DELAY_MS });
    }
  });
  const things = sources.all().flatMap(({ name, gone = {} }) =>
    Object.entries(gone).map(([topic, read]) =>
      log.consume(topic, `notify.gone_${name}`, async (batch, tx) => {
        for (const thing of batch.flatMap((stored) => read(stored)))
          await jobs.enqueue(
            tx,
            ERASE_JOB,
            { thing },
            { unique_key: `${ERASE_JOB}:${thing}`, delay_ms: GONE_DELAY_MS },
          );
      }),
    ),
  );
  return {
    [Symbol.dispose]() {
      for (const group of [posts, people, ...things]) group[Symbol.dispose]();
    },
  };
}

export function defineUpkeep({ sql, jobs, clock }: Pick<Ground, "sql" | "jobs" | "clock">): void {
  jobs.define({
    name: ERASE_JOB,
    class: "maintenance",
    tries_max: 20,
    lease_ms: 60_000,
    run_ms_max: 30 * 60_000,
    concurrency_max: 1,
    async handle(payload, run) {
      const { post_id, person_id, thing } = payload as { post_id?: string; person_id?: string; thing?: string };
      const what =
        thing !== undefined ? { thing } : post_id === undefined ? { actor_id: String(person_id) } : { post_id };
      // Each portion finds what is left by itself, so a run goes on where the one before it was stopped.
      for (;;) {
        run.signal.throwIfAborted();
        const rows = await run.fenced(async (tx) => {
          const gone = await store.eraseSome(tx, what, CLEAR_ROWS_PER_PORTION_MAX);
          if (await takeOff(tx, gone, new Date(clock.now()))) await lookLater({ jobs, clock }, tx, 0);
          return gone.length;
        });
        if (rows < CLEAR_ROWS_PER_PORTION_MAX) break;
      }
      if (person_id !== undefined)
        await run.fenced(async (tx) => {
          await store.eraseInbox(tx, person_id as PersonId);
          await eraseSettings(tx, person_id as PersonId);
          await erasePushes(tx, person_id as PersonId);
          await eraseDigests(tx, person_id as PersonId);
        });
    },
  });
  jobs.define({
    name: TRIM_JOB,
    class: "maintenance",
    tries_max: 5,
    lease_ms: 60_000,
    run_ms_max: 30 * 60_000,
    concurrency_max: 1,
    every_ms: TRIM_EVERY_MS,
    async handle(_payload, run) {
      let after = (run.cursor?.after as string | undefined) ?? "0";
      for (;;) {
        run.signal.throwIfAborted();
        const inboxes = await store.inboxesAfter(sql.pool, after, INBOXES_PER_STEP);
        if (inboxes.length === 0) break;
        const bounds = {
          items_max: INBOX_ITEMS_MAX,
          before: new Date(clock.now() - ITEM_KEPT_MS),
          rows_max: CLEAR_ROWS_PER_PORTION_MAX,
        };
        while ((await run.fenced((tx) => store.trimSome(tx, inboxes, bounds))) === CLEAR_ROWS_PER_PORTION_MAX)
          run.signal.throwIfAborted();
        after = inboxes.at(-1)!;
        await run.checkpoint({ after });
      }
    },
  });
}
