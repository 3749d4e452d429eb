import { AsyncLocalStorage } from "node:async_hooks";

import { type Deadline, NO_DEADLINE } from "#kernel/deadline.ts";
import { DeadlinePassed } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { ASKER_LINGERS_MS_MAX, STATEMENTS_HELD_MAX } from "./bounds.ts";

/**
 * Somebody who waits for what is done: a request, an attempt of a job, all who wait for one load. It goes along with the
 * work by itself (as the context of its promises), so that no function has to hand it on and none can forget to: the kit
 * asks it before each call, and the database before each statement.
 */
export interface Asker {
  readonly deadline: Deadline;
  /** Runs `work` for them, and whatever that begins. */
  run<T>(work: () => T): T;
  /** They wait no more: what is under way is told to stop, what would begin for them is refused with `reason`. */
  giveUp(reason: Error): void;
  /** They have their answer. What goes on after it is the house's own. */
  end(): void;
  /** @throws why they wait no more */
  mustWait(): void;
  /** Is stopped when they give up. Of those of one asker the last `STATEMENTS_HELD_MAX` are known. */
  hold(one: Stoppable): void;
}

export interface Stoppable {
  cancel(): unknown;
}

const asking = new AsyncLocalStorage<Asker | null>();

/** Who waits for what runs here; null where nobody does, or not any more. */
export const askerHere = (): Asker | null => asking.getStore() ?? null;

/** By when what runs here is wanted. */
export const deadlineHere = (): Deadline => asking.getStore()?.deadline ?? NO_DEADLINE;

/**
 * Runs what is owed to others than who happened to cause it: what many share, a loop that goes on, clearing up after who has
 * gone. Nobody's leaving ends it; its own bounds do.
 */
export const onOwnTime = <T>(work: () => T): T => (askerHere() === null ? work() : asking.run(null, work));

/** As it was where `asker` was taken, for work that somebody else's callback begins. */
export const onTimeOf = <T>(asker: Asker | null, work: () => T): T => asking.run(asker, work);

export interface AskerNeeds {
  clock: Clock;
  /** Of `clock.monotonic()`; none where nothing is said. */
  at_ms?: number;
}

export function createAsker({ clock, at_ms = Infinity }: AskerNeeds): Asker {
  let why: Error | null = null;
  let gave_up_ms = 0;
  let is_served = false;
  let controller: AbortController | null = null;
  let held: Stoppable[] = [];
  let next = 0;

  function giveUp(reason: Error): void {
    if (why !== null || is_served) return;
    why = reason;
    gave_up_ms = clock.monotonic();
    controller?.abort(reason);
    const all = held;
    held = [];
    for (const one of all) one.cancel();
  }

  /**
   * What still runs so long after they have gone is no work for them: somebody's loop was begun in their time, and must not be
   * refused for ever.
   */
  const isPast = () => is_served || (why !== null && clock.monotonic() - gave_up_ms > ASKER_LINGERS_MS_MAX);

  const own: Deadline = {
    at_ms,
    get signal() {
      if (controller === null) {
        controller = new AbortController();
        if (why !== null) controller.abort(why);
      }
      return controller.signal;
    },
  };

  const asker: Asker = {
    get deadline() {
      return isPast() ? NO_DEADLINE : own;
    },
    run: (work) => asking.run(asker, work),
    giveUp,
    end() {
      if (why !== null) return;
      is_served = true;
      held = [];
    },
    mustWait() {
      if (isPast()) return;
      // A timer comes late where the loop is.
      if (why === null && at_ms !== Infinity && clock.monotonic() >= at_ms)
        giveUp(new DeadlinePassed("nobody waits for this any more"));
      if (why !== null) throw why;
    },
    hold(one) {
      if (is_served || why !== null) return;
      held[next] = one;
      next = (next + 1) % STATEMENTS_HELD_MAX;
    },
  };
  return asker;
}
