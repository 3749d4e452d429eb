import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zTime } from "#kernel/wire.ts";

import { zMessage, zSeq } from "../messages/contract.ts";

const tag = "chat";
const read = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const params = z.strictObject({ id: zId<"message">() });

export const zThreadState = z
  .object({
    followed: z.boolean(),
    read_seq: z.string(),
    /** Answers of others after it, up to 100; 0 where it is not followed. */
    unread: z.int(),
  })
  .meta({ id: "ChatThreadState" });
export type ThreadState = z.output<typeof zThreadState>;

export const zThread = z
  .object({
    root: zMessage,
    /** The newest answer. */
    latest: zMessage.nullable(),
    last_reply_at: zTime,
    unread: z.int(),
  })
  .meta({ id: "ChatThread" });
export type Thread = z.output<typeof zThread>;

export const threadRoutes = {
  followedThreads: defineRoute({
    method: "GET",
    path: "/v1/chat/threads",
    summary: "Threads that you follow, the latest answered first, with what is new in them",
    tag,
    access: read,
    query: z.strictObject({
      limit: z.coerce.number().int().min(1).max(50).default(20),
      cursor: z.string().max(200).optional(),
    }),
    answers: { 200: z.object({ items: z.array(zThread), next_cursor: z.string().nullable() }) },
    problems: ["cursor.invalid"],
  }),
  threadState: defineRoute({
    method: "GET",
    path: "/v1/chat/messages/{id}/follow",
    summary: "Whether you follow the thread of a message, and how far you read in it",
    tag,
    access: read,
    params,
    answers: { 200: zThreadState },
    problems: ["message.not_found"],
  }),
  followThread: defineRoute({
    method: "PUT",
    path: "/v1/chat/messages/{id}/follow",
    summary: "Follow the thread of a message",
    tag,
    access: write,
    params,
    answers: { 200: zThreadState },
    problems: ["message.not_found", "chat.join_first"],
  }),
  leaveThread: defineRoute({
    method: "DELETE",
    path: "/v1/chat/messages/{id}/follow",
    summary: "Follow the thread no more, until you write in it again",
    tag,
    access: write,
    params,
    answers: { 200: zThreadState },
    problems: ["message.not_found"],
  }),
  readThread: defineRoute({
    method: "PUT",
    path: "/v1/chat/messages/{id}/thread/read",
    summary: "Read the thread up to here, on every device. Never goes back",
    tag,
    access: write,
    params,
    body: z.strictObject({ seq: zSeq }),
    answers: { 200: zThreadState },
    problems: ["message.not_found"],
  }),
} as const;
