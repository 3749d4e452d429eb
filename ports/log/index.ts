import type { Json } from "#kernel/json.ts";
import type { Fragment, Query } from "#ports/sql/index.ts";

/**
 * The event log: durable, ordered, replayable. A write and the event that tells of it commit together, because `append`
 * takes the writer's transaction. Postgres is its truth on every engine.
 */
export interface Log extends AsyncDisposable {
  /**
   * Appends inside `tx`. `key` orders: events of one topic and key reach a group in the order of their commits. For that,
   * the key is locked until `tx` ends, so choose the narrowest thing that needs an order, and append late.
   * @throws RangeError when a name or the data is over its bound
   */
  append<E extends LogEvent>(tx: Query, topic: string, key: string, event: E): Promise<void>;

  /**
   * The same for many events at once, by two statements however many they are. The keys are locked in one order, so that two
   * who append many at once never wait for each other in a ring.
   */
  appendAll(tx: Query, topic: string, events: readonly { key: string; event: LogEvent }[]): Promise<void>;

  /**
   * For who writes and tells in one statement: `call` is an expression that appends when it is evaluated
   * (`SELECT ${call} FROM …`), under the same lock and in the same order as `append`. `sent` is called after that statement, so
   * that readers hear of it when it has committed.
   * @throws RangeError as `append`
   */
  within<E extends LogEvent>(db: Query, topic: string, key: string, event: E): Promise<Appending>;

  /**
   * A consumer group: each event at least once, on one node at a time, position kept in the database. The handler gets a
   * batch and must be idempotent; when it throws, the batch comes again after a backoff and nothing behind it overtakes.
   * `handle` may do its work in the given transaction: then effect and position commit together, exactly once. It holds a
   * connection and must be short (well below 30 s); long work is a job that it enqueues.
   *
   * After a failure the events of that batch come one at a time. One that fails `EVENT_TRIES_MAX` times (or throws
   * `Permanent`) is parked with its reason and the group goes on; `Transient` failures are retried for ever.
   */
  consume(
    topic: string,
    group: string,
    handle: (batch: StoredEvent[], tx: Query) => Promise<void>,
    options?: ConsumeOptions,
  ): Disposable;

  /**
   * Every node gets every event, for its own caches; no position is stored. Starts after the event log's present end
   * (or `after`); resolves once it is live, so state read after that misses nothing. When `onBatch` throws, the same batch
   * comes again after a backoff: a tail never skips.
   */
  tail(
    topic: string,
    onBatch: (batch: StoredEvent[]) => void | Promise<void>,
    after?: LogPosition,
    options?: TailOptions,
  ): Promise<AsyncDisposable>;

  /** The last readable event of the topic: everything at or before it is committed, and nothing will be added there. */
  head(topic: string): Promise<LogPosition>;
  /** Reads committed events after a position, oldest first, never past a running transaction. */
  read(topic: string, after: LogPosition, events_max: number): Promise<StoredEvent[]>;
  /** Waits until the group has handled all that was committed before the call; for tests and drains. */
  caughtUp(topic: string, group: string): Promise<void>;
  /** Waits until all tails of this node have been told of all that was committed before the call; for tests and drains. */
  tailsCaughtUp(): Promise<void>;
  /** Events that each group still has to handle; for metrics and `folk doctor`. */
  lags(): Promise<GroupLag[]>;

  /** Events that groups gave up on, oldest first. */
  parked(events_max: number): Promise<ParkedEvent[]>;
  /** Asks for a parked event to be handled again; it leaves the parked ones when that works. @returns false if it is not there */
  retryParked(id: string): Promise<boolean>;
  /** Takes the group off the books, with its position and parked events; so that it no longer holds old events back. */
  forget(topic: string, group: string): Promise<boolean>;
  /** Drops what is older than the time to keep and behind the slowest group. For a job that runs every hour or so. */
  trim(): Promise<TrimResult>;
}

export interface Appending {
  call: Fragment;
  sent(): Promise<void>;
}

export interface GroupLag {
  topic: string;
  group: string;
  /** Counted up to `LAG_EVENTS_MAX`. */
  events: number;
  /** Seconds since the oldest of them was appended. */
  oldest_s: number;
  /** Above 0 while the group is failing and waits for its next try. */
  tries: number;
  parked: number;
  reason: string | null;
}

export interface ParkedEvent extends StoredEvent {
  id: string;
  group: string;
  parked_at: Date;
  tries: number;
  reason: string;
}

export interface TrimResult {
  /** True when writers now use the next slot. */
  rotated: boolean;
  /** Slots that were emptied. */
  emptied: number;
  /** Groups that still need events which are old enough to go. */
  held_by: { topic: string; group: string }[];
}

/** Opaque and totally ordered within a topic. Compare with `comparePositions`. */
export type LogPosition = string;

export interface LogEvent {
  /** `feed.post_created` */
  type: string;
  /** Readers accept the last two versions. */
  version: number;
  data: { [key: string]: Json };
}

export interface StoredEvent extends LogEvent {
  position: LogPosition;
  topic: string;
  key: string;
  at: Date;
}

export interface TailOptions {
  /** ms between two looks while events keep coming; for who need not know at once. `TAIL_PACE_MS` where nothing is said. */
  pace_ms?: number;
}

export interface ConsumeOptions {
  batch_events_max?: number;
  /** `beginning` (default; of what is still kept) or `now` for a group that never ran. */
  from?: "beginning" | "now";
}

export { createLog, type LogNeeds, type LogFailure } from "./log.ts";
export { comparePositions, LOG_START } from "./position.ts";
