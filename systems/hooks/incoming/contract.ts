import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zTime } from "#kernel/wire.ts";

import { account, ofId, tag, zName, zOfSpace } from "../base-contract.ts";

export const zIncoming = z
  .object({
    id: zIdOut<"hook">(),
    name: z.string(),
    channel_id: zIdOut<"channel">(),
    /** As whom it writes. */
    bot: zPersonCard.nullable(),
    owner: zPersonCard.nullable(),
    made_at: zTime,
    /** When its address was last changed. */
    rotated_at: zTime.nullable(),
    disabled: z.boolean(),
    used_at: zTime.nullable(),
    last_error: z.string().nullable(),
    last_error_at: zTime.nullable(),
  })
  .meta({ id: "IncomingHook" });
export type Incoming = z.output<typeof zIncoming>;

/** The address is shown this once. Below the house; with its address in front it is what a sender is given. */
const zWithAddress = zIncoming.extend({ path: z.string() });
const params = ofId<"hook">();

export const incomingRoutes = {
  listIncoming: defineRoute({
    method: "GET",
    path: "/v1/hooks/incoming",
    summary: "The incoming webhooks of a space: who writes where, when it was last used, and what went wrong last",
    tag,
    access: account,
    query: zOfSpace,
    answers: { 200: z.object({ items: z.array(zIncoming) }) },
    problems: ["space.not_found", "hooks.not_yours"],
  }),
  createIncoming: defineRoute({
    method: "POST",
    path: "/v1/hooks/incoming",
    summary:
      "A secret address: whoever posts JSON with a `text` there writes into one channel, as a bot. Shown this once",
    tag,
    access: account,
    body: z.strictObject({
      channel_id: zId<"channel">(),
      name: zName,
      /** One of the space's bots; a new one of this name where nothing is said. */
      bot_id: zId<"person">().optional(),
    }),
    answers: { 201: zWithAddress },
    problems: [
      "channel.not_found",
      "bot.not_found",
      "bot.owner_away",
      "hooks.not_yours",
      "hooks.too_many",
      "hooks.other_space",
      "chat.not_yours",
      "chat.blocked",
      "chat.direct_closed",
      "spaces.full",
      "spaces.banned",
      "people.session_needed",
    ],
  }),
  changeIncoming: defineRoute({
    method: "PATCH",
    path: "/v1/hooks/incoming/{id}",
    summary: "Rename an incoming webhook, or switch it off and on",
    tag,
    access: account,
    params,
    body: z.strictObject({ name: zName.optional(), disabled: z.boolean().optional() }),
    answers: { 200: zIncoming },
    problems: ["hook.not_found"],
  }),
  rotateIncoming: defineRoute({
    method: "POST",
    path: "/v1/hooks/incoming/{id}/rotation",
    summary: "Another address for an incoming webhook; the old one ends at once",
    tag,
    access: account,
    params,
    answers: { 201: zWithAddress },
    problems: ["hook.not_found", "people.session_needed"],
  }),
  deleteIncoming: defineRoute({
    method: "DELETE",
    path: "/v1/hooks/incoming/{id}",
    summary: "Delete an incoming webhook. What it wrote stays; a bot that was made for it leaves the space",
    tag,
    access: account,
    params,
    answers: { 204: null },
    problems: ["hook.not_found"],
  }),
} as const;
