import { Problem, Transient } from "#kernel/errors.ts";
import { retryAfterOf } from "#kernel/retry-after.ts";
import { rfc3339 } from "#kernel/time.ts";
import { isUnasked } from "#ports/calls/index.ts";
import type { Query } from "#ports/sql/index.ts";

import {
  DELIVERY_ANSWER_BYTES_MAX,
  DELIVERY_MS_MAX,
  FAILING_MS_MAX,
  PUT_OFF_MS_MAX,
  PUT_OFF_MS_MIN,
  PUT_OFF_SHARE,
  RETRY_AFTER_MS_MAX,
  RETRY_WAITS_MS,
} from "../bounds.ts";
import { tell } from "../events.ts";
import { type DeliveryId, type Ground, nowOf } from "../needs.ts";
import type { Signing } from "../secrets.ts";
import { deliverLater } from "./jobs.ts";
import { payloadOf, type SayingGround } from "./payload.ts";
import * as store from "./store.ts";

/** Which try of which run is meant; one that was made already is nothing to do. */
export interface Try {
  id: DeliveryId;
  run: number;
  tries: number;
}

export interface Deliverer {
  /** One try, and what follows from it, in one transaction with the mark that it was made. */
  run(one: Try, signal: AbortSignal, fenced: <T>(work: (tx: Query) => Promise<T>) => Promise<T>): Promise<void>;
}

export type DeliveringGround = SayingGround & Pick<Ground, "sql" | "log" | "jobs" | "clock" | "outside">;

type Outcome =
  | { how: "taken"; status: number; ms: number; answer: string }
  | {
      how: "refused";
      status: number | null;
      ms: number;
      answer: string | null;
      because: string;
      wait_ms: number | null;
    }
  /** Nothing was sent: the host does not answer others, or too much waits for it. So no try was made. */
  | { how: "put_off"; wait_ms: number }
  | { how: "skipped"; because: string };

/**
 * Sends what is due. Who dies after sending and before it is written down sends it again under the same `webhook-id`: at least once,
 * and who listens can tell.
 */
export function createDeliverer(ground: DeliveringGround, signing: Signing): Deliverer {
  const { sql, clock, outside } = ground;

  async function send(row: store.DeliveryRow, hook: store.OutgoingRow, signal: AbortSignal): Promise<Outcome> {
    const data = await payloadOf(ground, hook, row);
    if (typeof data === "string") return { how: "skipped", because: data };
    const text = JSON.stringify({ type: row.event, timestamp: rfc3339(row.happened_at), data });
    const body = new TextEncoder().encode(text);
    const headers = {
      ...signing.headers(hook, row.webhook_id, clock.now(), body),
      "content-type": "application/json",
    };
    const began = clock.monotonic();
    const since = () => Math.round(clock.monotonic() - began);
    try {
      const got = await outside.sendOutside(hook.url, {
        headers,
        body,
        ms_max: DELIVERY_MS_MAX,
        answer_bytes_max: DELIVERY_ANSWER_BYTES_MAX,
        signal,
      });
      const answer = shownAnswer(got.words);
      const { status } = got;
      if (status >= 200 && status < 300) return { how: "taken", status, ms: since(), answer };
      const because =
        status >= 300 && status < 400 ? "It leads elsewhere, and that is not followed." : `It answered ${status}.`;
      return {
        how: "refused",
        status,
        ms: since(),
        answer,
        because,
        wait_ms: retryAfterOf(got.retry_after, clock.now()),
      };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Problem) && !(error instanceof Transient)) throw error;
      const waited_ms = clock.now() - row.happened_at.getTime();
      if (isUnasked(error) && waited_ms < PUT_OFF_MS_MAX)
        return { how: "put_off", wait_ms: Math.max(error.retry_after_ms, PUT_OFF_MS_MIN, waited_ms * PUT_OFF_SHARE) };
      const because = error instanceof Problem ? error.detail : error.message;
      return { how: "refused", status: null, ms: since(), answer: null, because: because.slice(0, 300), wait_ms: null };
    }
  }

  async function settle(tx: Query, one: Try, outcome: Outcome): Promise<void> {
    // The address first, as everywhere, so that nobody waits in a ring.
    const seen = await store.findDelivery(tx, one.id);
    const hook = seen && (await store.lockOutgoing(tx, seen.hook_id));
    const row = hook && (await store.lockDelivery(tx, one.id));
    if (!row || !hook || !isDue(row, one)) return;
    const now = nowOf(ground);
    const tried = { run: row.run, tries: row.tries + 1, tried_at: now };
    if (outcome.how === "skipped") {
      const nothing = { status: null, ms: null, answer: null, next_at: null };
      await store.settleDelivery(tx, row.id, { ...row, ...nothing, state: "skipped", because: outcome.because });
      return;
    }
    if (outcome.how === "put_off") {
      const wait_ms = Math.round(outcome.wait_ms * (1 + clock.random() / 4));
      const next_at = new Date(now.getTime() + wait_ms);
      const because = "Its host does not answer anybody, so it is not asked for a while.";
      await store.settleDelivery(tx, row.id, { ...row, next_at, because });
      await deliverLater(ground, tx, row, wait_ms, `:${next_at.getTime()}`);
      return;
    }
    const { status, ms, answer } = outcome;
    if (outcome.how === "taken") {
      await store.settleDelivery(tx, row.id, {
        ...tried,
        state: "taken",
        status,
        ms,
        answer,
        next_at: null,
        because: null,
      });
      await store.noteTaken(tx, hook.id, now);
      return;
    }
    const failing_since = await store.noteFailed(tx, hook.id, now);
    const gone = status === 410;
    const dead = now.getTime() - failing_since.getTime() >= FAILING_MS_MAX;
    const wait_ms = gone || dead ? undefined : waitBefore(row.tries, outcome.wait_ms, clock.random);
    const next_at = wait_ms === undefined ? null : new Date(now.getTime() + wait_ms);
    const state = next_at === null ? "failed" : "waiting";
    await store.settleDelivery(tx, row.id, { ...tried, state, status, ms, answer, next_at, because: outcome.because });
    if (wait_ms !== undefined) await deliverLater(ground, tx, { ...row, tries: tried.tries }, wait_ms);
    if (!gone && !dead) return;
    const why = gone ? "It said that it is gone (410)." : "It took nothing for three days.";
    if (!(await store.switchOff(tx, hook.id, why, now))) return;
    const data = { hook_id: hook.id, owner_id: hook.owner_id, space_id: hook.space_id, at: rfc3339(now) };
    await tell(ground.log, tx, { type: "hooks.switched_off", version: 1, data });
  }

  return {
    async run(one, signal, fenced) {
      const row = await store.findDelivery(sql.pool, one.id);
      const hook = row && (await store.findOutgoing(sql.pool, row.hook_id));
      if (!row || !hook || !isDue(row, one)) return;
      const outcome: Outcome =
        hook.disabled_at === null
          ? await send(row, hook, signal)
          : { how: "skipped", because: "The webhook was switched off." };
      await fenced((tx) => settle(tx, one, outcome));
    },
  };
}

const isDue = (row: store.DeliveryRow, one: Try): boolean =>
  row.state === "waiting" && row.run === one.run && row.tries === one.tries;

/** Undefined after the last try. Give or take a quarter, so that a thousand that failed together do not come back together. */
export function waitBefore(tries: number, wished_ms: number | null, random: () => number): number | undefined {
  const wait_ms = RETRY_WAITS_MS[tries];
  if (wait_ms === undefined) return undefined;
  return Math.round(Math.max(wait_ms * (0.75 + random() / 2), Math.min(wished_ms ?? 0, RETRY_AFTER_MS_MAX)));
}

/** As text that a log can hold: what is cut in the middle of a letter loses the letter. */
const shownAnswer = (words: Uint8Array | undefined): string =>
  new TextDecoder()
    .decode(words ?? new Uint8Array())
    .replaceAll("\0", "")
    .toWellFormed()
    .slice(0, DELIVERY_ANSWER_BYTES_MAX);
