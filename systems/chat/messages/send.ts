import { notFound, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { afterCommit, type Tx } from "#ports/sql/index.ts";

import { MESSAGE_MENTIONS_MAX } from "../bounds.ts";
import { type ChannelRow, findChannel, findMember, type MemberRow } from "../channels/store.ts";
import type { MessageAsked } from "../contract.ts";
import { tell } from "../events.ts";
import { insertForward } from "../forwards/store.ts";
import { type Ground, must, nowOf, type Stand, standIn, streamOf } from "../ground.ts";
import { holdLink } from "../links/hold.ts";
import { addressed } from "../mentions/address.ts";
import type { ChannelId, MessageId } from "../needs.ts";
import { mayMentionAll, mayModerate, maySend } from "../policy.ts";
import { beginPoll } from "../polls/present.ts";
import { namesIn } from "../tokens.ts";
import { readableMessage } from "./history.ts";
import * as store from "./store.ts";

export interface Sent {
  id: MessageId;
  seq: string;
  at: Date;
  /** It was sent before: this is what it became then. */
  dup: boolean;
}

/** How a program calls itself in one message. */
export interface Guise {
  name: string | null;
  emoji: string | null;
}
const NO_GUISE: Guise = { name: null, emoji: null };

/** Room for the words in an item of the stream, in bytes of JSON; longer ones are fetched. */
const LINE_BODY_BYTES_MAX = 10_000;

/**
 * Sends. The number, the message and what it changes commit together. The stream's row is taken first: from there on nobody else
 * writes in this channel, so that membership as it is read then is membership as of this very number.
 * @throws Problem 403, 404, 422, 429 `chat.slow_mode`
 */
export async function sendMessage(
  ground: Ground,
  viewer: SignedIn,
  channel_id: ChannelId,
  cid: string,
  asked: MessageAsked,
  guise: Guise = NO_GUISE,
): Promise<Sent> {
  const { sql, people, ids } = ground;
  const me = viewer.person_id;
  if (asked.poll && asked.body === "") throw noQuestion();
  const media = { video_id: asked.video_id, image_ids: asked.image_ids, sound_id: asked.sound_id ?? null };
  if (asked.body === "" && !store.carries(media) && !asked.forward_of_id)
    throw new Problem(422, "message.empty", "Write something, or attach a picture, a film or a voice note.");
  if ([media.video_id !== null, media.image_ids.length > 0, media.sound_id !== null].filter(Boolean).length > 1)
    throw new Problem(
      422,
      "message.media_not_usable",
      "A message has pictures, a film or a voice note, and only one of these.",
    );
  // Before anything is locked: refuses at once who may not, and asks other systems outside of the transaction.
  const before = await standFor(ground, viewer, channel_id);
  const channel = before.channel;
  must(maySend(before.standing));
  await ground.admit?.(viewer);
  const named = namesIn(asked.body, MESSAGE_MENTIONS_MAX);
  const cards = await people.byHandles(named.handles);
  const handle_ids = named.handles.flatMap((handle) => cards.get(handle)?.id ?? []);
  const all = named.all !== null && mayMentionAll(before.standing).ok ? named.all : null;
  const unreadable = asked.forward_of_id ? await whyNot(ground, viewer, asked.forward_of_id) : null;
  const id = ids.next<"message">();

  return sql.tx(async (tx): Promise<Sent> => {
    const mention_ids = await reachable(tx, ground, channel, handle_ids);
    const place = await placeOf(tx, channel_id, asked);
    const data: JsonObject = {
      ...(Buffer.byteLength(JSON.stringify(asked.body)) <= LINE_BODY_BYTES_MAX ? { body: asked.body } : {}),
      reply_to_id: asked.reply_to_id,
      root_id: place.root_id,
      in_channel: place.in_channel,
      mention_ids,
      mentions_all: all,
      // More than words: whoever wants to show it asks for it.
      media: store.carries(media) || asked.poll !== undefined || asked.forward_of_id !== undefined,
      ...(guise.name === null && guise.emoji === null ? {} : { guise: { name: guise.name, emoji: guise.emoji } }),
    };
    const appended = await ground.line.append(tx, streamOf(channel_id), [
      { kind: "message.created", data, id, sender_id: me, cid },
    ]);
    const [item] = appended.items;
    if (!item) throw new Error("the line gave no number");
    if (item.dup) return { id: item.id as MessageId, seq: item.seq, at: item.at, dup: true };
    if (unreadable) throw unreadable;
    const now = await standFor(ground, viewer, channel_id, tx);
    must(maySend(now.standing));
    await keepSlow(tx, ground, now);
    const forward_of_id = asked.forward_of_id ? await insertForward(tx, id, asked.forward_of_id) : null;
    if (asked.forward_of_id && forward_of_id === null) throw notFound("message");
    const row: store.NewMessage = {
      id,
      channel_id,
      seq: item.seq,
      author_id: me,
      cid,
      body: asked.body,
      reply_to_id: asked.reply_to_id,
      ...place,
      mention_ids,
      mentions_all: all,
      ...media,
      forward_of_id,
      guise_name: guise.name,
      guise_emoji: guise.emoji,
      created_at: item.at,
    };
    await store.insertMessage(tx, row);
    if (store.carries(media)) await ground.media.claimForMessage(tx, me, { message_id: id, ...media });
    if (asked.poll) await beginPoll(ground, tx, row, asked.poll);
    await holdLink(ground, tx, { ...row, link_id: null }, asked.body);
    await addressed(ground, tx, now.channel, row);
    await toldOutside(ground, tx, "chat.message_created", now.channel, row, viewer.bot === true);
    if (row.in_channel) afterCommit(tx, `bump:${channel_id}`, () => ground.bumps.happened(channel_id, item.seq));
    return { id, seq: item.seq, at: item.at, dup: false };
  });
}

/** Only what they may read is passed on. It is said after a resend was known: what was sent stays sent. */
const whyNot = (ground: Ground, viewer: SignedIn, id: MessageId): Promise<Problem | null> =>
  readableMessage(ground, viewer, id).then(
    () => null,
    (error: unknown) => {
      if (error instanceof Problem) return error;
      throw error;
    },
  );

export const noQuestion = () =>
  new Problem(422, "message.no_question", "A poll needs a question: write it as the message.");

async function standFor(ground: Ground, viewer: SignedIn, id: ChannelId, tx?: Tx): Promise<Stand> {
  const q = tx ?? ground.sql.pool;
  const channel: ChannelRow | null = await findChannel(q, id);
  if (!channel) throw notFound("channel");
  const member: MemberRow | null = await findMember(q, id, viewer.person_id);
  return standIn(ground, viewer, channel, member);
}

/** Only who can read the channel is named in it; anybody else's name stays words. */
export async function reachable(
  tx: Tx,
  ground: Ground,
  channel: ChannelRow,
  person_ids: readonly PersonId[],
): Promise<PersonId[]> {
  const found: PersonId[] = [];
  for (const id of person_ids) {
    const member = await findMember(tx, channel.id, id);
    const in_space = channel.space_id === null || (await ground.spaces.membershipsOf(id)).has(channel.space_id);
    if (in_space && (member !== null || channel.kind === "public" || channel.kind === "announcement")) found.push(id);
  }
  return found;
}

/** Where it is to stand. @throws Problem 404 for an answer to what is not in this channel, 422 `chat.no_thread` for a thread in a thread */
async function placeOf(
  tx: Tx,
  channel_id: ChannelId,
  asked: Pick<MessageAsked, "root_id" | "reply_to_id" | "also_in_channel">,
): Promise<{ root_id: MessageId | null; in_channel: boolean }> {
  const { root_id, reply_to_id, also_in_channel } = asked;
  const rows = await store.findMessages(
    tx,
    [root_id, reply_to_id].flatMap((id) => id ?? []),
  );
  for (const id of [root_id, reply_to_id]) {
    if (id !== null && rows.find((row) => row.id === id)?.channel_id !== channel_id) throw notFound("message");
  }
  const root = rows.find((row) => row.id === root_id);
  if (root && root.root_id !== null)
    throw new Problem(
      422,
      "chat.no_thread",
      "An answer begins no thread of its own. Write to the thread in which it stands.",
    );
  return { root_id, in_channel: root_id === null || also_in_channel };
}

/** @throws Problem 429 `chat.slow_mode` with when to try again */
async function keepSlow(tx: Tx, ground: Ground, { channel, member, standing }: Stand): Promise<void> {
  if (channel.slow_mode_s === 0 || member === null || mayModerate(standing).ok) return;
  const now = nowOf(ground);
  const wait_ms = (member.last_sent_at?.getTime() ?? 0) + channel.slow_mode_s * 1_000 - now.getTime();
  if (wait_ms > 0)
    throw new Problem(429, "chat.slow_mode", "This channel is in slow mode: one message each in a while.", {
      retry_after_s: Math.ceil(wait_ms / 1_000),
    });
  await store.noteSent(tx, channel.id, member.person_id, now);
}

/** Where programs outside listen, a message is told of on the log too: in the same transaction, so that none is missed. */
export async function toldOutside(
  { log }: Pick<Ground, "log">,
  tx: Tx,
  type: "chat.message_created" | "chat.message_edited",
  { id: channel_id, kind: channel_kind, space_id, watched_at }: ChannelRow,
  { id: message_id, seq, author_id }: Pick<store.MessageRow, "id" | "seq" | "author_id">,
  by_bot: boolean,
): Promise<void> {
  if (watched_at === null) return;
  const data = { channel_id, channel_kind, space_id, message_id, seq, author_id, by_bot };
  await tell(log, tx, { type, version: 1, data });
}
