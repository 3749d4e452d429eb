import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";

import { CHANNELS, KINDS } from "../kinds-contract.ts";
import { zSubscription } from "../push/contract.ts";

export const DIGESTS = ["off", "daily", "weekly"] as const;
export type DigestWish = (typeof DIGESTS)[number];
export const TIME_ZONE_CHARS_MAX = 64;
export const ADDRESS_CHARS_MAX = 254;

const zKind = z.enum(KINDS);
/** Of the person's own clock. */
const zMinute = z
  .string()
  .regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "is a time such as 22:00")
  .meta({ type: "string", pattern: "^([01][0-9]|2[0-3]):[0-5][0-9]$", example: "22:00" });
const zQuiet = z.object({ from: zMinute, to: zMinute });

export const zNotifySettings = z
  .object({
    kinds: z.array(z.object({ kind: zKind, inbox: z.boolean(), push: z.boolean(), email: z.boolean() })),
    time_zone: z.string(),
    /** No push comes between these; null for never. From after to goes over midnight. */
    quiet: zQuiet.nullable(),
    /** How often what was not read is told by mail. */
    digest: z.enum(DIGESTS),
    email: z.object({
      address: z.string().nullable(),
      confirmed: z.boolean(),
      /** What a mail server said that takes nothing for this address; nothing is sent there until it is confirmed anew. */
      refused: z.string().nullable(),
      /** `no_server`: mail is written down in the house and goes no further. `no_url`: the house does not know its own address. */
      house: z.enum(["ready", "no_server", "no_url"]),
    }),
    push: z.object({
      /** What a browser subscribes with (`applicationServerKey`). */
      public_key: z.string(),
      /** Browsers that take push now. */
      subscriptions: z.array(zSubscription),
    }),
  })
  .meta({ id: "NotifySettings" });
export type NotifySettings = z.output<typeof zNotifySettings>;

const tag = "notify";
const own = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;

export const notifySettingsRoutes = {
  notifySettings: defineRoute({
    method: "GET",
    path: "/v1/notifications/settings",
    summary: "What reaches you, where, and when not",
    tag,
    access: own,
    answers: { 200: zNotifySettings },
  }),
  changeNotifySettings: defineRoute({
    method: "PATCH",
    path: "/v1/notifications/settings",
    summary: "Choose what reaches you, where, and when not; what is not there stays",
    tag,
    access: write,
    body: z.strictObject({
      switches: z
        .array(z.strictObject({ kind: zKind, channel: z.enum(CHANNELS), on: z.boolean() }))
        .max(KINDS.length * CHANNELS.length)
        .optional(),
      /** By name, as `Intl` has them: `Europe/Stockholm`. */
      time_zone: z.string().min(1).max(TIME_ZONE_CHARS_MAX).optional(),
      quiet: z.strictObject({ from: zMinute, to: zMinute }).nullable().optional(),
      digest: z.enum(DIGESTS).optional(),
    }),
    answers: { 200: zNotifySettings },
    problems: ["notify.time_zone", "notify.quiet"],
  }),
  setNotifyEmail: defineRoute({
    method: "PUT",
    path: "/v1/notifications/email",
    summary: "Have digests sent to an address; a letter asks whoever reads there",
    tag,
    access: { who: "signed_in", scope: "account" },
    body: z.strictObject({ address: z.string().min(3).max(ADDRESS_CHARS_MAX) }),
    answers: { 202: null },
    problems: ["notify.address", "notify.address_soon", "notify.no_url"],
    cost_tokens: 10,
  }),
  forgetNotifyEmail: defineRoute({
    method: "DELETE",
    path: "/v1/notifications/email",
    summary: "Have nothing sent by mail, and the address forgotten",
    tag,
    access: write,
    answers: { 204: null },
  }),
  confirmNotifyEmail: defineRoute({
    method: "POST",
    path: "/v1/notifications/email/confirm",
    summary: "Say that an address is yours, with what the letter held",
    tag,
    access: { who: "anyone", scope: "read" },
    body: z.strictObject({ token: z.string().min(20).max(100) }),
    answers: { 200: z.object({ address: z.string() }) },
    problems: ["notify.link_invalid"],
    cost_tokens: 5,
  }),
  unsubscribe: defineRoute({
    method: "POST",
    path: "/v1/notifications/unsubscribe/{token}",
    summary: "Have no more digests, without signing in (RFC 8058)",
    tag,
    access: { who: "anyone", scope: "read" },
    params: z.strictObject({ token: z.string().min(20).max(200) }),
    answers: { 204: null },
    problems: ["notify.link_invalid"],
    cost_tokens: 5,
  }),
} as const;
