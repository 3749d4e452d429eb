import { createHeads } from "#kernel/heap.ts";
import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { AFTER_ALL_KEYS, BEFORE_ALL_KEYS, idOf, keyOf } from "./key.ts";
import { headOf, indexOf, type Ring } from "./ring.ts";
import { createRings, type Rings } from "./rings.ts";
import { entriesBelow, newestEntries, repostedPosts } from "./store.ts";
import { type Entry, isRepost, type Timeline } from "./timeline.ts";

/** Home by author rings: nothing is fanned out, so a follow, an unfollow and a deletion hold at once. */
export interface PullTimeline extends Timeline {
  /** To be told of every committed change, on every node. */
  added(entry: Entry): void;
  removed(entry: Entry): void;
  clear(): void;
  stats: Rings["stats"];
}

export interface PullBounds {
  rings_bytes_max: number;
  ring_entries_max: number;
  load_entries_max: number;
  reposts_cached_max: number;
}

export function createPullTimeline(needs: { sql: Sql; caches: Caches; bounds: PullBounds }): PullTimeline {
  const { pool } = needs.sql;
  const { bounds } = needs;
  /** What a repost passes on never changes, so it may stay for long. */
  const passedOn: Cache<PostId> = needs.caches.create<PostId>({
    name: "feed.reposts",
    version: 1,
    entries_max: bounds.reposts_cached_max,
    ttl_ms: 24 * 3_600_000,
  });
  const merge = createMerge();
  const rings = createRings({
    bytes_max: bounds.rings_bytes_max,
    ring_entries_max: bounds.ring_entries_max,
    load_entries_max: bounds.load_entries_max,
    async load(actors, per_actor) {
      const keys = new Map<PersonId, number[]>();
      for (const entry of await newestEntries(pool, actors, per_actor)) {
        const list = keys.get(entry.actor_id);
        const key = signedKey(entry);
        if (list) list.push(key);
        else keys.set(entry.actor_id, [key]);
        if (key < 0) passedOn.set(entry.id, entry.post_id);
      }
      return keys;
    },
  });

  async function resolve(merged: Merged, actors: readonly PersonId[]): Promise<Entry[]> {
    const unknown: string[] = [];
    const entries: (Entry | string)[] = [];
    for (let i = 0; i < merged.keys.length; i++) {
      const key = merged.keys[i]!;
      const id = idOf(key);
      const post_id = key > 0 ? (id as PostId) : passedOn.peek(id);
      if (post_id === undefined || post_id === null) unknown.push(id);
      entries.push({ id, post_id: post_id ?? "", actor_id: actors[merged.sources[i]!]! });
    }
    if (unknown.length === 0) return entries as Entry[];
    const found = await repostedPosts(pool, unknown);
    for (const [id, post_id] of found) passedOn.set(id, post_id);
    // An entry whose row has gone since keeps its place with no post behind it, so that the page's count stays true.
    return (entries as Entry[]).map((entry) =>
      entry.post_id === "" ? { ...entry, post_id: found.get(entry.id) ?? "0" } : entry,
    );
  }

  return {
    name: "pull",
    async read(actors, before, entries_max) {
      const ready = rings.of(actors);
      const merged = merge(
        ready instanceof Promise ? await ready : ready,
        before === null ? AFTER_ALL_KEYS : keyOf(before),
        entries_max,
      );
      const entries = await resolve(merged, actors);
      if (entries.length >= entries_max || merged.covered_to === BEFORE_ALL_KEYS) return entries;
      return entries.concat(await entriesBelow(pool, actors, idOf(merged.covered_to), entries_max - entries.length));
    },
    added(entry) {
      if (isRepost(entry)) passedOn.set(entry.id, entry.post_id);
      rings.add(entry.actor_id, signedKey(entry));
    },
    removed(entry) {
      rings.remove(entry.actor_id, signedKey(entry));
    },
    clear() {
      rings.clear();
      passedOn.clear();
    },
    stats: rings.stats,
  };
}

const signedKey = (entry: Entry): number => (isRepost(entry) ? -keyOf(entry.id) : keyOf(entry.id));

interface Merged {
  /** Newest first, signed. */
  keys: number[];
  /** Index of the ring that each came from. */
  sources: number[];
  /** Nothing is missing at or above this; below it some ring knows nothing. `BEFORE_ALL_KEYS` where all is known. */
  covered_to: number;
}

/** Room for a merge, kept for the next one: it never waits in the middle. */
interface Room {
  heads: Float64Array;
  sources: Int32Array;
  at: Int32Array;
}
const roomFor = (rings: number): Room => ({
  heads: new Float64Array(rings),
  sources: new Int32Array(rings),
  at: new Int32Array(rings),
});
const NOT_LOOKED = -2;

/** @returns a merge of the newest keys below `before`, down to where the first ring ends without knowing that it is the end */
export function createMerge(): (rings: readonly Ring[], before: number, entries_max: number) => Merged {
  let room = roomFor(256);
  return (rings, before, entries_max) => {
    const count = rings.length;
    if (room.heads.length < count) room = roomFor(count * 2);
    const { heads, sources: heap_sources, at } = room;
    if (before === AFTER_ALL_KEYS) {
      at.fill(NOT_LOOKED, 0, count);
      for (let i = 0; i < count; i++) heads[i] = rings[i]!.top;
    } else {
      for (let i = 0; i < count; i++) {
        const index = indexOf(rings[i]!, before) - 1;
        at[i] = index;
        heads[i] = headOf(rings[i]!, index, before);
      }
    }
    const heap = createHeads(heads, count, heap_sources);
    const keys: number[] = [];
    const sources: number[] = [];
    while (keys.length < entries_max && heap.size > 0) {
      const source = heap.source();
      const ring = rings[source]!;
      const index = at[source] === NOT_LOOKED ? ring.count - 1 : at[source]!;
      if (index < 0) return { keys, sources, covered_to: heap.key() };
      keys.push(ring.keys[index]!);
      sources.push(source);
      at[source] = index - 1;
      const next = headOf(ring, index - 1, before);
      if (Number.isNaN(next)) heap.pop();
      else heap.replace(next);
    }
    return { keys, sources, covered_to: BEFORE_ALL_KEYS };
  };
}
