import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { idOf } from "./key.ts";
import { repostedPosts } from "./store.ts";
import { type Entry, isRepost } from "./timeline.ts";

/** What reposts pass on and who did it, by the id of their entry: in rings and lists only the id is kept. */
export interface Reposts {
  knows(entry: Entry): void;
  /**
   * Entries of these keys (as rings and lists have them), in their order. The actor of somebody's own post is not known
   * here and comes from `actorAt`. An entry whose row has gone keeps its place with no post behind it, so that the page's count stays true.
   */
  entries(keys: readonly number[], actorAt: (i: number) => PersonId): Entry[] | Promise<Entry[]>;
  clear(): void;
}

interface PassedOn {
  post_id: PostId;
  actor_id: PersonId;
}
const GONE: PassedOn = { post_id: "0" as PostId, actor_id: "0" as PersonId };

export function createReposts({ sql, caches, cached_max }: { sql: Sql; caches: Caches; cached_max: number }): Reposts {
  /** What a repost passes on never changes, so it may stay for long. */
  const known: Cache<PassedOn> = caches.create<PassedOn>({
    name: "feed.reposts",
    version: 1,
    entries_max: cached_max,
    ttl_ms: 24 * 3_600_000,
  });

  async function ask(entries: Entry[], unknown: readonly number[]): Promise<Entry[]> {
    const found = await repostedPosts(
      sql.pool,
      unknown.map((i) => entries[i]!.id),
    );
    for (const [id, passed] of found) known.set(id, passed);
    for (const i of unknown) entries[i] = { id: entries[i]!.id, ...(found.get(entries[i]!.id) ?? GONE) };
    return entries;
  }

  return {
    knows(entry) {
      if (isRepost(entry)) known.set(entry.id, { post_id: entry.post_id, actor_id: entry.actor_id });
    },
    entries(keys, actorAt) {
      let unknown: number[] | null = null;
      const entries: Entry[] = [];
      for (let i = 0; i < keys.length; i++) {
        const key = keys[i]!;
        const id = idOf(key) as PostId;
        if (key > 0) {
          entries.push({ id, post_id: id, actor_id: actorAt(i) });
          continue;
        }
        const passed = known.peek(id);
        if (passed === undefined) (unknown ??= []).push(i);
        entries.push({ id, post_id: (passed ?? GONE).post_id, actor_id: (passed ?? GONE).actor_id });
      }
      return unknown === null ? entries : ask(entries, unknown);
    },
    clear: () => known.clear(),
  };
}
