import type { Clock } from "#ports/clock/index.ts";
import { createWakes, type Query, type Sql } from "#ports/sql/index.ts";

import {
  BATCH_EVENTS_DEFAULT,
  BATCH_EVENTS_MAX,
  EVENT_BYTES_MAX,
  GROUP_CHARS_MAX,
  HANDLERS_MAX,
  KEEP_MS,
  KEY_CHARS_MAX,
  POLL_MS,
  TOPIC_CHARS_MAX,
  TYPE_CHARS_MAX,
} from "./bounds.ts";
import { type Consumer, type LogFailure, startConsumer } from "./consumer.ts";
import { createGate } from "./gate.ts";
import type { Log, LogEvent } from "./index.ts";
import { comparePositions, decodePosition, encodePosition, LOG_START } from "./position.ts";
import * as store from "./store.ts";
import { startTail, type Tail } from "./tail.ts";
import { trimLog } from "./trim.ts";

export type { LogFailure };

export interface LogNeeds {
  sql: Sql;
  clock: Clock;
  /** Told of each failed batch, for the server's log and metrics. The reason is kept in the database either way. */
  onFailure?: (failure: LogFailure) => void;
  keep_ms?: number;
  poll_ms?: number;
}

const CHANNEL = "folkhus_log";
/** `caughtUp` looks at the position this often when the group runs on another node. */
const CAUGHT_UP_LOOK_MS = 20;

/** The event log on Postgres. Needs the migrations of `ports/log/sql`. */
export function createLog(needs: LogNeeds): Log {
  const { sql, clock } = needs;
  const onFailure = needs.onFailure ?? (() => {});
  const readers = new Set<Consumer>();
  const tails = new Set<Tail>();
  const gate = createGate(HANDLERS_MAX);
  const closing = new AbortController();
  let adopted = false;
  let poll: Disposable | null = null;
  let progress = Promise.withResolvers<void>();

  const wakes = createWakes({
    sql,
    clock,
    channel: CHANNEL,
    onWake(topic) {
      for (const reader of readers) if (topic === null || reader.topic === topic) reader.ring();
    },
  });
  const ready = async (tx: Query) => {
    if (!adopted) adopted = !(await store.adopt(tx));
  };
  const onProgress = () => {
    progress.resolve();
    progress = Promise.withResolvers();
  };
  /** In case a wake-up was lost with the node that owed it. */
  const look = async () => {
    const topics = [...new Set([...readers].map((reader) => reader.topic))];
    const newest = await store.heads(sql.pool, topics, sql.pool.array(topics, "TEXT")).catch((error: unknown) => {
      onFailure({ topic: "*", group: "(poll)", events: 0, first: "", tries: 0, parked: false, error });
      return [];
    });
    for (const head of newest)
      for (const reader of readers) if (reader.topic === head.topic) reader.lookAt(encodePosition(head));
  };
  const hear = () => {
    poll ??= clock.every(needs.poll_ms ?? POLL_MS, look);
    return wakes.listen();
  };

  return {
    async append(tx, topic, key, event) {
      check(topic, key, event);
      await ready(tx);
      await store.insertEvent(tx, topic, key, event);
      await wakes.onCommit(tx, topic);
    },

    async within(db, topic, key, event) {
      check(topic, key, event);
      await ready(db);
      return { call: store.appendCall(db, topic, key, event), sent: () => wakes.onCommit(db, topic) };
    },

    async appendAll(tx, topic, events) {
      if (events.length === 0) return;
      for (const { key, event } of events) check(topic, key, event);
      await ready(tx);
      await store.insertEvents(tx, topic, events);
      await wakes.onCommit(tx, topic);
    },

    consume(topic, group, handle, options) {
      if (group.length < 1 || group.length > GROUP_CHARS_MAX)
        throw new RangeError(`a group's name has 1…${GROUP_CHARS_MAX} characters`);
      const consumer = startConsumer({ sql, clock, gate, ready, onFailure, onProgress }, topic, group, handle, {
        batch_events_max: Math.min(options?.batch_events_max ?? BATCH_EVENTS_DEFAULT, BATCH_EVENTS_MAX),
        from: options?.from ?? "beginning",
      });
      readers.add(consumer);
      // Until it hears, the poll looks; a listener that cannot connect now is connected by the next that asks.
      hear().then(
        () => consumer.ring(),
        (error: unknown) => onFailure({ topic, group, events: 0, first: "", tries: 0, parked: false, error }),
      );
      return {
        [Symbol.dispose]() {
          // It stays among the readers until its batch is done, so that closing the log waits for it.
          void consumer.stop().then(() => readers.delete(consumer));
        },
      };
    },

    async tail(topic, onBatch, after, options) {
      await hear();
      await ready(sql.pool);
      const from = after ?? encodePosition(await store.horizon(sql.pool));
      decodePosition(from);
      const tail = startTail({ sql, clock, onFailure }, topic, from, onBatch, options?.pace_ms);
      readers.add(tail);
      tails.add(tail);
      return {
        async [Symbol.asyncDispose]() {
          readers.delete(tail);
          tails.delete(tail);
          await tail.stop();
        },
      };
    },

    async head(topic) {
      await ready(sql.pool);
      const last = await store.lastReadable(sql.pool, topic);
      return last ? encodePosition(last) : LOG_START;
    },

    async read(topic, after, events_max) {
      await ready(sql.pool);
      return (await store.readEvents(sql.pool, topic, decodePosition(after), Math.min(events_max, BATCH_EVENTS_MAX)))
        .events;
    },

    async caughtUp(topic, group) {
      const [newest] = await store.heads(sql.pool, [topic], sql.pool.array([topic], "TEXT"));
      if (!newest) return;
      const target = encodePosition(newest);
      while (!closing.signal.aborted) {
        const moved = progress.promise;
        for (const reader of readers) if (reader.topic === topic) reader.hurry();
        const at = await store.groupPosition(sql.pool, topic, group);
        if (at && comparePositions(encodePosition(at), target) >= 0) return;
        const waited = new AbortController();
        await Promise.race([moved, clock.sleep(CAUGHT_UP_LOOK_MS, waited.signal).catch(() => {})]);
        waited.abort(new Error("progress was made"));
      }
      throw new Error(`the log was closed before ${group} had caught up`);
    },

    async tailsCaughtUp() {
      const followed = [...tails];
      const topics = [...new Set(followed.map((tail) => tail.topic))];
      const newest = await store.heads(sql.pool, topics, sql.pool.array(topics, "TEXT"));
      const places = new Map(newest.map((head) => [head.topic, encodePosition(head)]));
      await Promise.all(
        followed.map(async (tail) => {
          const place = places.get(tail.topic);
          if (place === undefined) return;
          // In case the bell that told of it is still on its way.
          tail.lookAt(place);
          await tail.reached(place);
        }),
      );
    },

    lags: () => store.selectLags(sql.pool),
    parked: (events_max) => store.selectParked(sql.pool, events_max),

    async retryParked(id) {
      return sql.tx(async (tx) => {
        const topic = await store.wantParked(tx, id);
        if (topic !== null) await wakes.onCommit(tx, topic);
        return topic !== null;
      });
    },

    forget: (topic, group) => sql.tx((tx) => store.deleteGroup(tx, topic, group)),
    trim: () => trimLog(sql, needs.keep_ms ?? KEEP_MS),

    async [Symbol.asyncDispose]() {
      closing.abort();
      poll?.[Symbol.dispose]();
      await Promise.all([...readers].map((reader) => reader.stop()));
      readers.clear();
      await wakes[Symbol.asyncDispose]();
    },
  };
}

function check(topic: string, key: string, event: LogEvent): void {
  if (topic.length < 1 || topic.length > TOPIC_CHARS_MAX)
    throw new RangeError(`a topic has 1…${TOPIC_CHARS_MAX} characters`);
  if (key.length > KEY_CHARS_MAX) throw new RangeError(`a key has at most ${KEY_CHARS_MAX} characters`);
  if (event.type.length < 1 || event.type.length > TYPE_CHARS_MAX)
    throw new RangeError(`an event's type has 1…${TYPE_CHARS_MAX} characters`);
  const bytes = Buffer.byteLength(JSON.stringify(event.data));
  if (bytes > EVENT_BYTES_MAX)
    throw new RangeError(`${event.type} has ${bytes} bytes of data; an event has at most ${EVENT_BYTES_MAX}`);
}
