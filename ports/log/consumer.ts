import { natureOf } from "#kernel/errors.ts";
import { backoffMs } from "#kernel/retry.ts";
import { createBell } from "#ports/clock/bell.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import {
  EVENT_TRIES_MAX,
  GROUP_PACE_MS,
  REASON_CHARS_MAX,
  RETRY_BASE_MS,
  RETRY_DELAY_MS_MAX,
  SETTLE_MS_MAX,
} from "./bounds.ts";
import type { ParkedEvent, StoredEvent } from "./index.ts";
import { createPace } from "./pace.ts";
import { comparePositions, decodePosition, encodePosition, LOG_START } from "./position.ts";
import * as store from "./store.ts";

/** A batch that was not handled. `parked` is true when the group gave the event up. */
export interface LogFailure {
  topic: string;
  group: string;
  events: number;
  first: string;
  tries: number;
  parked: boolean;
  error: unknown;
}

export interface ConsumerNeeds {
  sql: Sql;
  clock: Clock;
  gate: <T>(work: () => Promise<T>) => Promise<T>;
  ready: (tx: Query) => Promise<void>;
  onFailure: (failure: LogFailure) => void;
  onProgress: () => void;
}

export interface Consumer {
  topic: string;
  ring(): void;
  /** Somebody waits for what it does. */
  hurry(): void;
  /** Rings when the topic's newest event is one that this consumer has not seen handled. */
  lookAt(newest: string): void;
  /** Ends when the batch at hand is done. */
  stop(): Promise<void>;
}

type Step = { next: "now" } | { next: "wait"; ms?: number };
interface Tried {
  events: StoredEvent[];
  wanted: ParkedEvent | null;
  tries: number;
}

const PRUNE_BATCHES = 64;
const RETRY = { base_ms: RETRY_BASE_MS, delay_ms_max: RETRY_DELAY_MS_MAX };

/** One group's loop on this node. Other nodes run it too; the group's lock lets one of them through at a time. */
export function startConsumer(
  needs: ConsumerNeeds,
  topic: string,
  group: string,
  handle: (batch: StoredEvent[], tx: Query) => Promise<void>,
  options: { batch_events_max: number; from: "beginning" | "now" },
): Consumer {
  const { sql, clock } = needs;
  const bell = createBell(clock);
  const pace = createPace(clock, GROUP_PACE_MS);
  const stopping = new AbortController();
  let group_id: number | null = null;
  let seen = LOG_START;
  let blocked_times = 0;
  let stumbles = 0;
  let batches = 0;

  async function step(tried: Tried): Promise<Step> {
    if (group_id === null) {
      await needs.ready(sql.pool);
      group_id = await sql.tx((tx) => store.ensureGroup(tx, topic, group, options.from));
    }
    const id = group_id;
    const step = await sql.tx(async (tx): Promise<Step & { advanced?: boolean }> => {
      tried.events = [];
      tried.wanted = null;
      if (!(await store.lockGroup(tx, id))) return { next: "wait" };
      const state = await store.groupState(tx, id);
      if (!state) {
        // Forgotten while it runs: it registers again, as new.
        group_id = null;
        return { next: "now" };
      }
      seen = encodePosition(state.at);
      if (state.wait_ms > 0) return { next: "wait", ms: state.wait_ms };
      const single = comparePositions(seen, encodePosition(state.single)) < 0;
      const events_max = single ? 1 : options.batch_events_max;
      const { events, blocked } = await store.readEvents(tx, topic, state.at, events_max);
      // Disposed while it looked: who disposed of it does not expect that it takes what comes after.
      if (stopping.signal.aborted) return { next: "wait" };
      if (events.length > 0) {
        tried.events = events;
        tried.tries = state.tries;
        await handle(events, tx);
        const last = events.at(-1)!.position;
        await store.insertPosition(tx, id, decodePosition(last));
        if (state.failing) await store.updateWell(tx, id);
        if (++batches % PRUNE_BATCHES === 0) await store.prunePositions(tx, id);
        seen = last;
        blocked_times = 0;
        // Who committed since that read has rung; where fewer came than fit, nothing else is there to be read.
        if (events.length === events_max || single || state.retry_wanted) return { next: "now", advanced: true };
        return { next: "wait", advanced: true, ...(blocked ? { ms: 1 } : {}) };
      }
      if (state.retry_wanted) {
        const wanted = await store.selectWanted(tx, id);
        if (wanted) {
          tried.wanted = wanted;
          await handle([wanted], tx);
          await store.deleteParked(tx, wanted.id);
          return { next: "now" };
        }
      }
      if (!blocked) return { next: "wait" };
      return { next: "wait", ms: Math.min(SETTLE_MS_MAX, 2 ** Math.min(blocked_times++, 20)) };
    });
    if (step.advanced) needs.onProgress();
    stumbles = 0;
    return step;
  }

  /** Writes down what went wrong, so that the next try, on whatever node, goes on from there. */
  async function recordFailure(error: unknown, tried: Tried): Promise<Step> {
    const id = group_id;
    const nature = natureOf(error);
    const lasting = nature === "bug" || nature === "permanent";
    const reason = String(error instanceof Error ? error.message : error).slice(0, REASON_CHARS_MAX);
    const tell = (tries: number, parked: boolean) =>
      needs.onFailure({
        topic,
        group,
        events: tried.events.length,
        first: tried.events[0]?.position ?? "",
        tries,
        parked,
        error,
      });
    if (id !== null && tried.wanted) {
      await sql.tx((tx) => store.updateParked(tx, tried.wanted!.id, reason));
      tell(tried.wanted.tries + 1, true);
      return { next: "now" };
    }
    const wait_ms = backoffMs(stumbles++, RETRY, () => clock.random());
    if (id === null || tried.events.length === 0) {
      tell(0, false);
      return { next: "wait", ms: wait_ms };
    }
    const first = tried.events[0]!.position;
    const last = decodePosition(tried.events.at(-1)!.position);
    return sql.tx(async (tx): Promise<Step> => {
      // Another node may have gone on meanwhile; then there is nothing to record.
      if (!(await store.lockGroup(tx, id))) return { next: "wait", ms: wait_ms };
      const state = await store.groupState(tx, id);
      if (!state || comparePositions(encodePosition(state.at), first) >= 0) return { next: "now" };
      const tries = state.tries + (lasting && tried.events.length === 1 ? 1 : 0);
      if (tried.events.length === 1 && lasting && (nature === "permanent" || tries >= EVENT_TRIES_MAX)) {
        await store.insertParked(tx, id, last, topic, tries, reason);
        await store.insertPosition(tx, id, last);
        await store.updateWell(tx, id);
        tell(tries, true);
        stumbles = 0;
        return { next: "now" };
      }
      await store.updateFailing(tx, id, { tries, wait_ms, reason, single: tried.events.length > 1 ? last : null });
      tell(tries, false);
      return { next: "wait", ms: wait_ms };
    });
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const tried: Tried = { events: [], wanted: null, tries: 0 };
      await pace.next(stopping.signal);
      if (stopping.signal.aborted) break;
      const next = await needs.gate(() =>
        step(tried).catch((error: unknown) =>
          recordFailure(error, tried).catch((): Step => ({
            next: "wait",
            ms: backoffMs(stumbles, RETRY, () => clock.random()),
          })),
        ),
      );
      if (next.next === "wait") await bell.wait(stopping.signal, next.ms);
    }
  }

  const running = run();
  return {
    topic,
    ring: () => bell.ring(),
    hurry: () => pace.hurry(),
    lookAt: (newest) => comparePositions(seen, newest) < 0 && bell.ring(),
    async stop() {
      stopping.abort();
      await running;
    },
  };
}
