import { backoffMs } from "#kernel/retry.ts";
import { createBell } from "#ports/clock/bell.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { BATCH_EVENTS_DEFAULT, RETRY_BASE_MS, SETTLE_MS_MAX, TAIL_PACE_MS } from "./bounds.ts";
import type { Consumer, LogFailure } from "./consumer.ts";
import type { LogPosition, StoredEvent } from "./index.ts";
import { createPace } from "./pace.ts";
import { comparePositions, decodePosition } from "./position.ts";
import * as store from "./store.ts";

/** A cache that cannot follow is wrong for so long, so a tail waits less than a group. */
const RETRY = { base_ms: RETRY_BASE_MS, delay_ms_max: 2_000 };

export interface Tail extends Consumer {
  /** Waits until all up to a place has been handed over, or the tail was closed. */
  reached(place: LogPosition): Promise<void>;
}

/** Follows a topic from a place on, in memory: nothing about it is stored. */
export function startTail(
  needs: { sql: Sql; clock: Clock; onFailure: (failure: LogFailure) => void },
  topic: string,
  from: LogPosition,
  onBatch: (batch: StoredEvent[]) => void | Promise<void>,
  pace_ms: number = TAIL_PACE_MS,
): Tail {
  const { sql, clock } = needs;
  const bell = createBell(clock);
  const pace = createPace(clock, pace_ms);
  const stopping = new AbortController();
  let at = from;
  let moved = Promise.withResolvers<void>();
  const tellMoved = () => {
    moved.resolve();
    moved = Promise.withResolvers();
  };

  async function run(): Promise<void> {
    let blocked_times = 0;
    for (let stumbles = 0; !stopping.signal.aborted;) {
      let events: StoredEvent[] = [];
      try {
        await pace.next(stopping.signal);
        if (stopping.signal.aborted) break;
        const read = await store.readEvents(sql.pool, topic, decodePosition(at), BATCH_EVENTS_DEFAULT);
        events = read.events;
        if (events.length > 0) {
          await onBatch(events);
          at = events.at(-1)!.position;
          tellMoved();
          blocked_times = 0;
        }
        // Who committed since that read has rung; where fewer came than fit, nothing else is there to be read.
        if (events.length < BATCH_EVENTS_DEFAULT) {
          await bell.wait(
            stopping.signal,
            read.blocked ? Math.min(SETTLE_MS_MAX, 2 ** Math.min(blocked_times++, 20)) : undefined,
          );
        }
        stumbles = 0;
      } catch (error) {
        needs.onFailure({
          topic,
          group: "(tail)",
          events: events.length,
          first: events[0]?.position ?? "",
          tries: stumbles + 1,
          parked: false,
          error,
        });
        await clock
          .sleep(
            backoffMs(stumbles++, RETRY, () => clock.random()),
            stopping.signal,
          )
          .catch(() => {});
      }
    }
  }

  const running = run();
  return {
    topic,
    ring: () => bell.ring(),
    hurry: () => pace.hurry(),
    lookAt: (newest) => comparePositions(at, newest) < 0 && bell.ring(),
    async reached(place) {
      if (comparePositions(at, place) < 0) pace.hurry();
      while (!stopping.signal.aborted && comparePositions(at, place) < 0) await moved.promise;
    },
    async stop() {
      stopping.abort(new Error("the tail was closed"));
      await running;
      tellMoved();
    },
  };
}
