import { createHmac } from "node:crypto";

import type { PersonId } from "#kernel/ids.ts";
import { retryAfterOf } from "#kernel/retry-after.ts";
import { backoffMs } from "#kernel/retry.ts";
import { isUnasked } from "#ports/calls/index.ts";

import {
  PUSH_BACKOFF,
  PUSH_CLEAR_TTL_S,
  PUSH_MS_MAX,
  PUSH_REST_MS_MAX,
  PUSH_TTL_S,
  SUBSCRIPTION_FAILURES_MAX,
} from "../bounds.ts";
import type { Ground } from "../needs.ts";
import { encryptPush } from "./aes128gcm.ts";
import type { PushMessage } from "./contract.ts";
import type { SubscriptionRow } from "./store.ts";
import type { Vapid } from "./vapid.ts";

export type Taken =
  | { how: "taken" }
  /** It will never take anything again. */
  | { how: "dead" }
  | { how: "rests"; until: Date }
  /** Nothing was sent, because its push service does not answer or too much waits for it; so nothing is held against it. */
  | { how: "put_off"; until: Date };

/** One message to one browser, through its push service (RFC 8030). Never throws for what the other side does. */
export function createSender(
  { clock, outside, secret }: Pick<Ground, "clock" | "outside" | "secret">,
  vapid: Vapid,
): (to: SubscriptionRow, message: PushMessage, signal: AbortSignal) => Promise<Taken> {
  /** What replaces what, in words that tell the service nothing. */
  const topicOf = (person_id: PersonId, tag: string) =>
    createHmac("sha256", secret).update(`push topic ${person_id} ${tag}`).digest("base64url").slice(0, 32);

  function restOf(to: SubscriptionRow, retry_after: string | null): Taken {
    if (to.failures + 1 >= SUBSCRIPTION_FAILURES_MAX) return { how: "dead" };
    const own_ms = backoffMs(to.failures, PUSH_BACKOFF, clock.random) + PUSH_BACKOFF.base_ms;
    const wish_ms = Math.min(retryAfterOf(retry_after, clock.now()) ?? 0, PUSH_REST_MS_MAX);
    return { how: "rests", until: new Date(clock.now() + Math.max(own_ms, wish_ms)) };
  }

  return async (to, message, signal) => {
    if (to.key_id !== vapid.key_id) return { how: "dead" };
    const clearing = "clear" in message;
    const text = Buffer.from(JSON.stringify(message));
    const headers = {
      ttl: String(clearing ? PUSH_CLEAR_TTL_S : PUSH_TTL_S),
      urgency: !clearing && message.urgent ? "high" : "normal",
      ...(clearing ? {} : { topic: topicOf(to.person_id, message.tag) }),
      "content-type": "application/octet-stream",
      "content-encoding": "aes128gcm",
      authorization: vapid.authorization(to.endpoint, clock.now()),
    };
    let answer: { status: number; retry_after: string | null };
    try {
      answer = await outside.sendOutside(to.endpoint, {
        headers,
        body: encryptPush(text, to),
        ms_max: PUSH_MS_MAX,
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      // A refused address may be one that cannot be looked up today; after enough of it, it is dead all the same.
      if (error instanceof RangeError) throw error;
      if (isUnasked(error))
        return { how: "put_off", until: new Date(clock.now() + Math.max(error.retry_after_ms, PUSH_BACKOFF.base_ms)) };
      return restOf(to, null);
    }
    const { status, retry_after } = answer;
    if (status >= 200 && status < 300) return { how: "taken" };
    if (status === 404 || status === 410) return { how: "dead" };
    return restOf(to, retry_after);
  };
}
