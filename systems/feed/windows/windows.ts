import { notFound, Problem } from "#kernel/errors.ts";
import { type CommentId, idTimeMs, type PersonId, type PostId, type SpaceId } from "#kernel/ids.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { CommentReader } from "../comments/read.ts";
import type { Comment, Post } from "../contract.ts";
import type { ListBook } from "../lists/book.ts";
import type { FeedSpaces } from "../needs.ts";
import { PAGE_READS_MAX } from "../reading/pages.ts";
import type { Judged, PageSoFar, Reader } from "../reading/reader.ts";
import type { Listed } from "../reading/skeleton.ts";
import type { Timeline } from "../timelines/timeline.ts";
import { type Resolved, type TwoWay, twoWay, type WindowOf } from "./lists.ts";
import * as store from "./store.ts";

/** Posts that anybody counts before an author's number of them stops to grow; a number in a profile, not a sum of money. */
export const AUTHORED_ENTRIES_MAX = 10_000;
const READ_LISTED_MAX = 200;
const SLACK_LISTED = 3;

/**
 * Lists for who pages by places in both directions (`max_id`, `since_id`, `min_id`), the same as ours: the same skeletons, the same
 * rules at read time, the same order. And what else a program of another protocol must ask by id.
 */
export interface Windows {
  /** Newest first. @throws Problem 400 `cursor.invalid` for a place that is none of this list */
  page(viewer: Viewer, of: WindowOf, asked: WindowAsked, signal: AbortSignal): Promise<Windowed[]>;
  /** What has just come to a place of a list, as this viewer would find it there; null where they would not. */
  arrived(viewer: Viewer, of: WindowOf, place: Listed): Promise<Post | null>;
  /** Those of them that this viewer may read. */
  posts(viewer: Viewer, ids: readonly PostId[]): Promise<Map<PostId, Post>>;
  /** All comments of a post that this viewer sees, oldest first; those under a deleted one hang on what is above it. */
  thread(viewer: Viewer, post_id: PostId, comments_max: number): Promise<Comment[]>;
  /** Who wrote these comments. Says nothing of who may see them. */
  authorsOfComments(ids: readonly CommentId[]): Promise<Map<CommentId, PersonId>>;
  /** Whose repost has this id, and of what. Says nothing of who may see it. */
  repost(entry_id: string): Promise<{ post_id: PostId; person_id: PersonId } | null>;
  /** Comments by id that this viewer may read, each with the post that it is under; muted people's are among them. */
  comments(viewer: Viewer, ids: readonly CommentId[]): Promise<Map<CommentId, { comment: Comment; post: Post }>>;
  /** Whether this viewer may know of what stands in a space. */
  seesSpace(viewer: Viewer, id: SpaceId): Promise<boolean>;
  /** The ids of this person's reposts of these. */
  repostsOf(person_id: PersonId, post_ids: readonly PostId[]): Promise<Map<PostId, string>>;
  /** How much they put before their followers (counted up to `AUTHORED_ENTRIES_MAX`), and when last. */
  authored(person_ids: readonly PersonId[]): Promise<Map<PersonId, { posts: number; last_ms: number | null }>>;
}

/** Places are exclusive. `above` wins: the page right above it, upwards; else from `below` (null: the top) down to `since`. */
export interface WindowAsked {
  limit: number;
  below: string | null;
  since: string | null;
  above: string | null;
}

export interface Windowed {
  /** Its place in the list. */
  key: string;
  post: Post;
}

export interface WindowsNeeds {
  sql: Sql;
  reader: Reader;
  comments: CommentReader;
  timeline: Timeline;
  lists: Pick<ListBook, "peopleIn">;
  spaces: Pick<FeedSpaces, "find">;
}

export function createWindows(needs: WindowsNeeds): Windows {
  const { sql, reader } = needs;

  async function down(list: TwoWay, judged: Judge, asked: WindowAsked, signal: AbortSignal): Promise<Windowed[]> {
    const shown: Windowed[] = [];
    const seen = new Set<PostId>();
    let after = asked.below;
    let listed_max = asked.limit + SLACK_LISTED;
    for (let reads = 0; reads < PAGE_READS_MAX && shown.length < asked.limit; reads++) {
      signal.throwIfAborted();
      const listed = await list.skeleton.read(after, listed_max);
      const { since } = asked;
      const wanted = since === null ? listed : listed.filter(({ key }) => list.isAbove(key, since));
      shown.push(...(await judged(wanted, { seen, from: asked.below })));
      if (listed.length < listed_max || wanted.length < listed.length) break;
      after = listed.at(-1)!.key;
      listed_max = Math.min(READ_LISTED_MAX, listed_max * 2);
    }
    return shown.slice(0, asked.limit);
  }

  /**
   * Read upwards, judged and shown downwards: where a post stands twice its newest place stays, also when that is above what was
   * read here.
   */
  async function up(list: TwoWay, judged: Judge, asked: WindowAsked, signal: AbortSignal): Promise<Windowed[]> {
    const shown: Windowed[] = [];
    let above = asked.above!;
    let listed_max = asked.limit + SLACK_LISTED;
    for (let reads = 0; reads < PAGE_READS_MAX && shown.length < asked.limit; reads++) {
      signal.throwIfAborted();
      const listed = await list.readUp(above, listed_max);
      const top = listed.at(-1)?.key;
      if (top === undefined) break;
      const so_far = { seen: new Set<PostId>(), from: (BigInt(top) + 1n).toString() };
      shown.push(...(await judged(listed.toReversed(), so_far)).toReversed());
      if (listed.length < listed_max) break;
      above = top;
      listed_max = Math.min(READ_LISTED_MAX, listed_max * 2);
    }
    return shown.slice(0, asked.limit).toReversed();
  }

  /** @throws Problem 404 `list.not_found` for another's list */
  async function resolve(viewer: Viewer, of: WindowOf): Promise<Resolved> {
    if (of.list !== "list") return of;
    if (viewer.kind === "nobody") throw notFound("list");
    return { list: "people", id: of.id, people: await needs.lists.peopleIn(viewer.person_id, of.id) };
  }

  return {
    async page(viewer, of, asked, signal) {
      const [rules, resolved] = await Promise.all([reader.rules(viewer), resolve(viewer, of)]);
      const list = twoWay(resolved, rules, viewer.kind === "person" ? viewer.person_id : null, needs);
      for (const place of [asked.below, asked.since, asked.above])
        if (place !== null && !list.skeleton.isKey(place)) throw notOurs();
      const judged: Judge = async (listed, so_far) =>
        (await reader.judged(viewer, rules, list.kind, list.skeleton, listed, so_far)).map(windowed);
      return asked.above === null ? down(list, judged, asked, signal) : up(list, judged, asked, signal);
    },

    async arrived(viewer, of, place) {
      const [rules, resolved] = await Promise.all([reader.rules(viewer), resolve(viewer, of)]);
      const list = twoWay(resolved, rules, viewer.kind === "person" ? viewer.person_id : null, needs);
      const [found] = await reader.judged(viewer, rules, list.kind, list.skeleton, [place]);
      return found ? postOf(found.json) : null;
    },

    async posts(viewer, ids) {
      const wanted = [...new Set(ids)];
      if (wanted.length === 0) return new Map();
      const rules = await reader.rules(viewer);
      const listed = wanted.map((id) => ({ key: id, post_id: id, reposter_id: null }));
      const judged = await reader.judged(viewer, rules, "page", NO_ENTRIES, listed);
      return new Map(judged.map(({ json }) => postOf(json)).map((post) => [post.id, post]));
    },

    thread: (viewer, post_id, comments_max) => needs.comments.all(viewer, post_id, comments_max),

    async authorsOfComments(ids) {
      return ids.length === 0 ? new Map() : store.authorsOfComments(sql.pool, ids);
    },
    async repost(entry_id) {
      const row = await store.repostById(sql.pool, entry_id);
      return row && { post_id: row.post_id, person_id: row.actor_id };
    },
    async seesSpace(viewer, id) {
      const rules = await reader.rules(viewer);
      if (rules.facts.spaces.has(id)) return true;
      const space = await needs.spaces.find(id);
      return space !== null && rules.space(space);
    },
    async comments(viewer, ids) {
      const found = await needs.comments.byIds(viewer, [...new Set(ids)]);
      const posts = await this.posts(
        viewer,
        [...found.values()].map(({ post_id }) => post_id),
      );
      const shown = new Map<CommentId, { comment: Comment; post: Post }>();
      for (const [id, comment] of found) {
        const post = posts.get(comment.post_id);
        if (post) shown.set(id, { comment, post });
      }
      return shown;
    },
    async repostsOf(person_id, post_ids) {
      return post_ids.length === 0 ? new Map() : store.repostsOf(sql.pool, person_id, post_ids);
    },
    async authored(person_ids) {
      if (person_ids.length === 0) return new Map();
      const rows = await store.authoredBy(sql.pool, person_ids, AUTHORED_ENTRIES_MAX);
      return new Map(
        rows.map((row) => [
          row.person_id,
          { posts: row.posts, last_ms: row.last_id === null ? null : idTimeMs(row.last_id) },
        ]),
      );
    },
  };
}

type Judge = (listed: readonly Listed[], so_far: PageSoFar) => Promise<Windowed[]>;

const NO_ENTRIES = {};
const postOf = (json: string): Post => JSON.parse(json) as Post;
const windowed = ({ key, json }: Judged): Windowed => ({ key, post: postOf(json) });

const notOurs = () =>
  new Problem(400, "cursor.invalid", "This place is not one of this list. Start the list from its beginning.");
