import { z } from "zod";

import { zLinkCard, zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zPoll, zPollAsked } from "#kernel/polls.ts";
import { zId, zIdOut, zText, zTime } from "#kernel/wire.ts";

import { CID_CHARS_MAX, EMOJI_CHARS_MAX, MESSAGE_CHARS_MAX, MESSAGE_IMAGES_MAX } from "../bounds.ts";

const zMediaStatus = z.enum(["processing", "ready", "failed"]);

export const zMessageImage = z
  .object({
    id: zIdOut<"image">(),
    status: zMediaStatus,
    alt: z.string(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    placeholder: z.string().nullable(),
    variants: z.array(z.object({ url: z.string(), width: z.int(), height: z.int() })),
  })
  .meta({ id: "ChatImage" });
export type MessageImage = z.output<typeof zMessageImage>;

export const zMessageVideo = z
  .object({
    id: zIdOut<"video">(),
    title: z.string(),
    status: zMediaStatus,
    progress: z.number(),
    duration_ms: z.int().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    hls_url: z.string().nullable(),
    poster_url: z.string().nullable(),
    placeholder: z.string().nullable(),
    view_count: z.int(),
  })
  .meta({ id: "ChatVideo" });
export type MessageVideo = z.output<typeof zMessageVideo>;

export const zMessageSound = z
  .object({
    id: zIdOut<"sound">(),
    status: zMediaStatus,
    duration_ms: z.int().nullable(),
    /** The loudest moment of each of 80 equal parts, 0 to 255; empty until it is ready. */
    waveform: z.array(z.int()),
    /** AAC in MP4; null until it is ready. It ends: ask for the message again. */
    url: z.string().nullable(),
  })
  .meta({ id: "ChatSound" });
export type MessageSound = z.output<typeof zMessageSound>;

/** `Voice note (0:12)`: in notifications, and wherever nothing of it can be heard. */
export function voiceWords(duration_ms: number | null): string {
  if (duration_ms === null) return "Voice note";
  const s = Math.max(1, Math.round(duration_ms / 1_000));
  return `Voice note (${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")})`;
}

export const zReaction = z
  .object({ emoji: z.string(), count: z.int(), mine: z.boolean(), names: z.array(z.string()) })
  .meta({ id: "ChatReaction" });

export const zMessage = z
  .object({
    id: zIdOut<"message">(),
    channel_id: zIdOut<"channel">(),
    /** Its place in the channel: the number that the stream gave it. Others stand between two messages. */
    seq: z.string(),
    /** Null where the account is gone. */
    author: zPersonCard.nullable(),
    /** How the program that wrote it calls itself here, and the emoji that is its picture. Never anybody's handle. */
    guise: z.object({ name: z.string().nullable(), emoji: z.string().nullable() }).optional(),
    /** Yours alone: the name that your client gave it. */
    cid: z.string().nullable(),
    /** Empty where it was deleted. */
    body: z.string(),
    version: z.int(),
    created_at: zTime,
    edited_at: zTime.nullable(),
    deleted: z.boolean(),
    /** You block or mute who wrote it: to be folded. */
    folded: z.boolean(),
    /** Who is named, as far as they were in reach. */
    mentions: z.array(z.object({ id: zIdOut<"person">(), handle: z.string() })),
    mentions_all: z.enum(["channel", "here"]).nullable(),
    mentions_me: z.boolean(),
    reply_to: z
      .object({
        id: zIdOut<"message">(),
        seq: z.string(),
        author: zPersonCard.nullable(),
        excerpt: z.string(),
        deleted: z.boolean(),
      })
      .nullable(),
    root_id: zIdOut<"message">().nullable(),
    in_channel: z.boolean(),
    replies: z.int(),
    last_reply_at: zTime.nullable(),
    pinned: z.boolean(),
    reactions: z.array(zReaction),
    images: z.array(zMessageImage),
    video: zMessageVideo.nullable(),
    /** A voice note. */
    sound: zMessageSound.nullable(),
    /** Its words are the question. It is never changed. */
    poll: zPoll.nullable(),
    /** What is behind its first link; null until that is known, and where there is nothing to show. */
    link: zLinkCard.nullable(),
    /** Its author took the card away. */
    link_hidden: z.boolean(),
    /** What it passes on, as it stood then. */
    forwarded: z
      .object({
        author: zPersonCard.nullable(),
        body: z.string(),
        at: zTime.nullable(),
        /** They are where it came from. */
        images: z.int(),
        film: z.boolean(),
        voice: z.boolean(),
        /** What it was of was deleted since. */
        gone: z.boolean(),
        /** Where it came from, for who may read there; the name is null of direct chats and of groups without one. */
        source: z
          .object({ channel_id: zIdOut<"channel">(), seq: z.string(), channel_name: z.string().nullable() })
          .nullable(),
      })
      .nullable(),
    may: z.object({ edit: z.boolean(), delete: z.boolean() }),
  })
  .meta({ id: "ChatMessage" });
export type Message = z.output<typeof zMessage>;

/** What is sent, over HTTP and as the data of a `send` frame. */
export const zMessageAsked = z.strictObject({
  body: zText(MESSAGE_CHARS_MAX).default(""),
  reply_to_id: zId<"message">().nullable().default(null),
  /** Of the message in whose thread it is to stand. */
  root_id: zId<"message">().nullable().default(null),
  /** An answer in a thread that is to stand in the channel too. */
  also_in_channel: z.boolean().default(false),
  image_ids: z.array(zId<"image">()).max(MESSAGE_IMAGES_MAX).default([]),
  video_id: zId<"video">().nullable().default(null),
  /** A sound of yours that no message carries yet. */
  sound_id: zId<"sound">().optional(),
  poll: zPollAsked.optional(),
  /** A message to be passed on, of any conversation that you may read. */
  forward_of_id: zId<"message">().optional(),
});
export type MessageAsked = z.output<typeof zMessageAsked>;

export const zCid = z
  .string()
  .min(1)
  .max(CID_CHARS_MAX)
  .regex(/^[A-Za-z0-9_-]+$/);

export const zHistory = z
  .object({
    /** The oldest first, whichever way was gone. */
    items: z.array(zMessage),
    /** Whether there is more before the first, and after the last. */
    more_before: z.boolean(),
    more_after: z.boolean(),
  })
  .meta({ id: "ChatHistory" });
export type History = z.output<typeof zHistory>;

export const zSeq = z.string().regex(/^(0|[1-9][0-9]{0,17})$/);
export const HISTORY_ITEMS_MAX = 100;

const tag = "chat";
const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
/** What bots do too, in the channels to which they were added. */
const readToo = { ...read, bots: true } as const;
const writeToo = { ...write, bots: true } as const;
const ofChannel = z.strictObject({ id: zId<"channel">() });
const ofMessage = z.strictObject({ id: zId<"message">() });
const ofReaction = z.strictObject({
  id: zId<"message">(),
  emoji: z
    .string()
    .min(1)
    .max(EMOJI_CHARS_MAX * 3),
});

export const messageRoutes = {
  history: defineRoute({
    method: "GET",
    path: "/v1/chat/channels/{id}/messages",
    summary: "Messages before, after or around a place; without one, the newest",
    tag,
    access: readToo,
    params: ofChannel,
    query: z.strictObject({
      before: zSeq.optional(),
      after: zSeq.optional(),
      around: zSeq.optional(),
      limit: z.coerce.number().int().min(1).max(HISTORY_ITEMS_MAX).default(50),
    }),
    answers: { 200: zHistory },
    problems: ["channel.not_found", "chat.one_place"],
  }),
  sendMessage: defineRoute({
    method: "POST",
    path: "/v1/chat/channels/{id}/messages",
    summary: "Send. The same `cid` of yours again gives the first message and sends nothing",
    tag,
    access: writeToo,
    params: ofChannel,
    body: zMessageAsked.extend({ cid: zCid }),
    answers: { 201: zMessage, 200: zMessage },
    problems: [
      "channel.not_found",
      "message.not_found",
      "message.empty",
      "message.media_not_usable",
      "message.no_question",
      "chat.join_first",
      "chat.moderators_only",
      "chat.archived",
      "chat.blocked",
      "chat.direct_closed",
      "chat.slow_mode",
      "chat.no_thread",
    ],
  }),
  message: defineRoute({
    method: "GET",
    path: "/v1/chat/messages/{id}",
    summary: "One message, for who may read its channel",
    tag,
    access: readToo,
    params: ofMessage,
    answers: { 200: zMessage },
    problems: ["message.not_found"],
  }),
  thread: defineRoute({
    method: "GET",
    path: "/v1/chat/messages/{id}/thread",
    summary: "Answers in the thread of a message: the newest, or those before a place",
    tag,
    access: readToo,
    params: ofMessage,
    query: z.strictObject({
      before: zSeq.optional(),
      after: zSeq.optional(),
      limit: z.coerce.number().int().min(1).max(HISTORY_ITEMS_MAX).default(50),
    }),
    answers: { 200: zHistory },
    problems: ["message.not_found", "chat.one_place"],
  }),
  editMessage: defineRoute({
    method: "PATCH",
    path: "/v1/chat/messages/{id}",
    summary: "Change your own words. What stood there before is kept and shown",
    tag,
    access: writeToo,
    params: ofMessage,
    /** `version` as you saw it: the edit of who saw an older one is refused. */
    body: z.strictObject({ body: zText(MESSAGE_CHARS_MAX), version: z.int().min(1).max(1_000).optional() }),
    answers: { 200: zMessage },
    problems: [
      "message.not_found",
      "message.empty",
      "message.no_question",
      "message.changed",
      "message.too_many_edits",
      "chat.not_yours",
    ],
  }),
  messageEdits: defineRoute({
    method: "GET",
    path: "/v1/chat/messages/{id}/edits",
    summary: "What a message said before, the newest first",
    tag,
    access: read,
    params: ofMessage,
    answers: { 200: z.object({ items: z.array(z.object({ version: z.int(), body: z.string(), at: zTime })) }) },
    problems: ["message.not_found"],
  }),
  deleteMessage: defineRoute({
    method: "DELETE",
    path: "/v1/chat/messages/{id}",
    summary: "Delete your own message, or one in a channel that you moderate. Its words go at once and for good",
    tag,
    access: writeToo,
    params: ofMessage,
    answers: { 204: null },
    problems: ["message.not_found", "chat.not_yours"],
  }),
  addReaction: defineRoute({
    method: "PUT",
    path: "/v1/chat/messages/{id}/reactions/{emoji}",
    summary: "React with one emoji; at most 20 different ones under a message",
    tag,
    access: writeToo,
    params: ofReaction,
    answers: { 200: zMessage },
    problems: [
      "message.not_found",
      "message.no_emoji",
      "message.too_many_reactions",
      "chat.join_first",
      "chat.blocked",
    ],
  }),
  removeReaction: defineRoute({
    method: "DELETE",
    path: "/v1/chat/messages/{id}/reactions/{emoji}",
    summary: "Take your reaction back",
    tag,
    access: writeToo,
    params: ofReaction,
    answers: { 200: zMessage },
    problems: ["message.not_found"],
  }),
  pinMessage: defineRoute({
    method: "PUT",
    path: "/v1/chat/messages/{id}/pin",
    summary: "Pin for everybody in the channel; at most 100",
    tag,
    access: write,
    params: ofMessage,
    answers: { 204: null },
    problems: ["message.not_found", "message.too_many_pins", "chat.join_first", "chat.moderators_only"],
  }),
  unpinMessage: defineRoute({
    method: "DELETE",
    path: "/v1/chat/messages/{id}/pin",
    summary: "Take a pin away",
    tag,
    access: write,
    params: ofMessage,
    answers: { 204: null },
    problems: ["message.not_found", "chat.join_first", "chat.moderators_only"],
  }),
  pins: defineRoute({
    method: "GET",
    path: "/v1/chat/channels/{id}/pins",
    summary: "What is pinned in a channel, the latest first",
    tag,
    access: readToo,
    params: ofChannel,
    answers: { 200: z.object({ items: z.array(zMessage) }) },
    problems: ["channel.not_found"],
  }),
  exportChannel: defineRoute({
    method: "GET",
    path: "/v1/chat/channels/{id}/export",
    summary: "Every message that stands in the channel and its threads, the oldest first, one JSON object a line",
    tag,
    access: read,
    params: ofChannel,
    answers: { 200: null },
    cost_tokens: 20,
    problems: ["channel.not_found"],
  }),
} as const;
