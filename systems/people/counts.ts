import type { PersonId } from "#kernel/ids.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { PEOPLE_TOPIC, type PeopleEvent } from "./events.ts";
import type { Ground } from "./ground.ts";
import * as store from "./store/relations.ts";

const COUNTS_GROUP = "people.counts";
const ERASE_GROUP = "people.erase";
const ERASE_ROWS = 2_000;

/**
 * Followers and followees are counted behind the log: a famous person's row is not locked by each new follower, a batch
 * adds up to one update a person. The sum commits with the group's position, so each event counts once.
 */
export async function countFollows(batch: StoredEvent[], tx: Query): Promise<void> {
  const deltas = new Map<PersonId, store.CountDelta>();
  const add = (id: PersonId, followers: number, following: number) => {
    const d = deltas.get(id) ?? { followers: 0, following: 0 };
    deltas.set(id, { followers: d.followers + followers, following: d.following + following });
  };
  for (const stored of batch) {
    const event = stored as unknown as PeopleEvent;
    if (event.type !== "people.followed" && event.type !== "people.unfollowed") continue;
    const by = event.type === "people.followed" ? 1 : -1;
    add(event.data.followee_id, by, 0);
    add(event.data.follower_id, 0, by);
  }
  await store.applyCounts(tx, deltas);
}

/** Consumers of the people's own log. Any node may run them; the log gives each event to one. */
export function startCounting({ sql, log }: Pick<Ground, "sql" | "log">): Disposable {
  const counts = log.consume(PEOPLE_TOPIC, COUNTS_GROUP, countFollows);
  const erase = log.consume(PEOPLE_TOPIC, ERASE_GROUP, async (batch) => {
    for (const stored of batch) {
      const event = stored as unknown as PeopleEvent;
      // In transactions of its own: a chunk that is done stays done, and a million followers hold no lock for long.
      if (event.type === "people.deleted")
        while ((await sql.tx((tx) => store.eraseSome(tx, event.data.person_id, ERASE_ROWS))) > 0);
    }
  });
  return {
    [Symbol.dispose]() {
      counts[Symbol.dispose]();
      erase[Symbol.dispose]();
    },
  };
}

/**
 * Counts everything again from the rows. New follows wait while it runs, and events that are not yet in the counts are
 * waited for under that lock, so nothing is counted twice. Needs a running consumer somewhere.
 * @returns how many people's counts had drifted
 */
export async function recount({ sql, log }: Pick<Ground, "sql" | "log">): Promise<number> {
  return sql.tx(async (tx) => {
    await store.lockFollows(tx);
    await log.caughtUp(PEOPLE_TOPIC, COUNTS_GROUP);
    return store.recount(tx);
  });
}
