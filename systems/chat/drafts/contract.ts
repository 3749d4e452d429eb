import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zText, zTime } from "#kernel/wire.ts";

import { MESSAGE_CHARS_MAX } from "../bounds.ts";

export const zChatDraft = z
  .object({
    channel_id: zIdOut<"channel">(),
    root_id: zIdOut<"message">().nullable(),
    body: z.string(),
    updated_at: zTime,
  })
  .meta({ id: "ChatDraft" });
export type ChatDraft = z.output<typeof zChatDraft>;

export const zChatScheduled = z
  .object({
    id: zIdOut<"scheduled">(),
    channel_id: zIdOut<"channel">(),
    root_id: zIdOut<"message">().nullable(),
    body: z.string(),
    send_at: zTime,
    /** It was to be sent by itself, and this is why it could not be. */
    failed: z.object({ code: z.string(), detail: z.string() }).nullable(),
  })
  .meta({ id: "ChatScheduled" });
export type ChatScheduled = z.output<typeof zChatScheduled>;

const tag = "chat";
const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const ofChannel = z.strictObject({ id: zId<"channel">() });

export const draftRoutes = {
  listChatDrafts: defineRoute({
    method: "GET",
    path: "/v1/chat/drafts",
    summary: "What you are writing in channels, on all your devices; at most 200",
    tag,
    access: read,
    answers: { 200: z.object({ items: z.array(zChatDraft) }) },
  }),
  saveChatDraft: defineRoute({
    method: "PUT",
    path: "/v1/chat/channels/{id}/draft",
    summary: "Keep what you are writing here; empty words throw it away",
    tag,
    access: write,
    params: ofChannel,
    body: z.strictObject({ body: zText(MESSAGE_CHARS_MAX), root_id: zId<"message">().nullable().default(null) }),
    answers: { 204: null },
    problems: ["channel.not_found", "chat.too_many_drafts"],
  }),
  scheduleMessage: defineRoute({
    method: "POST",
    path: "/v1/chat/channels/{id}/scheduled",
    summary: "Have words sent at a time to come, within a year; at most 50 wait",
    tag,
    access: write,
    params: ofChannel,
    body: z.strictObject({
      body: zText(MESSAGE_CHARS_MAX, 1),
      root_id: zId<"message">().nullable().default(null),
      send_at: z.iso.datetime({ offset: true }).max(40),
    }),
    answers: { 201: zChatScheduled },
    problems: [
      "channel.not_found",
      "chat.not_ahead",
      "chat.too_many_scheduled",
      "chat.join_first",
      "message.not_found",
    ],
  }),
  listScheduledMessages: defineRoute({
    method: "GET",
    path: "/v1/chat/scheduled",
    summary: "What waits to be sent, or could not be",
    tag,
    access: read,
    answers: { 200: z.object({ items: z.array(zChatScheduled) }) },
  }),
  changeScheduledMessage: defineRoute({
    method: "PATCH",
    path: "/v1/chat/scheduled/{id}",
    summary:
      "Change its words or its time before it is sent; one that could not be sent is tried again at its new time",
    tag,
    access: write,
    params: z.strictObject({ id: zId<"scheduled">() }),
    body: z.strictObject({
      body: zText(MESSAGE_CHARS_MAX, 1).optional(),
      send_at: z.iso.datetime({ offset: true }).max(40).optional(),
    }),
    answers: { 200: zChatScheduled },
    problems: ["scheduled.not_found", "chat.not_ahead", "chat.being_sent"],
  }),
  cancelScheduledMessage: defineRoute({
    method: "DELETE",
    path: "/v1/chat/scheduled/{id}",
    summary: "Take one back before it is sent",
    tag,
    access: write,
    params: z.strictObject({ id: zId<"scheduled">() }),
    answers: { 204: null },
    problems: ["scheduled.not_found"],
  }),
} as const;
