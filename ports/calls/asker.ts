import { AsyncLocalStorage } from "node:async_hooks";

import { type Deadline, NO_DEADLINE } from "#kernel/deadline.ts";
import { DeadlinePassed } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { ASKER_LINGERS_MS_MAX, STATEMENTS_HELD_MAX } from "./bounds.ts";

const asking = new AsyncLocalStorage<Asker | null>();

/** Who waits for what runs here; null where nobody does. */
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

export interface Stoppable {
  cancel(): unknown;
}

export interface AskerNeeds {
  clock: Clock;
  /** Of `clock.monotonic()`; none where nothing is said. */
  at_ms?: number;
  /** False for who fences their writes and saves where they stopped: then only calls end with them. */
  statements_too?: boolean;
}

/**
 * Somebody who waits for what is done: a request, an attempt of a job, all who wait for one load. It goes along with the
 * work by itself (as the context of its promises), so that no function has to hand it on and none can forget to: the kit
 * asks it before each call, and the database before each statement. One small object, as there is one for each request.
 */
export class Asker implements Deadline {
  readonly at_ms: number;
  readonly #clock: Clock;
  readonly #statements_too: boolean;
  #why: Error | null = null;
  #gave_up_ms = 0;
  #is_served = false;
  #controller: AbortController | null = null;
  #held: Stoppable[] | null = null;
  #next = 0;

  constructor({ clock, at_ms = Infinity, statements_too = true }: AskerNeeds) {
    this.#clock = clock;
    this.at_ms = at_ms;
    this.#statements_too = statements_too;
  }

  /** Made only when it is read. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#why !== null) this.#controller.abort(this.#why);
    }
    return this.#controller.signal;
  }

  get deadline(): Deadline {
    return this.#isPast() ? NO_DEADLINE : this;
  }

  /** Runs `work` for them, and whatever that begins. */
  run<T>(work: () => T): T {
    return asking.run(this, work);
  }

  /** They wait no more: what is under way is told to stop, what would begin for them is refused with `reason`. */
  giveUp(reason: Error): void {
    if (this.#why !== null || this.#is_served) return;
    this.#why = reason;
    this.#gave_up_ms = this.#clock.monotonic();
    this.#controller?.abort(reason);
    const held = this.#held;
    this.#held = null;
    for (const one of held ?? []) one.cancel();
  }

  /** They have their answer. What goes on after it is the house's own. */
  end(): void {
    this.#is_served = this.#why === null;
    this.#held = null;
  }

  /** Before a statement. @throws why they wait no more */
  mustWait(): void {
    if (!this.#statements_too || this.#isPast()) return;
    // A timer comes late where the loop is.
    if (this.#why === null && this.at_ms !== Infinity && this.#clock.monotonic() >= this.at_ms)
      this.giveUp(new DeadlinePassed("nobody waits for this any more"));
    if (this.#why !== null) throw this.#why;
  }

  /** Is stopped when they give up. Of those of one asker the last `STATEMENTS_HELD_MAX` are known. */
  hold(one: Stoppable): void {
    if (!this.#statements_too || this.#is_served || this.#why !== null) return;
    (this.#held ??= [])[this.#next] = one;
    this.#next = (this.#next + 1) % STATEMENTS_HELD_MAX;
  }

  /**
   * What still runs so long after they have gone is no work for them: somebody's loop was begun in their time, and must not be
   * refused for ever.
   */
  #isPast(): boolean {
    return this.#is_served || (this.#why !== null && this.#clock.monotonic() - this.#gave_up_ms > ASKER_LINGERS_MS_MAX);
  }
}

export const createAsker = (needs: AskerNeeds): Asker => new Asker(needs);
