import type { ImageId, PersonId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { deleteForwards } from "../forwards/store.ts";
import type { ChannelId, LinkId, MessageId, SoundId } from "../needs.ts";
import { deletePolls } from "../polls/store.ts";

export interface MessageRow {
  id: MessageId;
  channel_id: ChannelId;
  seq: string;
  author_id: PersonId;
  cid: string | null;
  body: string;
  reply_to_id: MessageId | null;
  root_id: MessageId | null;
  in_channel: boolean;
  mention_ids: PersonId[];
  mentions_all: "channel" | "here" | null;
  image_ids: ImageId[];
  video_id: VideoId | null;
  sound_id: SoundId | null;
  version: number;
  replies: number;
  last_reply_at: Date | null;
  created_at: Date;
  edited_at: Date | null;
  deleted_at: Date | null;
  pinned_at: Date | null;
  link_id: LinkId | null;
  link_hidden_at: Date | null;
  /** The message that it passes on. */
  forward_of_id: MessageId | null;
  guise_name: string | null;
  guise_emoji: string | null;
}

/** Whether media holds something for it. */
export const carries = (row: Pick<MessageRow, "video_id" | "image_ids" | "sound_id">): boolean =>
  row.video_id !== null || row.image_ids.length > 0 || row.sound_id !== null;

const TOP = "9223372036854775807";

export type NewMessage = Omit<
  MessageRow,
  "version" | "replies" | "last_reply_at" | "edited_at" | "deleted_at" | "pinned_at" | "link_id" | "link_hidden_at"
>;

/** The message, and what it changes about its channel and its thread. */
export async function insertMessage(tx: Query, row: NewMessage): Promise<void> {
  await tx`
    INSERT INTO chat_messages (id, channel_id, seq, author_id, cid, body, reply_to_id, root_id, in_channel, mention_ids, mentions_all,
      image_ids, video_id, sound_id, forward_of_id, guise_name, guise_emoji, created_at)
    VALUES (${row.id}, ${row.channel_id}, ${row.seq}, ${row.author_id}, ${row.cid}, ${row.body}, ${row.reply_to_id}, ${row.root_id},
      ${row.in_channel}, ${tx.array(row.mention_ids, "BIGINT")}, ${row.mentions_all}, ${tx.array(row.image_ids, "BIGINT")},
      ${row.video_id}, ${row.sound_id}, ${row.forward_of_id}, ${row.guise_name}, ${row.guise_emoji}, ${row.created_at})`;
  if (row.in_channel)
    await tx`UPDATE chat_channels SET last_seq = greatest(last_seq, ${row.seq}::bigint), last_at = ${row.created_at}
      WHERE id = ${row.channel_id}`;
  if (row.root_id !== null)
    await tx`UPDATE chat_messages SET replies = replies + 1, last_reply_at = ${row.created_at} WHERE id = ${row.root_id}`;
}

const COLUMNS = `id, channel_id, seq, author_id, cid, body, reply_to_id, root_id, in_channel, mention_ids, mentions_all, image_ids,
  video_id, sound_id, version, replies, last_reply_at, created_at, edited_at, deleted_at, pinned_at, link_id, link_hidden_at, forward_of_id, guise_name, guise_emoji`;

/** Deleted ones too: they keep their places. */
export async function findMessages(q: Query, ids: readonly MessageId[]): Promise<MessageRow[]> {
  if (ids.length === 0) return [];
  return (await q`SELECT ${q.unsafe(COLUMNS)} FROM chat_messages WHERE id = ANY(${q.array([...ids], "BIGINT")})`) as MessageRow[];
}

export const findMessage = async (q: Query, id: MessageId): Promise<MessageRow | null> =>
  (await findMessages(q, [id]))[0] ?? null;

export async function lockMessage(tx: Query, id: MessageId): Promise<MessageRow | null> {
  const [row] =
    (await tx`SELECT ${tx.unsafe(COLUMNS)} FROM chat_messages WHERE id = ${id} FOR NO KEY UPDATE`) as MessageRow[];
  return row ?? null;
}

/** What stands in a channel on one side of a place; the oldest first, whichever side it was. */
export async function messagesBeside(
  q: Query,
  channel_id: ChannelId,
  place: { before: string } | { after: string },
  rows_max: number,
): Promise<MessageRow[]> {
  if ("after" in place)
    return (await q`SELECT ${q.unsafe(COLUMNS)} FROM chat_messages
      WHERE channel_id = ${channel_id} AND in_channel AND seq > ${place.after}::bigint ORDER BY seq LIMIT ${rows_max}`) as MessageRow[];
  const rows = (await q`SELECT ${q.unsafe(COLUMNS)} FROM chat_messages
    WHERE channel_id = ${channel_id} AND in_channel AND seq < ${place.before}::bigint ORDER BY seq DESC LIMIT ${rows_max}`) as MessageRow[];
  return rows.toReversed();
}

export const newestPlace = { before: TOP } as const;

/** The same within a thread; the message that began it is not among them. */
export async function repliesBeside(
  q: Query,
  root_id: MessageId,
  place: { before: string } | { after: string },
  rows_max: number,
): Promise<MessageRow[]> {
  if ("after" in place)
    return (await q`SELECT ${q.unsafe(COLUMNS)} FROM chat_messages
      WHERE root_id = ${root_id} AND seq > ${place.after}::bigint ORDER BY seq LIMIT ${rows_max}`) as MessageRow[];
  const rows = (await q`SELECT ${q.unsafe(COLUMNS)} FROM chat_messages
    WHERE root_id = ${root_id} AND seq < ${place.before}::bigint ORDER BY seq DESC LIMIT ${rows_max}`) as MessageRow[];
  return rows.toReversed();
}

/** Everything that stands in the channel and its threads after a place. */
export async function everythingAfter(
  q: Query,
  channel_id: ChannelId,
  after: string,
  rows_max: number,
): Promise<MessageRow[]> {
  return (await q`SELECT ${q.unsafe(COLUMNS)} FROM chat_messages
    WHERE channel_id = ${channel_id} AND seq > ${after}::bigint ORDER BY seq LIMIT ${rows_max}`) as MessageRow[];
}

/** Keeps the words that stood there and puts others in their place. */
export async function editMessage(
  tx: Query,
  before: MessageRow,
  next: Pick<MessageRow, "body" | "mention_ids" | "mentions_all">,
  at: Date,
): Promise<void> {
  await tx`INSERT INTO chat_edits (message_id, version, body, at)
    VALUES (${before.id}, ${before.version}, ${before.body}, ${before.edited_at ?? before.created_at})`;
  await tx`UPDATE chat_messages SET body = ${next.body}, mention_ids = ${tx.array(next.mention_ids, "BIGINT")},
    mentions_all = ${next.mentions_all}, version = version + 1, edited_at = ${at} WHERE id = ${before.id}`;
}

export async function editsOf(q: Query, id: MessageId): Promise<{ version: number; body: string; at: Date }[]> {
  return (await q`SELECT version, body, at FROM chat_edits WHERE message_id = ${id} ORDER BY version DESC`) as {
    version: number;
    body: string;
    at: Date;
  }[];
}

/** The words, what they were before, and reactions go at once and for good; the place stays. */
export async function eraseMessage(tx: Query, row: MessageRow, by: PersonId, at: Date): Promise<void> {
  await tx`DELETE FROM chat_edits WHERE message_id = ${row.id}`;
  await tx`DELETE FROM chat_reactions WHERE message_id = ${row.id}`;
  await deletePolls(tx, [row.id]);
  await deleteForwards(tx, [row.id]);
  await tx`UPDATE chat_messages SET body = '', mention_ids = '{}', mentions_all = NULL, image_ids = '{}', video_id = NULL, sound_id = NULL,
    link_id = NULL, link_hidden_at = NULL, forward_of_id = NULL,
    pinned_at = NULL, pinned_by = NULL, deleted_at = ${at}, deleted_by = ${by} WHERE id = ${row.id}`;
  if (row.root_id !== null)
    await tx`UPDATE chat_messages SET replies = greatest(replies - 1, 0) WHERE id = ${row.root_id}`;
}

export interface ReactionRow {
  message_id: MessageId;
  emoji: string;
  count: number;
  mine: number;
  person_ids: PersonId[];
}

/** Those that came first before the others; the names of those who reacted first. */
export async function reactionsOf(
  q: Query,
  ids: readonly MessageId[],
  me: PersonId,
  names_max: number,
): Promise<ReactionRow[]> {
  if (ids.length === 0) return [];
  return (await q`
    SELECT message_id, emoji, count(*)::int AS count, max((person_id = ${me})::int)::int AS mine,
      (array_agg(person_id ORDER BY at, person_id))[1:${names_max}::int]::text[] AS person_ids
    FROM chat_reactions WHERE message_id = ANY(${q.array([...ids], "BIGINT")})
    GROUP BY message_id, emoji ORDER BY message_id, min(at), emoji`) as ReactionRow[];
}

export async function countEmoji(tx: Query, id: MessageId, but: string): Promise<number> {
  const [row] = (await tx`SELECT count(DISTINCT emoji)::int AS n FROM chat_reactions
    WHERE message_id = ${id} AND emoji <> ${but}`) as { n: number }[];
  return row!.n;
}

export async function addReaction(
  tx: Query,
  id: MessageId,
  emoji: string,
  person_id: PersonId,
  at: Date,
): Promise<boolean> {
  const done = await tx`INSERT INTO chat_reactions (message_id, emoji, person_id, at)
    VALUES (${id}, ${emoji}, ${person_id}, ${at}) ON CONFLICT DO NOTHING`;
  return done.count === 1;
}

export async function hasReacted(q: Query, id: MessageId, emoji: string, person_id: PersonId): Promise<boolean> {
  const [row] = (await q`SELECT EXISTS (SELECT FROM chat_reactions
    WHERE message_id = ${id} AND emoji = ${emoji} AND person_id = ${person_id}) AS has`) as { has: boolean }[];
  return row!.has;
}

export async function removeReaction(tx: Query, id: MessageId, emoji: string, person_id: PersonId): Promise<boolean> {
  const done =
    await tx`DELETE FROM chat_reactions WHERE message_id = ${id} AND emoji = ${emoji} AND person_id = ${person_id}`;
  return done.count === 1;
}

/** @returns false where it stood so already */
export async function setPin(tx: Query, id: MessageId, by: PersonId | null, at: Date): Promise<boolean> {
  const done =
    await tx`UPDATE chat_messages SET pinned_at = ${by === null ? null : at}::timestamptz, pinned_by = ${by}::bigint
    WHERE id = ${id} AND deleted_at IS NULL AND (pinned_at IS NULL) = ${by !== null}::boolean`;
  return done.count === 1;
}

export async function pinsOf(q: Query, channel_id: ChannelId, rows_max: number): Promise<MessageRow[]> {
  return (await q`SELECT ${q.unsafe(COLUMNS)} FROM chat_messages WHERE channel_id = ${channel_id} AND pinned_at IS NOT NULL
    ORDER BY pinned_at DESC LIMIT ${rows_max}`) as MessageRow[];
}

export async function setLink(tx: Query, id: MessageId, link_id: LinkId | null, hidden_at: Date | null): Promise<void> {
  await tx`UPDATE chat_messages SET link_id = ${link_id}::bigint, link_hidden_at = ${hidden_at}::timestamptz WHERE id = ${id}`;
}

export async function noteSent(tx: Query, channel_id: ChannelId, person_id: PersonId, at: Date): Promise<void> {
  await tx`UPDATE chat_members SET last_sent_at = ${at} WHERE channel_id = ${channel_id} AND person_id = ${person_id}`;
}
