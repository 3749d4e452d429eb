import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { isId, type PersonId } from "#kernel/ids.ts";
import { zIdOut, zText, zTime } from "#kernel/wire.ts";

import { EMOJI_CHARS_MAX, PRESENCE_ASKED_MAX, STATUS_CHARS_MAX } from "../bounds.ts";

export const PRESENCES = ["online", "idle", "quiet", "offline"] as const;

export const zPresence = z
  .object({
    person_id: zIdOut<"person">(),
    /** `quiet` is do not disturb. `offline` also for who does not tell, or whom you may not reach. */
    state: z.enum(PRESENCES),
    text: z.string(),
    emoji: z.string().nullable(),
  })
  .meta({ id: "ChatPresence" });
export type Presence = z.output<typeof zPresence>;

export const zChatPreferences = z
  .object({
    /** Whether others see how far you read; without it you do not see it of them. */
    receipts: z.boolean(),
    /** Whether others see that you are here. */
    presence: z.boolean(),
    /** Who may begin a direct channel with you: anybody, or those whom you follow. */
    direct_from: z.enum(["everyone", "followed"]),
    status_text: z.string(),
    status_emoji: z.string().nullable(),
    status_until: zTime.nullable(),
    /** Do not disturb until then. */
    quiet_until: zTime.nullable(),
  })
  .meta({ id: "ChatPreferences" });
export type ChatPreferences = z.output<typeof zChatPreferences>;

const tag = "chat";
const zUntil = z.iso.datetime({ offset: true }).max(40).nullable();

export const presenceRoutes = {
  presence: defineRoute({
    method: "GET",
    path: "/v1/chat/presence",
    priority: "spare",
    summary: "Whether people are here now, and what they say of themselves; at most 100",
    tag,
    access: { who: "signed_in", scope: "read" },
    query: z.strictObject({
      ids: z
        .string()
        .max(2_100)
        .transform((text) => text.split(","))
        .pipe(z.array(z.string().refine(isId, "is not an id")).min(1).max(PRESENCE_ASKED_MAX))
        .transform((ids) => ids as PersonId[])
        .meta({ type: "string", example: "249819897717063680" }),
    }),
    answers: { 200: z.object({ items: z.array(zPresence) }) },
  }),
  chatPreferences: defineRoute({
    method: "GET",
    path: "/v1/chat/preferences",
    summary: "Receipts, presence, status and do not disturb",
    tag,
    access: { who: "signed_in", scope: "read" },
    answers: { 200: zChatPreferences },
  }),
  setChatPreferences: defineRoute({
    method: "PATCH",
    path: "/v1/chat/preferences",
    summary: "Change some of them",
    tag,
    access: { who: "signed_in", scope: "write" },
    body: z.strictObject({
      receipts: z.boolean().optional(),
      presence: z.boolean().optional(),
      direct_from: z.enum(["everyone", "followed"]).optional(),
      status_text: zText(STATUS_CHARS_MAX).optional(),
      status_emoji: z.string().min(1).max(EMOJI_CHARS_MAX).nullable().optional(),
      status_until: zUntil.optional(),
      quiet_until: zUntil.optional(),
    }),
    answers: { 200: zChatPreferences },
    problems: ["message.no_emoji"],
  }),
} as const;
