import type { PersonCard } from "#kernel/cards.ts";
import { notFound } from "#kernel/errors.ts";
import { type CommentId, isId, type PostId } from "#kernel/ids.ts";
import type { Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { Comment } from "../contract.ts";
import { exactSums, sumsOf } from "../counts/store.ts";
import type { FeedPeople } from "../needs.ts";
import type { HydratedPost } from "../reading/hydrate.ts";
import { fillPage } from "../reading/pages.ts";
import type { PageAsked, Reader } from "../reading/reader.ts";
import type { Rules } from "../reading/rules.ts";
import { type CommentRow, findAll, findComment, findComments, findThread, likedAmong } from "./store.ts";

export interface CommentReader {
  thread(
    viewer: Viewer,
    post_id: PostId,
    asked: PageAsked & { parent_id?: CommentId | undefined; order: "oldest" | "newest" },
    signal: AbortSignal,
  ): Promise<Page<Comment>>;
  /** All of a post's that this viewer sees, oldest first; what stands under a deleted one hangs on what is above that. */
  all(viewer: Viewer, post_id: PostId, comments_max: number): Promise<Comment[]>;
  /** @throws Problem 404 `comment.not_found` for what is not there, was deleted, or is not for this viewer */
  comment(viewer: Viewer, id: CommentId): Promise<FoundComment>;
  /** The same of many, in one round; those that are not for this viewer are missing. */
  byIds(viewer: Viewer, ids: readonly CommentId[]): Promise<Map<CommentId, Comment>>;
  present(viewer: Viewer, found: FoundComment): Promise<Comment>;
  /** Its author, the author of the post, and whoever may delete the post. */
  mayDelete(found: FoundComment): boolean;
}

export interface FoundComment {
  row: CommentRow;
  author: PersonCard;
  post: HydratedPost;
  rules: Rules;
}

interface Shown {
  row: CommentRow;
  /** Null where only its replies keep a deleted one in place. */
  author: PersonCard | null;
  counts: Comment["counts"];
}

/** Where a word is muted everywhere, and hidden rather than warned of. One's own words always stand. */
function hasMutedWords({ facts: { viewer }, wishes }: Rules, row: CommentRow): boolean {
  if (wishes.words === null || (viewer.kind === "person" && viewer.person_id === row.author_id)) return false;
  return wishes.words.judgeText([row.content_warning ?? "", row.text], "everywhere")?.hides === true;
}

export function createCommentReader({
  sql,
  people,
  reader,
}: {
  sql: Sql;
  people: Pick<FeedPeople, "cards">;
  reader: Reader;
}): CommentReader {
  function mayDelete(rules: Rules, post: HydratedPost, row: CommentRow): boolean {
    const { viewer } = rules.facts;
    if (viewer.kind === "nobody" || viewer.suspended) return false;
    if (viewer.person_id === row.author_id || viewer.person_id === post.post.author_id) return true;
    return rules.post("delete", post).ok;
  }

  async function judge(rules: Rules, post: HydratedPost, rows: readonly CommentRow[]): Promise<(Shown | null)[]> {
    const [cards, sums] = await Promise.all([
      people.cards(rows.map((row) => row.author_id)),
      rows.length === 0
        ? new Map<string, never>()
        : sumsOf(
            sql.pool,
            rows.map((row) => row.id),
          ),
    ]);
    return rows.map((row) => {
      const sum = sums.get(row.id);
      const counts = { likes: sum?.likes ?? 0, replies: sum?.comments ?? 0 };
      if (row.deleted_at !== null) return counts.replies > 0 ? { row, author: null, counts } : null;
      // Out of sight as if it were deleted, but for its author and who moderates where it stands.
      if (!maySeeHidden(rules, post, row)) return counts.replies > 0 ? { row, author: null, counts } : null;
      const author = cards.get(row.author_id);
      if (!author || !rules.comment("read", author).ok || rules.isMuted(author.id)) return null;
      if (hasMutedWords(rules, row)) return null;
      return { row, author, counts };
    });
  }

  const likedOf = async (viewer: Viewer, rows: readonly CommentRow[]) =>
    viewer.kind === "nobody" || rows.length === 0
      ? null
      : likedAmong(
          sql.pool,
          viewer.person_id,
          rows.map((row) => row.id),
        );

  async function presentAll(
    viewer: Viewer,
    rules: Rules,
    post: HydratedPost,
    shown: readonly Shown[],
  ): Promise<Comment[]> {
    const liked = await likedOf(
      viewer,
      shown.map(({ row }) => row),
    );
    return presentEach(viewer, rules, post, shown, liked);
  }

  function presentEach(
    viewer: Viewer,
    rules: Rules,
    post: HydratedPost,
    shown: readonly Shown[],
    liked: Awaited<ReturnType<typeof likedOf>>,
  ): Comment[] {
    return shown.map(({ row, author, counts }) => ({
      id: row.id,
      post_id: row.post_id,
      parent_id: row.parent_id,
      depth: row.depth,
      author,
      text: author === null ? "" : row.text,
      content_warning: author === null ? null : row.content_warning,
      sensitive: author !== null && row.sensitive,
      mentions: author === null ? [] : row.mention_ids.map((id, i) => ({ id, handle: row.mention_handles[i]! })),
      created_at: rfc3339(row.created_at),
      edited_at: row.edited_at === null ? null : rfc3339(row.edited_at),
      deleted: author === null,
      hidden: author !== null && row.hidden_at !== null,
      counts,
      viewer:
        viewer.kind === "nobody"
          ? null
          : {
              liked: liked?.has(row.id) ?? false,
              own: author !== null && viewer.person_id === row.author_id,
              may_delete: author !== null && mayDelete(rules, post, row),
            },
    }));
  }

  async function find(viewer: Viewer, id: CommentId): Promise<FoundComment> {
    const row = await findComment(sql.pool, id);
    if (!row || row.deleted_at !== null) throw notFound("comment");
    const { post, rules } = await reader.post(viewer, row.post_id).catch((error: unknown) => {
      throw (error as { code?: string }).code === "post.not_found" ? notFound("comment") : error;
    });
    if (!maySeeHidden(rules, post, row)) throw notFound("comment");
    const author = (await people.cards([row.author_id])).get(row.author_id);
    if (!author || !rules.comment("read", author).ok) throw notFound("comment");
    return { row, author, post, rules };
  }

  return {
    async thread(viewer, post_id, { parent_id, order, ...page }, signal) {
      const { post, rules } = await reader.post(viewer, post_id);
      if (parent_id !== undefined) {
        const parent = await findComment(sql.pool, parent_id);
        if (!parent || parent.post_id !== post_id) throw notFound("comment");
      }
      const at = { post_id, parent_id: parent_id ?? null, order };
      const source = {
        name: `comments.${post_id}.${parent_id ?? "0"}.${order}`,
        isKey: isId,
        read: async (after: string | null, listed_max: number) =>
          (await findThread(sql.pool, at, after, listed_max)).map((row) => ({ key: row.id as string, row })),
        judge: (listed: readonly { row: CommentRow }[]) =>
          judge(
            rules,
            post,
            listed.map(({ row }) => row),
          ),
      };
      const { shown, next_cursor } = await fillPage<{ key: string; row: CommentRow }, Shown>(source, page, signal);
      return { items: await presentAll(viewer, rules, post, shown), next_cursor };
    },
    async all(viewer, post_id, comments_max) {
      const { post, rules } = await reader.post(viewer, post_id);
      const rows = await findAll(sql.pool, post_id, comments_max);
      const judged = await judge(rules, post, rows);
      /** Where an answer to each hangs; what is under somebody who is out of sight is out of sight too. */
      const place = new Map<CommentId, CommentId | null>();
      const shown: Shown[] = [];
      for (const [i, row] of rows.entries()) {
        const above = row.parent_id === null ? null : place.get(row.parent_id);
        const seen = judged[i];
        if (above === undefined || !seen) continue;
        place.set(row.id, seen.author === null ? above : row.id);
        if (seen.author !== null) shown.push({ ...seen, row: { ...row, parent_id: above } });
      }
      return presentAll(viewer, rules, post, shown);
    },
    comment: find,
    async byIds(viewer, ids) {
      const rows = (await findComments(sql.pool, ids)).filter((row) => row.deleted_at === null);
      if (rows.length === 0) return new Map();
      const [rules, liked, posts, cards, sums] = await Promise.all([
        reader.rules(viewer),
        likedOf(viewer, rows),
        reader.readable(viewer, [...new Set(rows.map((row) => row.post_id))]),
        people.cards([...new Set(rows.map((row) => row.author_id))]),
        sumsOf(
          sql.pool,
          rows.map((row) => row.id),
        ),
      ]);
      const shown = new Map<CommentId, Comment>();
      for (const post of posts) {
        const under = rows.flatMap((row): Shown[] => {
          const author = cards.get(row.author_id);
          if (row.post_id !== post.post.id || !author || !rules.comment("read", author).ok) return [];
          if (!maySeeHidden(rules, post, row)) return [];
          const sum = sums.get(row.id);
          return [{ row, author, counts: { likes: sum?.likes ?? 0, replies: sum?.comments ?? 0 } }];
        });
        for (const comment of presentEach(viewer, rules, post, under, liked)) shown.set(comment.id, comment);
      }
      return shown;
    },
    mayDelete: ({ rules, post, row }) => mayDelete(rules, post, row),
    async present(viewer, { row, author, post, rules }) {
      const { likes, comments: replies } = await exactSums(sql.pool, row.id);
      const shown = { row, author, counts: { likes, replies } };
      return (await presentAll(viewer, rules, post, [shown]))[0]!;
    },
  };
}

/** True for what is not hidden, too. */
export function maySeeHidden(
  rules: Rules,
  post: HydratedPost,
  row: Pick<CommentRow, "author_id" | "hidden_at">,
): boolean {
  if (row.hidden_at === null) return true;
  const { viewer } = rules.facts;
  if (viewer.kind === "nobody") return false;
  return viewer.person_id === row.author_id || rules.moderates(post);
}
