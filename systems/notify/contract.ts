import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import { KINDS } from "./kinds-contract.ts";
import { pushRoutes } from "./push/contract.ts";
import { notifySettingsRoutes } from "./settings/contract.ts";

const zKind = z.enum(KINDS);

export const zNotification = z
  .object({
    /** Of the group; it stays while the group grows. */
    id: zIdOut<"notification">(),
    kind: zKind,
    /** Of the newest in it. */
    at: zTime,
    read: z.boolean(),
    /** The newest three. */
    actors: z.array(zPersonCard),
    actor_count: z.number(),
    /** What it is about, where it is about a post. */
    post: z
      .object({ id: zIdOut<"post">(), author: zPersonCard, excerpt: z.string(), has_media: z.boolean() })
      .nullable(),
    comment: z.object({ id: zIdOut<"comment">(), excerpt: z.string() }).nullable(),
    /** What it is about in another system: where, its words, and the way there below the house. */
    thing: z.object({ title: z.string(), text: z.string(), path: z.string() }).nullable(),
  })
  .meta({ id: "Notification" });
export type Notification = z.output<typeof zNotification>;

const tag = "notify";
const own = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;

export const notifyRoutes = {
  listNotifications: defineRoute({
    method: "GET",
    path: "/v1/notifications",
    summary: "What happened to you, the newest first; what is alike and unread stands together",
    tag,
    access: own,
    query: zPageQuery.extend({
      /** Comma-separated kinds; all when it is not there. */
      kinds: z
        .string()
        .max(400)
        .transform((text) => text.split(","))
        .pipe(z.array(zKind).min(1).max(KINDS.length))
        .meta({ type: "string", example: "mention,reply" })
        .optional(),
    }),
    answers: { 200: zPage(zNotification) },
    problems: ["cursor.invalid"],
  }),
  unreadNotifications: defineRoute({
    method: "GET",
    path: "/v1/notifications/unread",
    summary: "How many groups you have not read, up to 50; and what to hand to `read`",
    tag,
    access: own,
    answers: { 200: z.object({ count: z.number(), up_to: z.string() }) },
  }),
  readNotifications: defineRoute({
    method: "PUT",
    path: "/v1/notifications/read",
    summary: "Read up to here, on every device. Never goes back",
    tag,
    access: write,
    /** As the list and the count say it; all that came later stays unread. */
    body: z.strictObject({ up_to: zId<"notification">() }),
    answers: { 204: null },
  }),
  dismissNotification: defineRoute({
    method: "DELETE",
    path: "/v1/notifications/{id}",
    summary: "Take one out of the inbox",
    tag,
    access: write,
    params: z.strictObject({ id: zId<"notification">() }),
    answers: { 204: null },
    problems: ["notification.not_found"],
  }),
  clearNotifications: defineRoute({
    method: "DELETE",
    path: "/v1/notifications",
    summary: "Empty the inbox",
    tag,
    access: write,
    answers: { 204: null },
  }),
  ...notifySettingsRoutes,
  ...pushRoutes,
} as const;

export { type Channel, CHANNELS, type Kind, KIND_FACTS, KIND_GROUPS, type KindGroup, KINDS } from "./kinds-contract.ts";
export type { PushMessage } from "./push/contract.ts";
export { DIGESTS, type DigestWish, type NotifySettings } from "./settings/contract.ts";
export { didWords, othersWords } from "./words-contract.ts";
