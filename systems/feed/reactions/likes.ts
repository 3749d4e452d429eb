import { natureOf } from "#kernel/errors.ts";
import type { PersonId, PostId } from "#kernel/ids.ts";
import { isAway, type Query } from "#ports/sql/index.ts";

import { LIKE_BATCHES_MAX, LIKES_BESIDE_AFTER_MS, LIKES_PER_BATCH_MAX, LIKES_WAITING_MAX } from "../bounds.ts";
import { addLikes } from "../counts/store.ts";
import { FEED_TOPIC, type FeedEvent, orderOf } from "../events.ts";
import type { Ground } from "../ground.ts";
import * as store from "./store.ts";
import { createTogether, type Together } from "./together.ts";

export interface LikeAct {
  post_id: PostId;
  author_id: PersonId;
  person_id: PersonId;
  /** False: the like is taken back. */
  on: boolean;
}

/**
 * Likes of all posts, as they come. Those that come at once share a transaction: the rows, one step for each post, the
 * events. Who liked hears of it when that has been committed.
 */
export type Likes = Together<LikeAct, FeedEvent | null>;

export const createLikes = (ground: Pick<Ground, "sql" | "log" | "clock">): Likes =>
  createTogether({
    keyOf: (act) => `${act.person_id}:${act.post_id}`,
    run: (acts) => ground.sql.tx((tx) => setLikes(ground, tx, acts)),
    isForAll: (error) => natureOf(error) === "transient" || isAway(error),
    items_max: LIKES_PER_BATCH_MAX,
    batches_max: LIKE_BATCHES_MAX,
    beside_after: { ms: LIKES_BESIDE_AFTER_MS, clock: ground.clock },
    waiting_max: LIKES_WAITING_MAX,
  });

/** At most one act of each person and post. @returns for each what it tells, null where nothing changed */
export async function setLikes(
  ground: Pick<Ground, "log" | "clock">,
  tx: Query,
  acts: readonly LikeAct[],
): Promise<(FeedEvent | null)[]> {
  const on = acts.filter((act) => act.on);
  const off = acts.filter((act) => !act.on);
  const changed = new Set<string>();
  if (on.length > 0) for (const key of await store.insertLikes(tx, on, new Date(ground.clock.now()))) changed.add(key);
  if (off.length > 0) for (const key of await store.deleteLikes(tx, off)) changed.add(key);
  const steps = new Map<PostId, number>();
  const told = acts.map((act): FeedEvent | null => {
    if (!changed.has(store.likeKey(act))) return null;
    const { on: is_on, ...about } = act;
    steps.set(act.post_id, (steps.get(act.post_id) ?? 0) + (is_on ? 1 : -1));
    return { type: is_on ? "feed.liked" : "feed.unliked", version: 1, data: about };
  });
  await addLikes(tx, steps);
  const events = told.flatMap((event) => (event ? [{ key: orderOf(event), event }] : []));
  await ground.log.appendAll(tx, FEED_TOPIC, events);
  return told;
}
