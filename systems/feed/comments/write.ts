import { notFound, Problem } from "#kernel/errors.ts";
import type { CommentId, PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { COMMENT_DEPTH_MAX, COMMENT_EDITS_MAX, COMMENTS_PER_POST_MAX, UNDO_MS_MAX } from "../bounds.ts";
import { addDelta } from "../counts/store.ts";
import { type FeedEvent, tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { must } from "../policy.ts";
import { type Marks, resolveMarks } from "../posts/marks.ts";
import type { HydratedPost } from "../reading/hydrate.ts";
import type { Rules } from "../reading/rules.ts";
import type { FoundComment } from "./read.ts";
import * as store from "./store.ts";

type CommentRow = store.CommentRow;

export const PURGE_COMMENT_JOB = "feed.purge_comment";
/** As of posts: what was under way with it has ended by then. */
const PURGE_DELAY_MS = UNDO_MS_MAX + 60_000;

export interface NewComment {
  text: string;
  parent_id?: CommentId | null | undefined;
  content_warning?: string | null | undefined;
  sensitive?: boolean | undefined;
}

export interface CommentChange {
  text?: string | undefined;
  content_warning?: string | null | undefined;
  sensitive?: boolean | undefined;
}

/**
 * Answers a post, or one of its comments. With the same idempotency key the same author gets the first one again.
 * @throws Problem 404 `comment.not_found`, 403 `comment.may_not`, 409 `comment.too_deep`, `comment.too_many`
 */
export async function createComment(
  ground: Ground,
  viewer: SignedIn,
  { post, rules }: { post: HydratedPost; rules: Rules },
  asked: NewComment,
  idempotency_key: string | null,
): Promise<CommentId> {
  must(rules.post("comment", post), "comment.may_not");
  if (post.post.counts.comments >= COMMENTS_PER_POST_MAX) {
    throw new Problem(409, "comment.too_many", "This post has as many comments as a post can have.");
  }
  if (asked.parent_id) await mayAnswer(ground, rules, post, await store.findComment(ground.sql.pool, asked.parent_id));
  await ground.admit?.(viewer);
  const marks = await resolveMarks(ground.people, rules, asked.text);
  const id = ground.ids.next<"comment">();
  const event = await ground.sql.tx(async (tx): Promise<FeedEvent | CommentId> => {
    // Seen before, and still there: from here on nobody else's connection is waited for.
    const parent = asked.parent_id ? await livingComment(tx, asked.parent_id) : null;
    const row = {
      id,
      post_id: post.post.id,
      parent_id: parent?.id ?? null,
      depth: parent ? parent.depth + 1 : 0,
      author_id: viewer.person_id,
      text: asked.text,
      content_warning: asked.content_warning ?? null,
      sensitive: asked.sensitive ?? false,
      mention_ids: marks.mention_ids,
      mention_handles: marks.mention_handles,
      created_at: new Date(ground.clock.now()),
    };
    const first = await store.insertComment(tx, row, idempotency_key);
    if (first !== null) return first;
    await addDelta(tx, post.post.id, "comments", 1);
    if (parent) await addDelta(tx, parent.id, "comments", 1);
    const told = commentEvent(
      "feed.commented",
      row,
      post.post.author_id,
      viewer.person_id,
      parent?.author_id ?? null,
      marks.mention_ids,
    );
    await tell(ground.log, tx, told);
    return told;
  });
  if (typeof event === "string") return event;
  ground.happened(event);
  return id;
}

async function mayAnswer(ground: Ground, rules: Rules, post: HydratedPost, parent: CommentRow | null): Promise<void> {
  if (!parent || parent.post_id !== post.post.id || parent.deleted_at !== null || parent.hidden_at !== null)
    throw notFound("comment");
  const author = (await ground.people.cards([parent.author_id])).get(parent.author_id);
  if (!author || !rules.comment("read", author).ok) throw notFound("comment");
  must(rules.comment("comment", author), "comment.may_not");
  if (parent.depth >= COMMENT_DEPTH_MAX) {
    throw new Problem(409, "comment.too_deep", "This thread is as deep as threads go. Answer one level higher.");
  }
}

/** @throws Problem 403 `comment.not_yours`, 409 `comment.too_many_edits` */
export async function editComment(
  ground: Ground,
  viewer: SignedIn,
  rules: Rules,
  comment: CommentRow,
  author_id: PersonId,
  change: CommentChange,
): Promise<void> {
  if (comment.author_id !== viewer.person_id)
    throw new Problem(403, "comment.not_yours", "Only its author may edit a comment.");
  const marks = change.text === undefined ? null : await resolveMarks(ground.people, rules, change.text);
  const event = await ground.sql.tx(async (tx): Promise<FeedEvent | null> => {
    const before = await livingComment(tx, comment.id);
    const next = changed(before, change, marks);
    if (FIELDS.every((field) => next[field] === before[field])) return null;
    if ((await store.countEdits(tx, comment.id)) >= COMMENT_EDITS_MAX) {
      throw new Problem(
        409,
        "comment.too_many_edits",
        `A comment can be edited ${COMMENT_EDITS_MAX} times. Write a new one.`,
      );
    }
    await store.updateComment(tx, before, next, new Date(ground.clock.now()));
    const fresh = next.mention_ids.filter((id) => !before.mention_ids.includes(id));
    const told = commentEvent("feed.comment_edited", before, author_id, viewer.person_id, null, fresh);
    await tell(ground.log, tx, told);
    return told;
  });
  if (event) ground.happened(event);
}

/** When nobody can be answering it any more, the words of a deleted comment go, with the names in them and what stood there before. */
export function definePurgeOfComments({ jobs, clock }: Pick<Ground, "jobs" | "clock">): void {
  jobs.define({
    name: PURGE_COMMENT_JOB,
    class: "maintenance",
    tries_max: 10,
    lease_ms: 30_000,
    run_ms_max: 60_000,
    concurrency_max: 2,
    handle: (payload, run) =>
      run.fenced((tx) => store.purgeComment(tx, payload.comment_id as CommentId, new Date(clock.now()))),
  });
}

const FIELDS = ["text", "content_warning", "sensitive"] as const;

/** As it will stand, with what the change says nothing about as it was. */
const changed = (
  before: store.CommentWords,
  { text, content_warning, sensitive }: CommentChange,
  marks: Pick<Marks, "mention_ids" | "mention_handles"> | null,
): store.CommentWords => ({
  text: text ?? before.text,
  content_warning: content_warning === undefined ? before.content_warning : content_warning,
  sensitive: sensitive ?? before.sensitive,
  mention_ids: marks?.mention_ids ?? before.mention_ids,
  mention_handles: marks?.mention_handles ?? before.mention_handles,
});

/** Its author may, who wrote the post may, and whoever moderates may. Replies stay under an empty place. @throws Problem 403 `comment.not_yours` */
export async function deleteComment(
  ground: Ground,
  viewer: SignedIn,
  comment: CommentRow,
  may_delete: boolean,
  author_id: PersonId,
): Promise<void> {
  if (!may_delete)
    throw new Problem(
      403,
      "comment.not_yours",
      "Only its author, the author of the post and moderators may delete a comment.",
    );
  const event = await ground.sql.tx((tx) => takeCommentAway(ground, tx, comment.id, author_id, viewer.person_id));
  if (event) ground.happened(event);
}

/**
 * All that a deletion does, in the caller's transaction.
 * @param author_id whose post it is under
 * @returns what it told, or null where the comment was gone already
 */
export async function takeCommentAway(
  ground: Ground,
  tx: Query,
  id: CommentId,
  author_id: PersonId,
  by: PersonId,
): Promise<FeedEvent | null> {
  const row = await store.lockComment(tx, id);
  if (!row || row.deleted_at !== null) return null;
  await store.markCommentDeleted(tx, id, by, new Date(ground.clock.now()));
  await addDelta(tx, row.post_id, "comments", -1);
  if (row.parent_id) await addDelta(tx, row.parent_id, "comments", -1);
  await ground.jobs.enqueue(
    tx,
    PURGE_COMMENT_JOB,
    { comment_id: id },
    { delay_ms: PURGE_DELAY_MS, tenant: row.author_id },
  );
  const told = commentEvent("feed.comment_deleted", row, author_id, by, null, []);
  await tell(ground.log, tx, told);
  return told;
}

/** @throws Problem 403 `comment.may_not` */
export async function likeComment(
  ground: Ground,
  viewer: SignedIn,
  found: FoundComment,
  liked: boolean,
): Promise<void> {
  const { row: comment, author, post, rules } = found;
  if (liked) {
    must(rules.post("comment", post), "comment.may_not");
    must(rules.comment("like", author), "comment.may_not");
  }
  await ground.sql.tx((tx) => setCommentLike(ground, tx, comment, viewer.person_id, liked));
}

/** Row, step of the sum and event, in the caller's transaction. @returns what it told, or null where it was so already */
export async function setCommentLike(
  ground: Ground,
  tx: Query,
  comment: Pick<CommentRow, "id" | "post_id" | "author_id">,
  person_id: PersonId,
  liked: boolean,
): Promise<FeedEvent | null> {
  const changed = liked
    ? await store.insertCommentLike(tx, person_id, comment.id, new Date(ground.clock.now()))
    : await store.deleteCommentLike(tx, person_id, comment.id);
  if (!changed) return null;
  await addDelta(tx, comment.id, "likes", liked ? 1 : -1);
  const told: FeedEvent = {
    type: liked ? "feed.comment_liked" : "feed.comment_unliked",
    version: 1,
    data: { comment_id: comment.id, post_id: comment.post_id, author_id: comment.author_id, person_id },
  };
  await tell(ground.log, tx, told);
  return told;
}

async function livingComment(tx: Query, id: CommentId): Promise<CommentRow> {
  const row = await store.lockComment(tx, id);
  if (!row || row.deleted_at !== null) throw notFound("comment");
  return row;
}

const commentEvent = (
  type: "feed.commented" | "feed.comment_edited" | "feed.comment_deleted",
  row: Pick<CommentRow, "id" | "post_id" | "parent_id">,
  author_id: PersonId,
  person_id: PersonId,
  parent_author_id: PersonId | null,
  mention_ids: PersonId[],
): FeedEvent => ({
  type,
  version: 1,
  data: {
    post_id: row.post_id,
    author_id,
    person_id,
    comment_id: row.id,
    parent_id: row.parent_id,
    parent_author_id,
    mention_ids,
  },
});
