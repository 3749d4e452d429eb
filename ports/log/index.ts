import type { Json } from "#kernel/json.ts";
import type { Query } from "#ports/sql/index.ts";

/**
 * The event log: durable, ordered, replayable. A write and the event that tells of it commit together, because `append`
 * takes the writer's transaction. Postgres is its truth on every engine.
 */
export interface Log extends AsyncDisposable {
  /** Appends inside `tx`. `key` orders: events of one topic and key reach a group in the order of their commits. */
  append<E extends LogEvent>(tx: Query, topic: string, key: string, event: E): Promise<void>;

  /**
   * A consumer group: each event at least once, on one node at a time, position kept in the database. The handler gets a
   * batch and must be idempotent; when it throws, the batch comes again after a backoff and nothing behind it overtakes.
   * `handle` may do its work in the given transaction: then effect and position commit together, exactly once.
   */
  consume(topic: string, group: string, handle: (batch: StoredEvent[], tx: Query) => Promise<void>, options?: ConsumeOptions): Disposable;

  /**
   * Every node gets every event, for its own caches; no position is stored. Starts after the event log's present end
   * (or `after`); resolves once it is live, so state read after that misses nothing.
   */
  tail(topic: string, onBatch: (batch: StoredEvent[]) => void | Promise<void>, after?: LogPosition): Promise<AsyncDisposable>;

  /** The end of the topic as seen now: everything at or before it is committed and readable. */
  head(topic: string): Promise<LogPosition>;
  /** Reads committed events after a position, oldest first, never past a running transaction. */
  read(topic: string, after: LogPosition, events_max: number): Promise<StoredEvent[]>;
  /** Waits until the group has handled all that was committed before the call; for tests and drains. */
  caughtUp(topic: string, group: string): Promise<void>;
  /** Events that each group still has to handle; for metrics and `folk doctor`. */
  lags(): Promise<{ topic: string; group: string; events: number; oldest_s: number }[]>;
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

export interface ConsumeOptions {
  batch_events_max?: number;
  /** `beginning` (default) or `now` for a group that never ran. */
  from?: "beginning" | "now";
}
