import { type Deadline, leftMs } from "#kernel/deadline.ts";
import type { Clock } from "#ports/clock/index.ts";

import { TooLateToAsk } from "./refusals.ts";

/**
 * So many at once, so many who wait, in the order in which they came. Who would wait beyond their deadline is told at once:
 * a queue whose end nobody lives to see helps nobody.
 */
export interface Bulkhead {
  readonly in_flight: number;
  readonly waiting: number;
  /** Undefined where there is a place now, else a wait for one. @throws what `busy` makes, `DeadlinePassed`, the signal's reason */
  enter(deadline: Deadline): Promise<void> | undefined;
  /** A place without waiting, or none. */
  tryEnter(): boolean;
  /** @param held_ms how long the place was held, where that says how long the next will be; null where it does not */
  leave(held_ms: number | null): void;
  /** Tells all who wait. */
  refuseAll(error: () => Error): void;
}

export interface BulkheadNeeds {
  clock: Clock;
  at_once_max: number;
  waiting_max: number;
  busy: (wait_ms: number) => Error;
}

interface Waiter {
  deadline: Deadline;
  has_place: boolean;
  let: () => void;
  refuse: (error: Error) => void;
}

/** Weight of the newest hold in the mean: about the last ten count. */
const NEWEST = 0.1;
/** A hold takes rarely longer than the mean and so many mean deviations (as TCP waits for its answers, RFC 6298, with four). */
const DEVIATIONS = 2;

export function createBulkhead({ clock, at_once_max, waiting_max, busy }: BulkheadNeeds): Bulkhead {
  /** In order of coming; leaving out of turn costs no walk. */
  const queue = new Set<Waiter>();
  let in_flight = 0;
  let mean_ms = 0;
  let deviation_ms = 0;
  /** How long most hold a place. */
  const hold_ms = () => mean_ms + DEVIATIONS * deviation_ms;

  async function wait(deadline: Deadline): Promise<void> {
    const signal = deadline.signal;
    const left_ms = leftMs(deadline, clock.monotonic());
    const turn = Promise.withResolvers<void>();
    const waiter: Waiter = {
      deadline,
      has_place: false,
      let() {
        waiter.has_place = true;
        turn.resolve();
      },
      refuse: turn.reject,
    };
    const over = new AbortController();
    const onGone = () => turn.reject(signal!.reason as Error);
    signal?.addEventListener("abort", onGone, { once: true });
    if (left_ms < Infinity)
      clock.sleep(left_ms, over.signal).then(
        () => turn.reject(new TooLateToAsk("its turn did not come in time")),
        () => {},
      );
    queue.add(waiter);
    try {
      await turn.promise;
    } catch (error) {
      queue.delete(waiter);
      // A place that was handed over in the same moment goes on to the next.
      if (waiter.has_place) handOn();
      throw error;
    } finally {
      over.abort();
      signal?.removeEventListener("abort", onGone);
    }
  }

  function learn(held_ms: number): void {
    if (mean_ms === 0) mean_ms = held_ms;
    else {
      deviation_ms += NEWEST * (Math.abs(held_ms - mean_ms) - deviation_ms);
      mean_ms += NEWEST * (held_ms - mean_ms);
    }
  }

  function handOn(): void {
    for (const next of queue) {
      queue.delete(next);
      // Begun now it would most likely end in vain, and keep another from ending in time.
      if (leftMs(next.deadline, clock.monotonic()) < hold_ms()) {
        next.refuse(busy(0));
        continue;
      }
      // The place goes from hand to hand, so that nobody gets in between.
      next.let();
      return;
    }
    in_flight -= 1;
  }

  return {
    get in_flight() {
      return in_flight;
    },
    get waiting() {
      return queue.size;
    },
    tryEnter() {
      if (in_flight >= at_once_max) return false;
      in_flight += 1;
      return true;
    },
    enter(deadline) {
      if (in_flight < at_once_max) {
        in_flight += 1;
        return undefined;
      }
      // Until the place, and as long again as most hold it: what begins in the last moment ends in vain.
      const wait_ms = (mean_ms * (queue.size + 1)) / at_once_max;
      if (queue.size >= waiting_max || wait_ms + hold_ms() > leftMs(deadline, clock.monotonic())) throw busy(wait_ms);
      return wait(deadline);
    },
    leave(held_ms) {
      if (held_ms !== null) learn(held_ms);
      handOn();
    },
    refuseAll(error) {
      for (const waiter of queue) {
        // Stays in the queue until it notices, which tells it that no place was handed to it.
        waiter.refuse(error());
      }
    },
  };
}
