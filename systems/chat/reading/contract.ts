import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut } from "#kernel/wire.ts";

import { zSeq } from "../messages/contract.ts";

const tag = "chat";
const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const params = z.strictObject({ id: zId<"channel">() });

export const zReadState = z
  .object({
    channel_id: z.string(),
    read_seq: z.string(),
    marked_seq: z.string().nullable(),
    unread: z.int(),
    unread_mentions: z.int(),
    /** Of the oldest message that you have not read; null where you read them all. */
    first_unread_seq: z.string().nullable(),
  })
  .meta({ id: "ChatReadState" });
export type ReadState = z.output<typeof zReadState>;

export const zReceipt = z
  .object({
    person_id: zIdOut<"person">(),
    /** Up to here messages have arrived at a device of theirs. */
    delivered_seq: z.string(),
    read_seq: z.string(),
  })
  .meta({ id: "ChatReceipt" });
export type Receipt = z.output<typeof zReceipt>;

export const readingRoutes = {
  readState: defineRoute({
    method: "GET",
    path: "/v1/chat/channels/{id}/read",
    summary: "How far you read, how many messages are unread, and which is the first of them",
    tag,
    access: read,
    params,
    answers: { 200: zReadState },
    problems: ["channel.not_found", "chat.join_first"],
  }),
  readChannel: defineRoute({
    method: "PUT",
    path: "/v1/chat/channels/{id}/read",
    summary: "Read up to here, on every device. Never goes back; while a mark stands it moves only with `unmark`",
    tag,
    access: write,
    params,
    body: z.strictObject({ seq: zSeq, unmark: z.boolean().default(false) }),
    answers: { 200: zReadState },
    problems: ["channel.not_found", "chat.join_first"],
  }),
  markUnread: defineRoute({
    method: "PUT",
    path: "/v1/chat/channels/{id}/mark",
    summary: "Mark unread from this message on, until you take the mark away by hand",
    tag,
    access: write,
    params,
    body: z.strictObject({ seq: zSeq }),
    answers: { 200: zReadState },
    problems: ["channel.not_found", "chat.join_first"],
  }),
  readEverything: defineRoute({
    method: "PUT",
    path: "/v1/chat/read",
    summary: "All channels read, up to what stands in them now",
    tag,
    access: write,
    answers: { 204: null },
  }),
  readers: defineRoute({
    method: "GET",
    path: "/v1/chat/channels/{id}/readers",
    summary:
      "Who of the others read up to a place: names up to 100 members, a number above. Whoever gives no receipts sees none",
    tag,
    access: read,
    params,
    query: z.strictObject({ seq: zSeq }),
    answers: {
      200: z.object({
        count: z.int(),
        /** Null in a channel with more than 100 members. */
        people: z.array(zPersonCard).nullable(),
      }),
    },
    problems: ["channel.not_found", "chat.join_first"],
  }),
  receipts: defineRoute({
    method: "GET",
    path: "/v1/chat/channels/{id}/receipts",
    summary:
      "In a direct channel or a group: how far messages arrived at the others who give receipts, and how far they read. Whoever gives none sees none",
    tag,
    access: read,
    params,
    answers: { 200: z.object({ items: z.array(zReceipt) }) },
    problems: ["channel.not_found", "chat.join_first"],
  }),
} as const;
