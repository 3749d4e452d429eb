import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zText, zTime } from "#kernel/wire.ts";

export const ENDPOINT_CHARS_MAX = 1_024;
export const LABEL_CHARS_MAX = 60;

export const zSubscription = z
  .object({
    id: zIdOut<"subscription">(),
    /** What its person's browser called itself. */
    label: z.string(),
    made_at: zTime,
    /** The last time that its push service took something; null for never yet. */
    taken_at: zTime.nullable(),
    /** It belongs to the session that asks. */
    current: z.boolean(),
  })
  .meta({ id: "PushSubscription" });

/** As browsers write bytes: base64url without padding. */
const zBytes = (chars_max: number) =>
  z
    .string()
    .max(chars_max)
    .regex(/^[\w-]+={0,2}$/, "is base64url");

const tag = "notify";
const session = { who: "signed_in", scope: "account" } as const;

export const pushRoutes = {
  subscribeToPush: defineRoute({
    method: "PUT",
    path: "/v1/notifications/subscriptions",
    summary: "Have this browser told by web push; the same endpoint again changes it",
    tag,
    access: session,
    body: z.strictObject({
      endpoint: z.url().max(ENDPOINT_CHARS_MAX),
      keys: z.strictObject({ p256dh: zBytes(120), auth: zBytes(40) }),
      label: zText(LABEL_CHARS_MAX).default(""),
      /** Whether it may be told to take one away without showing another; Safari stops a page that does. */
      may_clear: z.boolean().default(false),
    }),
    answers: { 200: zSubscription },
    problems: ["push.endpoint", "push.keys", "push.session_needed"],
    cost_tokens: 5,
  }),
  unsubscribeFromPush: defineRoute({
    method: "DELETE",
    path: "/v1/notifications/subscriptions/{id}",
    summary: "Have a browser of yours told no more",
    tag,
    access: session,
    params: z.strictObject({ id: zId<"subscription">() }),
    answers: { 204: null },
    problems: ["subscription.not_found"],
  }),
} as const;

/** What a browser is told. It can say no more than its person may see at this moment. */
export type PushMessage = PushShown | PushClear;

export interface PushShown {
  v: 1;
  /** What shows under one tag replaces what showed there. */
  tag: string;
  title: string;
  body: string;
  /** Below the house. */
  path: string;
  /** ms */
  at: number;
  /** For the number on the program's icon. */
  unread: number;
  urgent: boolean;
}

export interface PushClear {
  v: 1;
  clear: string[];
  unread: number;
}
