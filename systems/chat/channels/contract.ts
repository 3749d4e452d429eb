import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import {
  ADDED_PER_CALL_MAX,
  CHANNEL_NAME_CHARS_MAX,
  CHANNEL_TOPIC_CHARS_MAX,
  GROUP_MEMBERS_MAX,
  RETENTION_DAYS_MAX,
  SLOW_MODE_S_MAX,
} from "../bounds.ts";

export const CHANNEL_KINDS = ["direct", "group", "public", "private", "announcement"] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];
export const CHANNEL_ROLES = ["owner", "moderator", "member"] as const;
export type ChannelRole = (typeof CHANNEL_ROLES)[number];
export const LEVELS = ["all", "mentions", "none"] as const;
export type Level = (typeof LEVELS)[number];

/** How a channel stands for who asks. */
export const zChannelMine = z
  .object({
    role: z.enum(CHANNEL_ROLES),
    /** Read up to here, on every device. */
    read_seq: z.string(),
    /** Marked unread from here on; while it stands, reading moves nothing. */
    marked_seq: z.string().nullable(),
    /** Messages of others that were not read, up to 100. */
    unread: z.int(),
    /** Of those, the ones that name you. */
    unread_mentions: z.int(),
    muted: z.boolean(),
    muted_until: zTime.nullable(),
    level: z.enum(LEVELS),
    favoured: z.boolean(),
  })
  .meta({ id: "ChatChannelMine" });

export const zChannel = z
  .object({
    id: zIdOut<"channel">(),
    kind: z.enum(CHANNEL_KINDS),
    /** Null for direct channels, and for groups that nobody gave a name. */
    name: z.string().nullable(),
    topic: z.string(),
    space: zSpaceCard.nullable(),
    /** The other one of a direct channel (yourself for notes to yourself); some of a group. */
    people: z.array(zPersonCard),
    member_count: z.int(),
    slow_mode_s: z.int(),
    retention_days: z.int().nullable(),
    archived: z.boolean(),
    created_at: zTime,
    /** Of its newest message; "0" while there is none. */
    last_seq: z.string(),
    last_at: zTime.nullable(),
    /** Null where you are not in it; then it is shown because its space is yours. */
    mine: zChannelMine.nullable(),
    /** What you may do here now. */
    may: z.object({
      send: z.boolean(),
      /** Why not, in a sentence; null where you may. */
      send_because: z.string().nullable(),
      manage: z.boolean(),
      add: z.boolean(),
      moderate: z.boolean(),
      mention_all: z.boolean(),
    }),
  })
  .meta({ id: "ChatChannel" });
export type Channel = z.output<typeof zChannel>;

export const zChannelMember = z
  .object({ person: zPersonCard, role: z.enum(CHANNEL_ROLES), joined_at: zTime })
  .meta({ id: "ChatMember" });
export type ChannelMember = z.output<typeof zChannelMember>;

const tag = "chat";
const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
/** What bots do too, in the channels to which they were added. */
const readToo = { ...read, bots: true } as const;
const params = z.strictObject({ id: zId<"channel">() });
const ofPerson = z.strictObject({ id: zId<"channel">(), handle: z.string().max(64) });
const zName = zText(CHANNEL_NAME_CHARS_MAX, 1);
const zTopic = zText(CHANNEL_TOPIC_CHARS_MAX);
const zHandles = z.array(z.string().min(1).max(64));

export const channelRoutes = {
  listChannels: defineRoute({
    method: "GET",
    path: "/v1/chat/channels",
    summary: "Every channel you are in, with what is unread, the latest first; at most 500",
    tag,
    access: readToo,
    answers: { 200: z.object({ items: z.array(zChannel) }) },
  }),
  unreadChats: defineRoute({
    method: "GET",
    path: "/v1/chat/unread",
    summary: "How many channels wait for you, and how many messages in them name you or are to you alone",
    tag,
    access: read,
    answers: { 200: z.object({ channels: z.int(), addressed: z.int() }) },
  }),
  openDirect: defineRoute({
    method: "PUT",
    path: "/v1/chat/direct/{handle}",
    summary: "The channel between you and somebody; made if there is none. Your own handle gives notes to yourself",
    tag,
    access: write,
    params: z.strictObject({ handle: z.string().max(64) }),
    answers: { 200: zChannel },
    problems: ["person.not_found", "chat.blocked", "chat.direct_closed", "chat.too_many_channels"],
  }),
  createGroup: defineRoute({
    method: "POST",
    path: "/v1/chat/groups",
    summary: "A channel of the people whom you name, and you",
    tag,
    access: write,
    body: z.strictObject({ handles: zHandles.min(1).max(GROUP_MEMBERS_MAX - 1), name: zName.nullable().default(null) }),
    answers: { 201: zChannel },
    problems: ["person.not_found", "chat.blocked", "chat.direct_closed", "chat.too_many_channels"],
  }),
  createChannel: defineRoute({
    method: "POST",
    path: "/v1/chat/spaces/{slug}/channels",
    summary: "A channel in a space: public and announcement ones by its moderators, private ones by any member",
    tag,
    access: write,
    params: z.strictObject({ slug: z.string().max(64) }),
    body: z.strictObject({
      name: zName,
      kind: z.enum(["public", "private", "announcement"]),
      topic: zTopic.default(""),
    }),
    answers: { 201: zChannel },
    problems: ["space.not_found", "chat.name_taken", "chat.moderators_only", "chat.too_many_channels"],
  }),
  spaceChannels: defineRoute({
    method: "GET",
    path: "/v1/chat/spaces/{slug}/channels",
    summary: "The channels of a space that you may read, by name; at most 500",
    tag,
    access: read,
    params: z.strictObject({ slug: z.string().max(64) }),
    answers: { 200: z.object({ items: z.array(zChannel) }) },
    problems: ["space.not_found"],
  }),
  channel: defineRoute({
    method: "GET",
    path: "/v1/chat/channels/{id}",
    summary: "One channel as it stands for you",
    tag,
    access: readToo,
    params,
    answers: { 200: zChannel },
    problems: ["channel.not_found"],
  }),
  changeChannel: defineRoute({
    method: "PATCH",
    path: "/v1/chat/channels/{id}",
    summary: "Name, topic, slow mode, how long messages are kept, and whether it is archived",
    tag,
    access: write,
    params,
    body: z.strictObject({
      name: zName.optional(),
      topic: zTopic.optional(),
      slow_mode_s: z.int().min(0).max(SLOW_MODE_S_MAX).optional(),
      retention_days: z.int().min(1).max(RETENTION_DAYS_MAX).nullable().optional(),
      archived: z.boolean().optional(),
    }),
    answers: { 200: zChannel },
    problems: ["channel.not_found", "chat.not_yours", "chat.name_taken"],
  }),
  joinChannel: defineRoute({
    method: "PUT",
    path: "/v1/chat/channels/{id}/membership",
    summary: "Join a public or announcement channel of a space of yours",
    tag,
    access: write,
    params,
    answers: { 200: zChannel },
    problems: ["channel.not_found", "chat.too_many_channels"],
  }),
  leaveChannel: defineRoute({
    method: "DELETE",
    path: "/v1/chat/channels/{id}/membership",
    summary: "Leave; a direct channel is only put out of your list",
    tag,
    access: { ...write, bots: true },
    params,
    answers: { 204: null },
    problems: ["channel.not_found"],
  }),
  channelMembers: defineRoute({
    method: "GET",
    path: "/v1/chat/channels/{id}/members",
    summary: "Who is in it, those who came first before the others",
    tag,
    access: readToo,
    params,
    query: zPageQuery,
    answers: { 200: zPage(zChannelMember) },
    problems: ["channel.not_found", "cursor.invalid"],
  }),
  addMembers: defineRoute({
    method: "POST",
    path: "/v1/chat/channels/{id}/members",
    summary: "Put people in. They can read what was written before",
    tag,
    access: write,
    params,
    body: z.strictObject({ handles: zHandles.min(1).max(ADDED_PER_CALL_MAX) }),
    answers: { 204: null },
    problems: [
      "channel.not_found",
      "person.not_found",
      "chat.not_yours",
      "chat.blocked",
      "chat.full",
      "chat.not_in_space",
      "chat.direct_closed",
      "chat.too_many_channels",
    ],
  }),
  removeMember: defineRoute({
    method: "DELETE",
    path: "/v1/chat/channels/{id}/members/{handle}",
    summary: "Put somebody out of a group or channel; from that moment on they read nothing more",
    tag,
    access: write,
    params: ofPerson,
    answers: { 204: null },
    problems: ["channel.not_found", "member.not_found", "chat.not_yours"],
  }),
  giveRole: defineRoute({
    method: "PUT",
    path: "/v1/chat/channels/{id}/members/{handle}/role",
    summary: "Make somebody moderator or member of a channel that you own, or hand it over",
    tag,
    access: write,
    params: ofPerson,
    body: z.strictObject({ role: z.enum(CHANNEL_ROLES) }),
    answers: { 204: null },
    problems: ["channel.not_found", "member.not_found", "chat.not_yours"],
  }),
  setWishes: defineRoute({
    method: "PATCH",
    path: "/v1/chat/channels/{id}/wishes",
    summary: "How you wish to be told of this channel",
    tag,
    access: write,
    params,
    body: z.strictObject({
      muted: z.boolean().optional(),
      /** With `muted: true`; without it, until you take it back. */
      muted_for_s: z.int().min(60).max(31_536_000).optional(),
      level: z.enum(LEVELS).optional(),
      favoured: z.boolean().optional(),
      hidden: z.boolean().optional(),
    }),
    answers: { 200: zChannel },
    problems: ["channel.not_found", "chat.join_first"],
  }),
} as const;
