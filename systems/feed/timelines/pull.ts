import type { PersonId } from "#kernel/ids.ts";
import type { Sql } from "#ports/sql/index.ts";

import { AFTER_ALL_KEYS, BEFORE_ALL_KEYS, idOf, keyOf } from "./key.ts";
import { createMerge, type Merged } from "./merge.ts";
import type { Reposts } from "./reposts.ts";
import { createRings, type Rings } from "./rings.ts";
import { entriesBelow, newestEntries } from "./store.ts";
import { type Entry, type HomeEntry, isRepost, type Timeline } from "./timeline.ts";

/** Home by author rings: nothing is fanned out, so a follow, an unfollow and a deletion hold at once. */
export interface PullTimeline extends Timeline {
  /** To be told of every committed change, on every node. */
  added(entry: Entry): void;
  removed(entry: Entry): void;
  clear(): void;
  rings: Pick<Rings, "read" | "deepen" | "stats">;
}

export interface PullBounds {
  rings_bytes_max: number;
  ring_entries_max: number;
  load_entries_max: number;
}

export function createPullTimeline(needs: { sql: Sql; reposts: Reposts; bounds: PullBounds }): PullTimeline {
  const { reposts, bounds } = needs;
  const { pool } = needs.sql;
  const merge = createMerge();
  const rings = createRings({
    bytes_max: bounds.rings_bytes_max,
    ring_entries_max: bounds.ring_entries_max,
    load_entries_max: bounds.load_entries_max,
    load: async (actors, per_actor) => keysByActor(await newestEntries(pool, actors, per_actor), reposts),
  });

  async function read(actors: readonly PersonId[], before: string | null, entries_max: number): Promise<Entry[]> {
    const below = before === null ? AFTER_ALL_KEYS : keyOf(before);
    let merged: Merged | null;
    let deepened = 0;
    do {
      const asked = rings.read(actors, (set) => merge({ rings: set, list: null }, below, entries_max));
      merged = asked instanceof Promise ? await asked : asked;
    } while (isEndedEarly(merged, entries_max) && deepened++ < DEEPENED_MAX && rings.deepen(actors[merged.ended]!));
    if (merged === null) return entriesBelow(pool, actors, before, entries_max);
    const entries = await reposts.entries(merged.keys, (i) => actors[merged.sources[i]!]!);
    if (entries.length >= entries_max || merged.covered_to === BEFORE_ALL_KEYS) return entries;
    return entries.concat(await entriesBelow(pool, actors, idOf(merged.covered_to), entries_max - entries.length));
  }

  return {
    name: "pull",
    read,
    async readHome(_viewer_id, actors, before, entries_max) {
      const entries = await read(actors, before, entries_max);
      const home = new Array<HomeEntry>(entries.length);
      for (let i = 0; i < entries.length; i++) {
        const { id, post_id, actor_id } = entries[i]!;
        home[i] = { key: id, post_id, reposter_id: id === post_id ? null : actor_id, actor_id };
      }
      return home;
    },
    added(entry) {
      reposts.knows(entry);
      rings.add(entry.actor_id, signedKey(entry));
    },
    removed(entry) {
      rings.remove(entry.actor_id, signedKey(entry));
    },
    clear() {
      rings.clear();
      reposts.clear();
    },
    rings,
  };
}

/** A ring ended before the page was full, with nothing known of what it has below. */
export const isEndedEarly = (merged: Merged | null, entries_max: number): merged is Merged =>
  merged !== null && merged.keys.length < entries_max && merged.ended >= 0;

/** Rings that one read loads deeper, each by one small query, before it asks the database for everybody's: that costs 5,000 looks. */
export const DEEPENED_MAX = 6;

/** What a ring or a list keeps of an entry. */
export const signedKey = (entry: Entry): number => (isRepost(entry) ? -keyOf(entry.id) : keyOf(entry.id));

/** Newest first of each, as the entries come. */
export function keysByActor(entries: readonly Entry[], reposts: Pick<Reposts, "knows">): Map<PersonId, number[]> {
  const keys = new Map<PersonId, number[]>();
  for (const entry of entries) {
    const list = keys.get(entry.actor_id);
    const key = signedKey(entry);
    if (list) list.push(key);
    else keys.set(entry.actor_id, [key]);
    reposts.knows(entry);
  }
  return keys;
}
