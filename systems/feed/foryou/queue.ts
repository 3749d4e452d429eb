import { Problem } from "#kernel/errors.ts";
import { isId, type PersonId, type PostId } from "#kernel/ids.ts";
import { onOwnTime } from "#ports/calls/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { Skeleton } from "../reading/skeleton.ts";
import { publicPosts } from "../reading/store.ts";
import * as b from "./bounds.ts";
import { actedSince } from "./candidate-store.ts";
import { refreshLater } from "./learn.ts";
import type { ForYouGround } from "./needs.ts";
import { makeQueue } from "./refresh.ts";
import * as store from "./store.ts";

/** Lists made ahead, as they are read. */
export interface Queues {
  /** For who may have it: a page's ids come from the newest list, or from the one that the cursor names. */
  skeleton(person_id: PersonId): Skeleton;
  /** @throws Problem 409 while it is off, for the house or for them; notes that they looked */
  enter(person_id: PersonId): Promise<void>;
}

/** Keys are `<generation>.<position>`; `0.<post id>` where there was no list and the latest are shown. */
const KEY = /^(\d{1,19})\.(\d{1,19})$/;
const LATEST = "0";

export function createQueues(ground: ForYouGround): Queues {
  const { sql, clock } = ground;
  /** Lists that are being made for who waits; the one who asked first may have gone on without. */
  const making = new Map<PersonId, Promise<store.Queue>>();

  /** One at a time for each person. What breaks here is made again by the job, which tells of what breaks. */
  function make(person_id: PersonId): Promise<store.Queue> | null {
    const known = making.get(person_id);
    if (known) return known;
    if (making.size >= b.COMPUTES_MAX) return null;
    const made = onOwnTime(async () => {
      const queue = await makeQueue(ground, person_id);
      await sql.tx((tx) => store.insertQueue(tx, queue));
      return queue;
    }).finally(() => making.delete(person_id));
    making.set(person_id, made);
    return made;
  }

  /** @returns null when it could not be had in time; then a job makes it */
  async function madeInTime(person_id: PersonId): Promise<store.Queue | null> {
    const made = make(person_id)?.catch(() => null) ?? null;
    const over = new AbortController();
    const late = clock.sleep(ground.for_you_wait_ms ?? b.COMPUTE_MS_MAX, over.signal).then(
      () => null,
      () => null,
    );
    const queue = made && (await Promise.race([made, late]));
    over.abort();
    if (queue === null) await sql.tx((tx) => refreshLater(ground, tx, [person_id], 0));
    return queue;
  }

  async function arrive(person_id: PersonId): Promise<store.Queue | null> {
    const kept = await store.findQueue(sql.pool, person_id, null);
    const age_ms = kept ? clock.now() - kept.made_at.getTime() : Number.POSITIVE_INFINITY;
    if (kept && age_ms < b.QUEUE_FRESH_MS && !(await actedSince(sql.pool, person_id, kept.made_at))) return kept;
    return (await madeInTime(person_id)) ?? (age_ms < b.QUEUE_AGE_MS_MAX ? kept : null);
  }

  async function paging(person_id: PersonId, generation: string): Promise<store.Queue> {
    const queue = await store.findQueue(sql.pool, person_id, generation);
    if (queue) return queue;
    throw new Problem(400, "cursor.invalid", "This list was made anew meanwhile. Start it from its beginning.");
  }

  /** Places that are still worth showing, from one on; what was seen or unwished since the list was made is passed over. */
  async function open(queue: store.Queue, from: number) {
    const { person_id, places } = queue;
    const rest = places.slice(from);
    const [seen, less] = await Promise.all([
      ground.seenOf(
        sql.pool,
        person_id,
        rest.map((place) => place.post_id),
      ),
      store.lessOf(sql.pool, person_id),
    ]);
    const unwanted = new Set(less.map((one) => `${one.kind}:${one.subject_id}`));
    return rest.flatMap(({ post_id, author_id }, i) =>
      seen.has(post_id) || unwanted.has(`post:${post_id}`) || unwanted.has(`author:${author_id}`)
        ? []
        : [{ key: `${queue.generation}.${from + i}`, post_id, reposter_id: null }],
    );
  }

  return {
    async enter(person_id) {
      const person = await store.findPerson(sql.pool, person_id);
      if (!person.house_is_on)
        throw new Problem(
          409,
          "for_you.house_off",
          "This house has no For you. Home and Discover are in order of time.",
        );
      if (!person.is_on)
        throw new Problem(409, "for_you.off", "For you is switched off. You can switch it on in its settings.");
      const now_ms = clock.now();
      if (person.asked_at === null || now_ms - person.asked_at.getTime() > b.ASKED_EVERY_MS)
        await store.noteAsked(sql.pool, person_id, new Date(now_ms));
    },
    skeleton: (person_id) => ({
      name: "for_you",
      isKey(text) {
        const [, generation, place] = KEY.exec(text) ?? [];
        return (
          generation !== undefined &&
          (generation === LATEST ? isId(place!) : isId(generation) && Number(place) < b.QUEUE_POSTS_MAX)
        );
      },
      async read(after, listed_max) {
        const [, generation, place] = (after === null ? null : KEY.exec(after)) ?? [];
        const queue =
          generation === undefined
            ? await arrive(person_id)
            : generation === LATEST
              ? null
              : await paging(person_id, generation);
        if (queue === null) return latest(sql, place ?? null, listed_max);
        const left = await open(queue, place === undefined ? 0 : Number(place) + 1);
        const is_old = clock.now() - queue.made_at.getTime() > b.RENEW_MS_MIN;
        if (left.length < b.QUEUE_LOW_POSTS && is_old) await sql.tx((tx) => refreshLater(ground, tx, [person_id]));
        return left.slice(0, listed_max);
      },
    }),
  };
}

/** What everybody may read, newest first: where there is no list, and none could be made in time. */
async function latest(sql: Sql, below: string | null, listed_max: number) {
  const ids = await publicPosts(sql.pool, below, listed_max);
  return ids.map((post_id: PostId) => ({ key: `${LATEST}.${post_id}`, post_id, reposter_id: null }));
}
