import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zTime } from "#kernel/wire.ts";

import { account, ofId, tag, zName, zOfSpace } from "../base-contract.ts";
import { CHANNELS_PER_HOOK_MAX, URL_CHARS_MAX } from "../bounds.ts";
import { OUTGOING_EVENTS } from "./events-contract.ts";

export const zOutgoing = z
  .object({
    id: zIdOut<"hook">(),
    name: z.string(),
    url: z.string(),
    events: z.array(z.enum(OUTGOING_EVENTS)),
    channel_ids: z.array(zIdOut<"channel">()),
    /** Whether it hears of what bots write too. Off keeps two programs from answering each other for ever. */
    with_bots: z.boolean(),
    /** It is told what they may read. */
    owner: zPersonCard.nullable(),
    made_at: zTime,
    /** When its signing secret was last changed; the one before signs beside it for a day. */
    rotated_at: zTime.nullable(),
    disabled: z.boolean(),
    disabled_because: z.string().nullable(),
    failing_since: zTime.nullable(),
    taken_at: zTime.nullable(),
    waiting: z.int(),
    /** Events that it was not told of, because too many waited. */
    dropped: z.int(),
  })
  .meta({ id: "OutgoingHook" });
export type Outgoing = z.output<typeof zOutgoing>;

const zWithSecret = zOutgoing.extend({ secret: z.string() });

export const DELIVERY_STATES = ["waiting", "taken", "failed", "skipped"] as const;
export const zDelivery = z
  .object({
    id: zIdOut<"delivery">(),
    /** The same at every try. */
    webhook_id: z.string(),
    event: z.string(),
    happened_at: zTime,
    state: z.enum(DELIVERY_STATES),
    tries: z.int(),
    next_at: zTime.nullable(),
    tried_at: zTime.nullable(),
    /** Of the last try: status and time of the answer, and how it begins; at most 1 KiB. */
    status: z.int().nullable(),
    ms: z.int().nullable(),
    answer: z.string().nullable(),
    because: z.string().nullable(),
  })
  .meta({ id: "HookDelivery" });
export type Delivery = z.output<typeof zDelivery>;

const params = ofId<"hook">();
const zUrl = z.string().min(9).max(URL_CHARS_MAX);
const zEvents = z
  .array(z.enum(OUTGOING_EVENTS))
  .min(1)
  .max(OUTGOING_EVENTS.length)
  .transform((events) => [...new Set(events)]);
const zChannels = z.array(zId<"channel">()).max(CHANNELS_PER_HOOK_MAX);
const ASKED = [
  "outside.url_refused",
  "outside.address_refused",
  "hooks.https_needed",
  "hooks.channels_needed",
  "hooks.other_space",
  "channel.not_found",
];

export const outgoingRoutes = {
  listOutgoing: defineRoute({
    method: "GET",
    path: "/v1/hooks/outgoing",
    summary: "The outgoing webhooks of a space",
    tag,
    access: account,
    query: zOfSpace,
    answers: { 200: z.object({ items: z.array(zOutgoing) }) },
    problems: ["space.not_found", "hooks.not_yours"],
  }),
  createOutgoing: defineRoute({
    method: "POST",
    path: "/v1/hooks/outgoing",
    summary: "Tell an https address of what happens, signed as Standard Webhooks says. The secret is shown this once",
    tag,
    access: account,
    body: z.strictObject({
      space: z.string().max(64),
      name: zName,
      url: zUrl,
      events: zEvents,
      channel_ids: zChannels.default([]),
      with_bots: z.boolean().default(false),
    }),
    answers: { 201: zWithSecret },
    problems: ["space.not_found", "hooks.not_yours", "hooks.too_many", "people.session_needed", ...ASKED],
  }),
  changeOutgoing: defineRoute({
    method: "PATCH",
    path: "/v1/hooks/outgoing/{id}",
    summary: "Change an outgoing webhook, or switch it off and on. Who changes it is whose reading counts from then on",
    tag,
    access: account,
    params,
    body: z.strictObject({
      name: zName.optional(),
      url: zUrl.optional(),
      events: zEvents.optional(),
      channel_ids: zChannels.optional(),
      with_bots: z.boolean().optional(),
      disabled: z.boolean().optional(),
    }),
    answers: { 200: zOutgoing },
    problems: ["hook.not_found", ...ASKED],
  }),
  rotateOutgoing: defineRoute({
    method: "POST",
    path: "/v1/hooks/outgoing/{id}/rotation",
    summary: "Another signing secret. For a day both sign, so that nothing is lost while you change it over there",
    tag,
    access: account,
    params,
    answers: { 201: zWithSecret },
    problems: ["hook.not_found", "people.session_needed"],
  }),
  deleteOutgoing: defineRoute({
    method: "DELETE",
    path: "/v1/hooks/outgoing/{id}",
    summary: "Delete an outgoing webhook with the log of its deliveries",
    tag,
    access: account,
    params,
    answers: { 204: null },
    problems: ["hook.not_found"],
  }),
  pingOutgoing: defineRoute({
    method: "POST",
    path: "/v1/hooks/outgoing/{id}/ping",
    summary: "Send a `ping` now; how it went stands in the log",
    tag,
    access: account,
    params,
    answers: { 202: zDelivery },
    cost_tokens: 10,
    problems: ["hook.not_found", "hooks.too_much_waits", "hook.disabled"],
  }),
  listDeliveries: defineRoute({
    method: "GET",
    path: "/v1/hooks/outgoing/{id}/deliveries",
    summary: "What was sent in the last seven days, the latest first, with how each went",
    tag,
    access: account,
    params,
    query: zPageQuery,
    answers: { 200: zPage(zDelivery) },
    problems: ["hook.not_found", "cursor.invalid"],
  }),
  redeliver: defineRoute({
    method: "POST",
    path: "/v1/hooks/deliveries/{id}/redelivery",
    summary: "Send it again, under the same `webhook-id`",
    tag,
    access: account,
    params: ofId<"delivery">(),
    answers: { 202: zDelivery },
    cost_tokens: 5,
    problems: ["delivery.not_found", "hook.disabled"],
  }),
} as const;
