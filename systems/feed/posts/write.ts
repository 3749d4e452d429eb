import { forbidden, notFound, Problem } from "#kernel/errors.ts";
import type { ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";
import { may } from "#systems/people/index.ts";

import { POST_EDITS_MAX } from "../bounds.ts";
import { type FeedEvent, tell, telling } from "../events.ts";
import type { Ground } from "../ground.ts";
import { linkOf, namesLink } from "../links/link.ts";
import { checkAudience, checkContent, checkVersion, must } from "../policy.ts";
import { beginPoll } from "../polls/begin.ts";
import type { PollAsked } from "../polls/poll-contract.ts";
import { findPoll, removePoll } from "../polls/store.ts";
import { stepQuotes } from "../quotes/count.ts";
import { checkQuote, quotedEvent } from "../quotes/quote.ts";
import { wasDetached } from "../quotes/store.ts";
import { type Rules, rulesFor } from "../reading/rules.ts";
import { type Marks, resolveMarks } from "./marks.ts";
import { findOwnPost, insertPost, lockPost, type PostRow, setHashtags, updatePost } from "./store.ts";

export interface NewPost {
  text: string;
  video_id?: VideoId | null | undefined;
  image_ids?: ImageId[] | null | undefined;
  audience: Audience;
  space_id?: SpaceId | null | undefined;
  content_warning?: string | null | undefined;
  sensitive?: boolean | undefined;
  quote_id?: PostId | null | undefined;
  poll?: PollAsked | null | undefined;
}

export interface PostChange {
  text?: string | undefined;
  audience?: Audience | undefined;
  content_warning?: string | null | undefined;
  sensitive?: boolean | undefined;
  quote_id?: PostId | null | undefined;
  poll?: PollAsked | null | undefined;
}

/** What every event about a post says of it. */
export const placeOf = (
  row: Pick<PostRow, "id" | "author_id" | "audience" | "space_id" | "video_id" | "image_ids"> & {
    quote_id?: PostId | null;
  },
) => ({
  post_id: row.id,
  author_id: row.author_id,
  audience: row.audience,
  space_id: row.space_id,
  video_id: row.video_id,
  image_ids: row.image_ids,
  quotes_id: row.quote_id ?? null,
});

export const hasMedia = (row: Pick<PostRow, "video_id" | "image_ids">) =>
  row.video_id !== null || row.image_ids.length > 0;

/**
 * Everything that can be told about a post before it is written: also when it is to be written later.
 * @throws Problem 422, 404 and 403 as the contract of `createPost` lists them
 */
export async function checkPost(ground: Ground, viewer: SignedIn, asked: NewPost) {
  const image_ids = [...new Set(asked.image_ids ?? [])];
  const video_id = asked.video_id ?? null;
  const space_id = asked.space_id ?? null;
  const quote_id = asked.quote_id ?? null;
  checkContent({ text: asked.text, has_video: video_id !== null, images: image_ids.length, has_poll: !!asked.poll });
  checkAudience(asked.audience, space_id);
  const rules = await rulesFor(viewer, ground);
  if (space_id !== null) await mustPostIn(ground, rules, space_id);
  const marks = await resolveMarks(ground.people, rules, asked.text);
  const quoted_author_id = quote_id === null ? null : await checkQuote(ground, rules, quote_id, { ...asked, space_id });
  return { image_ids, video_id, space_id, quote_id, marks, quoted_author_id };
}

/** What else happens in the transaction that writes a post, before the post itself. @throws to leave everything as it was */
export type Beside = (tx: Query) => Promise<void>;

/**
 * Writes a post. With the same idempotency key the same author gets the first one again, also after a crash.
 * @returns its id
 * @throws Problem 422, 404 and 403 as the contract lists them
 */
export async function createPost(
  ground: Ground,
  viewer: SignedIn,
  asked: NewPost,
  idempotency_key: string | null,
  beside?: Beside,
): Promise<PostId> {
  const { image_ids, video_id, space_id, quote_id, marks, quoted_author_id } = await checkPost(ground, viewer, asked);
  await ground.admit?.(viewer);
  const id = ground.ids.next<"post">();
  const row = {
    id,
    author_id: viewer.person_id,
    text: asked.text,
    audience: asked.audience,
    space_id,
    video_id,
    image_ids,
    ...marks,
    content_warning: asked.content_warning ?? null,
    sensitive: asked.sensitive ?? false,
    quote_id,
    created_at: new Date(ground.clock.now()),
  };
  const event: FeedEvent = {
    type: "feed.post_created",
    version: 1,
    data: { ...placeOf(row), mention_ids: marks.mention_ids },
  };
  const isMore = hasMedia(row) || asked.poll || quote_id !== null || beside !== undefined;
  const write = async (db: Query): Promise<PostId | null> => {
    await beside?.(db);
    const link_id = await linkOf(ground, db, row.text);
    const told = await telling(ground.log, db, event);
    const before = await insertPost(db, { ...row, link_id }, idempotency_key, told.call);
    if (before !== null) return before;
    await told.sent();
    if (hasMedia(row)) {
      await ground.media.claimForPost(db, viewer.person_id, {
        post_id: id,
        video_id,
        image_ids,
        audience: asked.audience,
        space_id,
      });
    }
    if (asked.poll) await beginPoll(ground, db, row, asked.poll);
    await stepQuotes(db, null, { ...row, quote_detached_at: null, deleted_at: null });
    if (quote_id !== null) await tellQuoted(ground, db, event, quote_id, quoted_author_id);
    return null;
  };
  // Words alone are one statement, which is a transaction by itself.
  const isOne = !isMore && !namesLink(ground, row.text);
  const first = await (isOne ? ground.sql.single(write) : ground.sql.tx(write));
  if (first !== null) return first;
  ground.happened(event);
  return id;
}

async function tellQuoted(
  ground: Ground,
  tx: Query,
  { data }: FeedEvent,
  quote_id: PostId,
  quoted_author_id: PersonId | null,
): Promise<void> {
  if (quoted_author_id === null || !("author_id" in data)) return;
  const told = quotedEvent({ post_id: data.post_id, author_id: data.author_id }, quote_id, quoted_author_id);
  if (told) await tell(ground.log, tx, told);
}

/** @throws Problem 404 where there is no such space for this viewer, 403 `post.not_a_member` */
async function mustPostIn(ground: Ground, rules: Rules, space_id: SpaceId): Promise<void> {
  const space = await ground.spaces.find(space_id);
  if (!space) throw notFound("space");
  const resource = {
    kind: "space",
    owner_id: space.owner_id,
    audience: "public",
    space_id,
    space_visibility: space.visibility,
    who_may_post: space.who_may_post,
  } as const;
  if (!may(rules.facts, "read", resource).ok) throw notFound("space");
  must(may(rules.facts, "post_in_space", resource), "post.not_a_member");
}

/**
 * Changes one's own post; what stood there before is kept as a version. A poll that is given begins anew.
 * @throws Problem 404, 403 `post.not_yours`, 412 `post.changed`, 409 `post.too_many_edits`, 422
 */
export async function editPost(
  ground: Ground,
  viewer: SignedIn,
  id: PostId,
  change: PostChange,
  if_match: string | null,
): Promise<void> {
  const rules = await rulesFor(viewer, ground);
  const marks = change.text === undefined ? null : await resolveMarks(ground.people, rules, change.text);
  const quoted_author_id = change.quote_id ? await checkQuoteOf(ground, rules, id, change.quote_id, change) : null;
  const event = await ground.sql.tx(async (tx): Promise<FeedEvent | null> => {
    const before = await lockOwnPost(tx, viewer, id);
    checkVersion(if_match, before.version);
    const next = changed(before, change, marks);
    const poll = await findPoll(tx, id);
    const has_poll = change.poll === undefined ? poll !== null : change.poll !== null;
    checkContent({ text: next.text, has_video: next.video_id !== null, images: next.image_ids.length, has_poll });
    checkAudience(next.audience, next.space_id);
    const isPollChanged = change.poll !== undefined && (change.poll !== null || poll !== null);
    if (!isPollChanged && FIELDS.every((field) => next[field] === before[field])) return null;
    if (before.version > POST_EDITS_MAX) {
      throw new Problem(409, "post.too_many_edits", `A post can be edited ${POST_EDITS_MAX} times. Write a new one.`);
    }
    const isQuoteNew = next.quote_id !== null && next.quote_id !== before.quote_id;
    if (isQuoteNew && (await wasDetached(tx, id, next.quote_id!)))
      throw forbidden("Its author took that post out of this one. It does not come back.", "post.may_not_quote");
    if (next.text !== before.text) {
      const link_id = await linkOf(ground, tx, next.text);
      if (link_id !== before.link_id) Object.assign(next, { link_id, link_hidden_at: null });
    }
    const at = new Date(ground.clock.now());
    await updatePost(tx, before, next, poll?.options ?? null, at);
    await setHashtags(tx, id, next.hashtags);
    await stepQuotes(tx, before, next);
    if (change.poll) await beginPoll(ground, tx, next, change.poll);
    else if (change.poll === null) await removePoll(tx, id, at);
    if (next.audience !== before.audience && hasMedia(before) && before.hidden_at === null)
      await ground.media.showPost(tx, id, next);
    const known = new Set(before.mention_ids);
    const told: FeedEvent = {
      type: "feed.post_edited",
      version: 1,
      data: {
        ...placeOf(next),
        quotes_id: next.quote_id ?? before.quote_id,
        mention_ids: next.mention_ids.filter((person) => !known.has(person)),
        post_version: before.version + 1,
      },
    };
    await tell(ground.log, tx, told);
    if (isQuoteNew) await tellQuoted(ground, tx, told, next.quote_id!, quoted_author_id);
    return told;
  });
  if (event) ground.happened(event);
}

/** Before the transaction begins, for it asks other systems. */
async function checkQuoteOf(
  ground: Ground,
  rules: Rules,
  id: PostId,
  quote_id: PostId,
  change: PostChange,
): Promise<PersonId> {
  const row = await findOwnPost(ground.sql.pool, id);
  if (!row || quote_id === id) throw notFound("post");
  if (row.quote_id === quote_id) return row.author_id;
  return checkQuote(ground, rules, quote_id, { audience: change.audience ?? row.audience, space_id: row.space_id });
}

const FIELDS = ["text", "audience", "content_warning", "sensitive", "quote_id"] as const;

/** The post as it will stand, with what the change says nothing about as it was. */
function changed(before: PostRow, change: PostChange, marks: Marks | null): PostRow {
  const next: PostRow = {
    ...before,
    ...(change.text === undefined ? {} : { text: change.text, ...marks }),
    audience: change.audience ?? before.audience,
    content_warning: change.content_warning === undefined ? before.content_warning : change.content_warning,
    sensitive: change.sensitive ?? before.sensitive,
    quote_id: change.quote_id === undefined ? before.quote_id : change.quote_id,
  };
  // What a moderator marked, its author may say more about, and no less.
  if (before.marked_by !== null) {
    next.sensitive = true;
    next.content_warning ??= before.content_warning;
  }
  if (next.quote_id !== before.quote_id) next.quote_detached_at = null;
  return next;
}

/** @throws Problem 404 where it is gone or was never seen, 403 `post.not_yours` */
async function lockOwnPost(tx: Query, viewer: SignedIn, id: PostId): Promise<PostRow> {
  const row = await lockPost(tx, id);
  if (!row || row.deleted_at !== null) throw notFound("post");
  if (row.author_id === viewer.person_id) return row;
  // Whether it is there for this viewer at all was asked before.
  throw new Problem(403, "post.not_yours", "Only its author may edit a post.");
}
