import type { Deadline } from "#kernel/deadline.ts";
import type { Nature } from "#kernel/errors.ts";

import type { CallBounds } from "./bounds.ts";
import type { BreakerState } from "./breaker.ts";

/**
 * Every call that leaves the process goes through here, so that what is slow, gone or lying elsewhere stays a small thing
 * here: in time or not at all, so many at once, tried again within a budget, and left alone while it does not answer.
 */
export interface Calls {
  /** One place that the house stands on. A name is given once. */
  to(options: DependencyOptions): Dependency;
  /** Places of others, known by a key (a host): a state for each, one bound over all, and only so many keys. */
  toEach(options: EachOptions): Dependencies;
  stats(): CallStats[];
  /** What is away now, in words for people. Places of others are not among it: the house is well while they are not. */
  away(): { name: string; because: string }[];
}

export interface DependencyOptions extends Partial<CallBounds> {
  name: string;
  /** What people notice while it is away, and what becomes of their work: one sentence for `/readyz`. */
  away: string;
  /** Of what its client throws; `natureOf` where nothing is said. Only `transient` counts against it. */
  nature?: (error: unknown) => Nature;
}

export interface EachOptions extends Partial<CallBounds> {
  name: string;
  nature?: (error: unknown) => Nature;
  /** Keys that are known at once; above it those go that nobody calls. More than `all_at_once_max` + `all_waiting_max`. */
  keys_max?: number;
  /** Over all keys, so that many slow ones together take no more than one. */
  all_at_once_max: number;
  all_waiting_max: number;
}

export interface Dependency {
  /**
   * What `work` comes to. It gets a signal that fires when its answer is wanted no more, and has to end by it.
   * @throws `DependencyAway`, `DependencyBusy` (nothing was sent), `DeadlinePassed`, the reason of the deadline's signal, or
   * what the last try threw
   */
  call<T>(work: Work<T>, options?: CallOptions): Promise<T>;
  readonly state: BreakerState;
}

export interface Dependencies {
  of(key: string): Dependency;
}

export type Work<T> = (signal: AbortSignal, attempt: number) => Promise<T>;

export interface CallOptions {
  /** Beside that of who waits for what runs here (`asker.ts`), which holds by itself; the sooner counts. */
  deadline?: Deadline;
  /**
   * Doing it twice is doing it once: a read, a write of the same under the same name, or one that carries a key which the
   * other side knows it by. Only such a call is ever tried again.
   */
  idempotent?: boolean;
  /**
   * A second try is begun beside the first one when that is slower than 95 of 100, and the first answer counts. For reads
   * whose answer is small; has to be idempotent.
   */
  hedge?: boolean;
  /** Instead of the dependency's `try_ms_max`, where this call's answer is known to take longer or shorter. */
  try_ms_max?: number;
}

export interface CallStats {
  name: string;
  state: BreakerState;
  /** Of many, how many are known, and how many of them are not closed. */
  keys: number;
  keys_away: number;
  in_flight: number;
  waiting: number;
  calls: number;
  /** First tries that were sent, tries after them, and second ones beside a slow one; of these, how many were faster. */
  first_tries: number;
  further_tries: number;
  hedges: number;
  hedges_won: number;
  /** Tries by what came of them. */
  answered: number;
  failed: number;
  throttled: number;
  late: number;
  /** Calls that were not sent: it is away, too many wait, the deadline had passed. */
  refused_away: number;
  refused_busy: number;
  refused_late: number;
  /** Further tries that the budget did not allow. */
  refused_budget: number;
  opened_times: number;
  /** In which so many of a hundred answers came lately; 0 before there were enough. */
  p50_ms: number;
  p95_ms: number;
}

export { type Asker, askerHere, createAsker, deadlineHere, onOwnTime, onTimeOf, type Stoppable } from "./asker.ts";
export * from "./bounds.ts";
export { type Breaker, type BreakerBounds, type BreakerState, createBreaker, type Pass } from "./breaker.ts";
export { createCalls } from "./calls.ts";
export { createFlights, type Flight, type FlightCounts, type Flights } from "./flights.ts";
export { type Gathered, gather, type Part } from "./gather.ts";
export { natureOfFetch, natureOfStatus } from "./natures.ts";
export { TooSlow } from "./one-try.ts";
export { DependencyAway, DependencyBusy, isUnasked, TooLateToAsk } from "./refusals.ts";
