import type { PersonId, PostId } from "#kernel/ids.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import { FEED_TOPIC, readFeedEvent } from "../events.ts";
import { ACTIVE_MS, BATCH_EVENTS_MAX, LEARNED_PER_BATCH_MAX, REFRESH_DELAY_MS } from "./bounds.ts";
import type { ForYouGround } from "./needs.ts";
import { addPairs, keyOf, noteTakenBack, type Spoke, spokenBefore, takenBackAmong } from "./pair-store.ts";
import { REFRESH_JOB } from "./refresh.ts";
import { forgetPerson, forgetPosts, wanting } from "./store.ts";

const GROUP = "feed.for_you";

/**
 * Learns from what people do, as the log tells it, in the transaction that moves the log's position: so once. Of whom For
 * you is switched off nothing is learned. What somebody does renews their own list soon.
 */
export function startLearning(ground: ForYouGround): Disposable {
  const consumers = [
    // Large batches: of a storm a sample is learned from, and the rest is only read over.
    ground.log.consume(FEED_TOPIC, GROUP, (batch, tx) => onFeed(ground, tx, batch), {
      batch_events_max: BATCH_EVENTS_MAX,
    }),
    ground.log.consume(PEOPLE_TOPIC, GROUP, (batch, tx) => onPeople(ground, tx, batch)),
  ];
  return {
    [Symbol.dispose]() {
      for (const consumer of consumers) consumer[Symbol.dispose]();
    },
  };
}

async function onFeed(ground: ForYouGround, tx: Query, batch: readonly StoredEvent[]): Promise<void> {
  const spoke: Spoke[] = [];
  const active = new Set<PersonId>();
  const purged: PostId[] = [];
  const taken: { person_id: PersonId; post_id: PostId; at: Date }[] = [];
  /** Taken back earlier in this very batch. */
  const gone = new Set<string>();
  for (const stored of batch) {
    const event = readFeedEvent(stored);
    if (event === null) continue;
    if (event.type === "feed.post_purged") purged.push(event.data.post_id);
    if (event.type === "feed.unliked" || event.type === "feed.unreposted") {
      const { person_id, post_id } = event.data;
      active.add(person_id);
      taken.push({ person_id, post_id, at: stored.at });
      gone.add(keyOf({ person_id, post_id }));
      continue;
    }
    if (event.type !== "feed.liked" && event.type !== "feed.reposted" && event.type !== "feed.commented") continue;
    const { person_id, post_id, author_id } = event.data;
    active.add(person_id);
    // What people think of their own words says nothing of their taste.
    if (event.type !== "feed.commented" && person_id !== author_id && !gone.has(keyOf({ person_id, post_id })))
      spoke.push({ kind: event.type === "feed.liked" ? "like" : "repost", person_id, post_id, at: stored.at });
  }
  if (purged.length > 0) await forgetPosts(tx, purged);
  if (active.size === 0) return;
  const who = await refreshLater(ground, tx, [...active]);
  const wished = spoke.filter(({ person_id }) => who.has(person_id)).slice(0, LEARNED_PER_BATCH_MAX);
  const before = await takenBackAmong(tx, wished);
  const heard = wished.filter((one) => !before.has(keyOf(one)));
  // Of whoever goes everything is taken back, and nothing is remembered.
  const still_here =
    taken.length === 0 ? null : await ground.people.cards([...new Set(taken.map((one) => one.person_id))]);
  await noteTakenBack(
    tx,
    taken.filter(({ person_id }) => who.has(person_id) && still_here?.has(person_id)),
  );
  if (heard.length > 0) await addPairs(tx, await spokenBefore(tx, heard));
}

async function onPeople(ground: ForYouGround, tx: Query, batch: readonly StoredEvent[]): Promise<void> {
  const active = new Set<PersonId>();
  for (const stored of batch) {
    const event = stored as unknown as PeopleEvent;
    if (event.type === "people.followed" || event.type === "people.unfollowed") active.add(event.data.follower_id);
    if (event.type === "people.deleted") await forgetPerson(tx, event.data.person_id);
  }
  if (active.size > 0) await refreshLater(ground, tx, [...active]);
}

/** One job each for those who looked lately, however much they do meanwhile. @returns those who want For you */
export async function refreshLater(
  { jobs, clock }: Pick<ForYouGround, "jobs" | "clock">,
  tx: Query,
  person_ids: readonly PersonId[],
  delay_ms = REFRESH_DELAY_MS,
): Promise<Set<PersonId>> {
  const who = await wanting(tx, person_ids, new Date(clock.now() - ACTIVE_MS));
  for (const { person_id, lately } of who) {
    if (!lately) continue;
    await jobs.enqueue(tx, REFRESH_JOB, { person_id }, { unique_key: `${REFRESH_JOB}:${person_id}`, delay_ms });
  }
  return new Set(who.map((one) => one.person_id));
}
