import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import { isId } from "#kernel/ids.ts";
import type { Sql } from "#ports/sql/index.ts";

import { isRepost, type Timeline } from "../timelines/timeline.ts";
import type { Makers } from "./passers.ts";
import * as store from "./store.ts";

/** One place in a list. `key` is its position: the cursor after it, and never the same twice. */
export interface Listed {
  key: string;
  post_id: PostId;
  /** Who passed it on, where that is why it is here. */
  reposter_id: PersonId | null;
}

/** Which ids, in which order; nothing about who may see them. */
export interface Skeleton {
  /** Part of the cursor, so that the cursor of one list is refused by another. */
  name: string;
  /** What a key of this list looks like. */
  isKey(text: string): boolean;
  /** Its keys are ids of entries, by which readers find their place again. */
  has_entries?: true;
  /** Made of these people's entries and of nobody else's, whatever was remembered; a post stands in it once, by its newest entry. */
  makers?: Makers;
  /** @returns fewer than `listed_max` only at the true end */
  read(after: string | null, listed_max: number): Promise<Listed[]>;
}

const plain = (id: PostId): Listed => ({ key: id, post_id: id, reposter_id: null });

/** One array for as long as people hand out the same set of followees: a timeline may remember what it found for it. */
const actorsOf = new WeakMap<ReadonlySet<PersonId>, { viewer_id: PersonId; actors: readonly PersonId[] }>();

function homeActors(viewer_id: PersonId, follows: ReadonlySet<PersonId>): readonly PersonId[] {
  const known = actorsOf.get(follows);
  // Who follows nobody may share one empty set with others.
  if (known?.viewer_id === viewer_id) return known.actors;
  const actors = [...follows, viewer_id];
  actorsOf.set(follows, { viewer_id, actors });
  return actors;
}

/** Home: the followed and oneself. */
export const homeSkeleton = (timeline: Timeline, viewer_id: PersonId, follows: ReadonlySet<PersonId>): Skeleton => ({
  name: "home",
  isKey: isId,
  has_entries: true,
  makers: {
    get actors() {
      return homeActors(viewer_id, follows);
    },
    has: (id) => id === viewer_id || follows.has(id),
  },
  read: (after, listed_max) => timeline.readHome(viewer_id, homeActors(viewer_id, follows), after, listed_max),
});

export const personSkeleton = (
  timeline: Timeline,
  sql: Sql,
  person_id: PersonId,
  only?: "posts" | "media" | "videos",
): Skeleton => ({
  name: `person.${person_id}.${only ?? "all"}`,
  isKey: isId,
  has_entries: true,
  ...(only === undefined ? { makers: { actors: [person_id], has: (id: PersonId) => id === person_id } } : {}),
  async read(after, listed_max) {
    if (only !== undefined) return (await store.postsOf(sql.pool, person_id, only, after, listed_max)).map(plain);
    const entries = await timeline.read([person_id], after, listed_max);
    return entries.map((entry) => ({
      key: entry.id,
      post_id: entry.post_id,
      reposter_id: isRepost(entry) ? entry.actor_id : null,
    }));
  },
});

export const spaceSkeleton = (sql: Sql, space_id: SpaceId): Skeleton => ({
  name: `space.${space_id}`,
  isKey: isId,
  read: async (after, listed_max) => (await store.postsInSpace(sql.pool, space_id, after, listed_max)).map(plain),
});

export const hashtagSkeleton = (sql: Sql, tag: string): Skeleton => ({
  name: `tag.${tag}`,
  isKey: isId,
  read: async (after, listed_max) => (await store.postsWithTag(sql.pool, tag, after, listed_max)).map(plain),
});

export const discoverSkeleton = (sql: Sql): Skeleton => ({
  name: "discover",
  isKey: isId,
  read: async (after, listed_max) => (await store.publicPosts(sql.pool, after, listed_max)).map(plain),
});

export const bookmarksSkeleton = (sql: Sql, person_id: PersonId): Skeleton => ({
  name: "bookmarks",
  isKey: isId,
  async read(after, listed_max) {
    const rows = await store.bookmarksOf(sql.pool, person_id, after, listed_max);
    return rows.map((row) => ({ key: row.entry_id, post_id: row.post_id, reposter_id: null }));
  },
});

/** Keys are `<rank_ms>.<post id>`. */
export const shortsSkeleton = (sql: Sql): Skeleton => ({
  name: "shorts",
  isKey: (text) => /^\d{1,15}\.\d{1,19}$/.test(text) && isId(text.slice(text.indexOf(".") + 1)),
  async read(after, listed_max) {
    const [rank_ms, post_id] = after === null ? [null, null] : after.split(".");
    const rows = await store.shortsBelow(
      sql.pool,
      rank_ms === undefined || rank_ms === null ? null : { rank_ms, post_id: post_id! },
      listed_max,
    );
    return rows.map((row) => ({ key: `${row.rank_ms}.${row.post_id}`, post_id: row.post_id, reposter_id: null }));
  },
});
