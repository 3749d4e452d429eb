import { isId, type PersonId, type PostId } from "#kernel/ids.ts";
import { MOMENT_MS_MAX } from "#kernel/time.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { Rules } from "../reading/rules.ts";
import * as skeletons from "../reading/skeleton.ts";
import type { Listed, Skeleton } from "../reading/skeleton.ts";
import { isRepost, type Timeline } from "../timelines/timeline.ts";
import * as store from "./store.ts";

/** Which list a window is opened on. */
export type WindowOf =
  | { list: "home" }
  | { list: "public" }
  | { list: "hashtag"; tag: string }
  | { list: "person"; person_id: PersonId; only?: "posts" | "media" | "videos" }
  /** One of the viewer's own lists of people. */
  | { list: "list"; id: string }
  | { list: "bookmarks" }
  | { list: "liked" };

/** The same, with whom a list holds. */
export type Resolved =
  Exclude<WindowOf, { list: "list" }> | { list: "people"; id: string; people: readonly PersonId[] };

/** A list that can be read in both directions. */
export interface TwoWay {
  skeleton: Skeleton;
  kind: "timeline" | "feed" | "page";
  /** What is right above, the nearest first; fewer than `listed_max` only at the true top. */
  readUp(above: string, listed_max: number): Promise<Listed[]>;
  /** Whether a place is above another. */
  isAbove(key: string, other: string): boolean;
}

const plain = (id: PostId): Listed => ({ key: id, post_id: id, reposter_id: null });
const byNumber = (key: string, other: string) => BigInt(key) > BigInt(other);

export function twoWay(
  of: Resolved,
  rules: Rules,
  viewer_id: PersonId | null,
  { sql, timeline }: { sql: Sql; timeline: Timeline },
): TwoWay {
  const entriesUp = (actors: () => readonly PersonId[]) => async (above: string, listed_max: number) =>
    (await store.entriesAbove(sql.pool, actors(), above, listed_max)).map((entry) => ({
      key: entry.id as string,
      post_id: entry.post_id,
      reposter_id: isRepost(entry) ? entry.actor_id : null,
    }));
  const me = viewer_id ?? "0";
  switch (of.list) {
    case "home": {
      return {
        skeleton: skeletons.homeSkeleton(timeline, me, rules),
        kind: "timeline",
        readUp: entriesUp(() => skeletons.homeActors(me, rules)),
        isAbove: byNumber,
      };
    }
    case "people":
      return {
        skeleton: skeletons.listSkeleton(timeline, of.id, of.people),
        kind: "timeline",
        readUp: entriesUp(() => of.people),
        isAbove: byNumber,
      };
    case "person": {
      const { person_id, only } = of;
      return {
        skeleton: skeletons.personSkeleton(timeline, sql, person_id, only),
        kind: "page",
        readUp:
          only === undefined
            ? entriesUp(() => [person_id])
            : async (above, listed_max) =>
                (await store.postsOfAbove(sql.pool, person_id, only, above, listed_max)).map(plain),
        isAbove: byNumber,
      };
    }
    case "public":
      return {
        skeleton: skeletons.discoverSkeleton(sql),
        kind: "feed",
        readUp: async (above, listed_max) => (await store.publicPostsAbove(sql.pool, above, listed_max)).map(plain),
        isAbove: byNumber,
      };
    case "hashtag":
      return {
        skeleton: skeletons.hashtagSkeleton(sql, of.tag),
        kind: "feed",
        readUp: async (above, listed_max) =>
          (await store.postsWithTagAbove(sql.pool, of.tag, above, listed_max)).map(plain),
        isAbove: byNumber,
      };
    case "bookmarks":
      return {
        skeleton: skeletons.bookmarksSkeleton(sql, me),
        kind: "page",
        readUp: async (above, listed_max) =>
          (await store.bookmarksAbove(sql.pool, me, above, listed_max)).map(({ entry_id, post_id }) => ({
            key: entry_id,
            post_id,
            reposter_id: null,
          })),
        isAbove: byNumber,
      };
    case "liked":
      return likedList(sql, me);
  }
}

/** Of a like's moment and post one number, so that clients may take it for an id: the ms, then 19 digits of the post. */
const likedKey = ({ at, post_id }: store.LikedRow) => `${at.getTime()}${post_id.padStart(19, "0")}`;
const likedAt = (key: string): store.LikedRow => ({
  at: new Date(Number(key.slice(0, -19))),
  post_id: BigInt(key.slice(-19)).toString(),
});
const isLikedKey = (text: string) => {
  if (!/^\d{20,34}$/.test(text)) return false;
  const { at, post_id } = likedAt(text);
  return at.getTime() <= MOMENT_MS_MAX && isId(post_id);
};

function likedList(sql: Sql, person_id: PersonId): TwoWay {
  const listed = (row: store.LikedRow): Listed => ({ key: likedKey(row), post_id: row.post_id, reposter_id: null });
  return {
    skeleton: {
      name: "liked",
      isKey: isLikedKey,
      async read(after, listed_max) {
        const below = after === null ? null : likedAt(after);
        return (await store.likedBy(sql.pool, person_id, { below }, listed_max)).map(listed);
      },
    },
    kind: "page",
    readUp: async (above, listed_max) =>
      (await store.likedBy(sql.pool, person_id, { above: likedAt(above) }, listed_max)).map(listed),
    isAbove: byNumber,
  };
}
