import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { PASSERS_CACHED_BYTES_MAX, PASSERS_CACHED_MAX, PASSERS_KNOWN_MAX, POST_LOADS_MAX } from "../bounds.ts";
import { keyOf } from "../timelines/key.ts";
import { cachedMany } from "./batch.ts";
import { newestPassers, passersAmong } from "./store.ts";

/** Whose entries a list is made of. */
export interface Makers {
  actors: readonly PersonId[];
  has(person_id: PersonId): boolean;
}

/**
 * Who passed a post on last. A list shows a post once, by its newest entry; on a first page that entry is on the page, and
 * further down this says whether there was one above. So a reader's place needs no memory of what they saw before.
 */
export interface Passers {
  /**
   * Those of these posts that somebody passed on at or above the entry `from`.
   * @param shown those of the people whose reposts this viewer is shown
   */
  above(
    post_ids: readonly PostId[],
    from: string,
    makers: Makers,
    shown: (people: readonly PersonId[]) => Promise<ReadonlySet<PersonId>>,
  ): Promise<ReadonlySet<PostId>>;
  /** It was passed on, or that was taken back. */
  forget(post_id: PostId): void;
  forgetAll(): void;
}

interface Passer {
  key: number;
  actor_id: PersonId;
}
/** Newest first; all of them, where they are fewer than `PASSERS_KNOWN_MAX`. */
type Known = readonly Passer[];
const NONE: Known = [];
const PASSER_BYTES = 100;

export function createPassers({ sql, caches }: { sql: Sql; caches: Caches }): Passers {
  const cache: Cache<Known> = caches.create<Known>({
    name: "feed.passers",
    version: 1,
    entries_max: PASSERS_CACHED_MAX,
    bytes_max: PASSERS_CACHED_BYTES_MAX,
    size_of: (known) => 120 + known.length * PASSER_BYTES,
    ttl_ms: 10 * 60_000,
    loads_max: POST_LOADS_MAX,
  });

  async function load(post_ids: PostId[]): Promise<Map<PostId, Known>> {
    const known = new Map<PostId, Passer[]>();
    for (const { post_id, entry_id, person_id } of await newestPassers(sql.pool, post_ids, PASSERS_KNOWN_MAX)) {
      const passer = { key: keyOf(entry_id), actor_id: person_id };
      const list = known.get(post_id);
      if (list) list.push(passer);
      else known.set(post_id, [passer]);
    }
    return new Map(post_ids.map((id) => [id, known.get(id) ?? NONE]));
  }

  return {
    async above(post_ids, from, makers, shown) {
      const from_key = keyOf(from);
      const found = await cachedMany(cache, post_ids, load);
      const candidates = new Map<PostId, PersonId[]>();
      const unsure: PostId[] = [];
      for (const [i, post_id] of post_ids.entries()) {
        const known = found[i] ?? NONE;
        const people = known.flatMap((p) => (p.key >= from_key && makers.has(p.actor_id) ? p.actor_id : []));
        if (people.length > 0) candidates.set(post_id, people);
        // Too many to know all, and all that we know are above: a followed one may be among the rest.
        if (known.length >= PASSERS_KNOWN_MAX && known.at(-1)!.key >= from_key) unsure.push(post_id);
      }
      if (unsure.length > 0) {
        for (const { post_id, person_id } of await passersAmong(sql.pool, unsure, makers.actors, from)) {
          const people = candidates.get(post_id);
          if (people) people.push(person_id);
          else candidates.set(post_id, [person_id]);
        }
      }
      if (candidates.size === 0) return NO_POSTS;
      const shows = await shown([...new Set([...candidates.values()].flat())]);
      return new Set([...candidates].flatMap(([id, people]) => (people.some((p) => shows.has(p)) ? id : [])));
    },
    forget: (post_id) => cache.delete(post_id),
    forgetAll: () => cache.clear(),
  };
}

const NO_POSTS: ReadonlySet<PostId> = new Set();
