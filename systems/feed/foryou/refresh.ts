import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import * as b from "./bounds.ts";
import { candidatesFor, watchedActs } from "./candidates.ts";
import { chanceOf } from "./chance.ts";
import { type Model, PRIOR } from "./model.ts";
import type { ForYouGround } from "./needs.ts";
import { addPairs, spokenBefore } from "./pair-store.ts";
import { rank } from "./rank.ts";
import * as store from "./store.ts";

export const REFRESH_JOB = "feed.for_you_refresh";
export const KEEP_JOB = "feed.for_you_keep";

/** The weights in place; those of the code while nothing was trained. */
export async function modelInPlace(db: Query): Promise<Model> {
  const row = await store.findModel(db, null);
  return row ? { version: row.version, weights: row.weights } : PRIOR;
}

/** Null where that version is no longer kept. */
export async function modelOf(db: Query, version: number): Promise<Model | null> {
  if (version === PRIOR.version) return PRIOR;
  const row = await store.findModel(db, version);
  return row && { version: row.version, weights: row.weights };
}

/** Makes a list for one person. Nothing is stored yet. */
export async function makeQueue(ground: ForYouGround, person_id: PersonId): Promise<store.Queue> {
  const { sql, clock, ids } = ground;
  const seed = Math.floor(clock.random() * 4_294_967_296);
  const [model, candidates] = await Promise.all([
    modelInPlace(sql.pool),
    // A stream of its own, so that who is asked does not move what is drawn.
    candidatesFor(ground, person_id, chanceOf(seed ^ 0x5bd1e995)),
  ]);
  return {
    person_id,
    generation: ids.next(),
    made_at: new Date(clock.now()),
    model_version: model.version,
    seed,
    places: rank(candidates, model, seed),
  };
}

/** What they watched since the last time goes into the pairs, once: the mark moves in the same transaction. */
async function learnWatched(ground: ForYouGround, tx: Query, person_id: PersonId, after: Date | null): Promise<void> {
  const { acts } = await watchedActs(ground, person_id);
  const fresh = acts.filter((act) => after === null || act.at_ms > after.getTime());
  if (fresh.length === 0) return;
  const spoke = fresh.map((act) => ({
    kind: "watch" as const,
    person_id,
    post_id: act.post_id,
    at: new Date(act.at_ms),
  }));
  await addPairs(tx, await spokenBefore(tx, spoke));
  await store.noteWatched(tx, person_id, new Date(Math.max(...fresh.map((act) => act.at_ms))));
}

export function defineRefresh(ground: ForYouGround): void {
  const { sql, clock, jobs } = ground;
  jobs.define({
    name: REFRESH_JOB,
    class: "batch",
    tries_max: 3,
    lease_ms: 30_000,
    run_ms_max: 60_000,
    concurrency_max: 2,
    async handle(payload, run) {
      const person_id = String(payload.person_id) as PersonId;
      const person = await store.findPerson(sql.pool, person_id);
      if (!person.is_on || !person.house_is_on) return;
      run.signal.throwIfAborted();
      const queue = await makeQueue(ground, person_id);
      await run.fenced(async (tx) => {
        await learnWatched(ground, tx, person_id, person.watched_until);
        await store.insertQueue(tx, queue);
      });
    },
  });
  jobs.define({
    name: KEEP_JOB,
    class: "maintenance",
    tries_max: 3,
    lease_ms: 60_000,
    run_ms_max: 5 * 60_000,
    concurrency_max: 1,
    every_ms: b.KEEP_EVERY_MS,
    async handle() {
      const now_ms = clock.now();
      const before = (ms: number) => new Date(now_ms - ms);
      await store.dropOld(sql.pool, before(b.QUEUE_AGE_MS_MAX), before(b.PAIR_AGE_MS_MAX));
      const stale = await store.staleQueues(
        sql.pool,
        before(b.RENEWED_MS),
        before(b.QUEUE_FRESH_MS),
        b.KEEP_PEOPLE_MAX,
      );
      for (const person_id of stale) {
        const unique_key = `${REFRESH_JOB}:${person_id}`;
        await sql.tx((tx) => jobs.enqueue(tx, REFRESH_JOB, { person_id }, { unique_key }));
      }
    },
  });
}
