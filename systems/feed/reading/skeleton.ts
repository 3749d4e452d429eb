import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import { isId } from "#kernel/ids.ts";
import type { Sql } from "#ports/sql/index.ts";

import { homeEntry, isRepost, type Timeline } from "../timelines/timeline.ts";
import type { HydratedPost } from "./hydrate.ts";
import type { Makers } from "./passers.ts";
import type { Rules } from "./rules.ts";
import * as store from "./store.ts";

/** One place in a list. `key` is its position: the cursor after it, and never the same twice. */
export interface Listed {
  key: string;
  post_id: PostId;
  /** Who passed it on, where that is why it is here. */
  reposter_id: PersonId | null;
  /** One of the list's makers, whose entry this is; left out where that is not known. */
  actor_id?: PersonId;
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
  /** Whose reposts stand in it; everybody's where left out. */
  passes?(reposter_id: PersonId): boolean;
  /** What does not belong here any more although its key does; asked last, when the post is known. */
  leavesOut?(listed: Listed, post: HydratedPost): boolean;
  /** @returns fewer than `listed_max` only at the true end */
  read(after: string | null, listed_max: number): Promise<Listed[]>;
}

const plain = (id: PostId): Listed => ({ key: id, post_id: id, reposter_id: null });

/** One array for as long as people hand out the same set of followees: a timeline may remember what it found for it. */
const actorsOf = new WeakMap<ReadonlySet<PersonId>, Actors>();
interface Actors {
  viewer_id: PersonId;
  out_of_home: ReadonlySet<PersonId> | null;
  actors: readonly PersonId[];
}

/** Whose entries stand in a home: of the followed but those who are read in a list of their own, and of oneself. */
export function homeActors(
  viewer_id: PersonId,
  { facts, wishes }: Pick<Rules, "facts" | "wishes">,
): readonly PersonId[] {
  const { follows } = facts.relations;
  const { out_of_home } = wishes;
  const known = actorsOf.get(follows);
  // Who follows nobody may share one empty set with others.
  if (known?.viewer_id === viewer_id && known.out_of_home === out_of_home) return known.actors;
  const actors = [...follows, viewer_id];
  const wanted = out_of_home === null ? actors : actors.filter((id) => !out_of_home.has(id));
  actorsOf.set(follows, { viewer_id, out_of_home, actors: wanted });
  return wanted;
}

/** Home: the followed and oneself. */
export const homeSkeleton = (
  timeline: Timeline,
  viewer_id: PersonId,
  rules: Pick<Rules, "facts" | "wishes">,
): Skeleton => ({
  name: "home",
  isKey: isId,
  has_entries: true,
  makers: {
    get actors() {
      return homeActors(viewer_id, rules);
    },
    has: (id) =>
      id === viewer_id || (rules.facts.relations.follows.has(id) && rules.wishes.out_of_home?.has(id) !== true),
  },
  // Passed on by oneself it stays: one put it there.
  ...(rules.wishes.preferences.home_reposts === "hide" ? { passes: (id: PersonId) => id === viewer_id } : {}),
  read: (after, listed_max) => timeline.readHome(viewer_id, homeActors(viewer_id, rules), after, listed_max),
});

/** People that somebody chose. Give the same array for as long as they stay the same. */
export const listSkeleton = (timeline: Timeline, list_id: string, actors: readonly PersonId[]): Skeleton => ({
  name: `list.${list_id}`,
  isKey: isId,
  has_entries: true,
  makers: { actors, has: (id) => actors.includes(id) },
  read: async (after, listed_max) => (await timeline.read(actors, after, listed_max)).map(homeEntry),
});

/** Of a list by entries what is newer than one of them. Where nothing is, one look at the top says so. */
export const newerThan = (skeletonFor: (rules: Rules) => Skeleton, since: string): ((rules: Rules) => Skeleton) => {
  const isNewer = ({ key }: Listed) => BigInt(key) > BigInt(since);
  return (rules) => {
    const whole = skeletonFor(rules);
    return {
      ...whole,
      async read(after, listed_max) {
        if (after === null && !(await whole.read(null, 1)).some(isNewer)) return [];
        const listed = await whole.read(after, listed_max);
        const end = listed.findIndex((item) => !isNewer(item));
        return end === -1 ? listed : listed.slice(0, end);
      },
    };
  };
};

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

/** @param folder of one folder, those of none, or all */
export const bookmarksSkeleton = (sql: Sql, person_id: PersonId, folder?: string): Skeleton => ({
  name: folder === undefined ? "bookmarks" : `bookmarks.${folder}`,
  isKey: isId,
  async read(after, listed_max) {
    const rows = await store.bookmarksOf(sql.pool, person_id, folder ?? null, after, listed_max);
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
