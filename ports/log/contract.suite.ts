import { afterAll, describe, expect, test } from "bun:test";

import { Permanent, Transient } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { comparePositions, type Log, LOG_START, type LogEvent, type LogFailure, type StoredEvent } from "./index.ts";

export interface LogBench {
  sql: Sql;
  clock: Clock;
  /** A node's log; called several times for several nodes. */
  open(options?: { onFailure?: (failure: LogFailure) => void }): Log;
  close(): PromiseLike<void>;
}

const event = (n: number): LogEvent => ({ type: "test.numbered", version: 1, data: { n } });
const numbers = (events: StoredEvent[]) => events.map((e) => e.data.n as number);

/** What every engine of the event log promises; see SPEC.md. */
export function logContract(engine: string, start: () => Promise<LogBench>): void {
  describe(`ports/log on ${engine}`, async () => {
    const bench = await start();
    const { sql } = bench;
    afterAll(() => bench.close());
    let made = 0;
    const topicOf = (what: string) => `${what}_${made++}`;
    const append = (log: Log, topic: string, key: string, ...ns: number[]) =>
      sql.tx(async (tx) => {
        for (const n of ns) await log.append(tx, topic, key, event(n));
      });
    /** An open transaction, ended by the test. */
    async function opened(work: (tx: Parameters<Parameters<Sql["tx"]>[0]>[0]) => Promise<void>) {
      const done = Promise.withResolvers<void>();
      const reached = Promise.withResolvers<void>();
      const end = sql.tx(async (tx) => {
        await work(tx);
        reached.resolve();
        await done.promise;
      });
      end.catch((error: unknown) => reached.reject(error));
      await reached.promise;
      return {
        commit: () => (done.resolve(), end),
        abort: () => (done.reject(new Error("aborted")), end.catch(() => {})),
      };
    }
    const untilRead = async (log: Log, topic: string, count: number, after = LOG_START) => {
      for (;;) {
        const events = await log.read(topic, after, 1_000);
        if (events.length >= count) return events;
        await Bun.sleep(5);
      }
    };

    test("LG16: many at once stand in their order, lock their keys, and never wait for each other in a ring", async () => {
      await using log = bench.open();
      const topic = topicOf("many");
      const many = (ns: number[], keyOf: (n: number) => string) =>
        sql.tx((tx) =>
          log.appendAll(
            tx,
            topic,
            ns.map((n) => ({ key: keyOf(n), event: event(n) })),
          ),
        );
      const odd = { type: "test.odd", version: 1, data: { n: 0, text: `"quoted" {braced} \\ 'single', ü 🌻` } };
      expect(sql.tx((tx) => log.appendAll(tx, topic, [{ key: "", event: { ...odd, type: "" } }]))).rejects.toThrow(
        RangeError,
      );
      await sql.tx((tx) => log.appendAll(tx, topic, []));
      await sql.tx((tx) => log.appendAll(tx, topic, [{ key: `k"1'`, event: odd }]));
      const up = Array.from({ length: 60 }, (_, i) => i + 1);
      await Promise.all([many(up, (n) => `k${n}`), many(up.toReversed(), (n) => `k${n}`), many(up, () => "one")]);
      const events = await untilRead(log, topic, 181);
      expect(events[0]).toMatchObject({ key: `k"1'`, data: odd.data });
      for (const n of up) expect(events.filter((e) => e.key === `k${n}`)).toHaveLength(2);
      expect(numbers(events.filter((e) => e.key === "one"))).toEqual(up);
      const held = await opened(async (tx) => log.append(tx, topic, "k7", event(1_000)));
      const later = many([7], (n) => `k${n}`);
      await held.commit();
      await later;
      expect(numbers((await untilRead(log, topic, 183)).slice(-2))).toEqual([1_000, 7]);
    });

    test("LG1: names and data over their bounds are refused, and nothing is written", async () => {
      await using log = bench.open();
      const topic = topicOf("bounds");
      const write = (t: string, k: string, e: LogEvent) => sql.tx((tx) => log.append(tx, t, k, e));
      expect(write("", "k", event(1))).rejects.toThrow(RangeError);
      expect(write("t".repeat(65), "k", event(1))).rejects.toThrow(RangeError);
      expect(write(topic, "k".repeat(201), event(1))).rejects.toThrow(RangeError);
      expect(write(topic, "k", { ...event(1), data: { text: "x".repeat(16_384) } })).rejects.toThrow("at most 16384");
      expect(await log.head(topic)).toBe(LOG_START);
    });

    test("LG2: a transaction that rolls back leaves no event", async () => {
      await using log = bench.open();
      const topic = topicOf("rollback");
      const open = await opened((tx) => log.append(tx, topic, "k", event(1)));
      await open.abort();
      await append(log, topic, "k", 2);
      expect(numbers(await untilRead(log, topic, 1))).toEqual([2]);
    });

    test("LG3: a reader does not pass a transaction that still runs, and then misses nothing of it", async () => {
      await using log = bench.open();
      const topic = topicOf("interleaved");
      const first = await opened((tx) => log.append(tx, topic, "a", event(1)));
      await append(log, topic, "b", 2);
      const third = await opened((tx) => log.append(tx, topic, "c", event(3)));
      await append(log, topic, "d", 4);
      expect(await log.read(topic, LOG_START, 10)).toEqual([]);
      const seen: number[] = [];
      await using _ = await log.tail(topic, (batch) => void seen.push(...numbers(batch)), LOG_START);
      await third.commit();
      expect(await log.read(topic, LOG_START, 10)).toEqual([]);
      await first.commit();
      const all = await untilRead(log, topic, 4);
      expect(numbers(all).sort()).toEqual([1, 2, 3, 4]);
      while (seen.length < 4) await Bun.sleep(2);
      expect(seen).toEqual(numbers(all));
      const positions = all.map((e) => e.position);
      expect([...positions].sort(comparePositions)).toEqual(positions);
    });

    test("LG4: what was appended after another commit comes after it, even from a transaction that began before it", async () => {
      await using log = bench.open();
      const topic = topicOf("order");
      const appendNow = Promise.withResolvers<void>();
      const began = Promise.withResolvers<void>();
      const early = sql.tx(async (tx) => {
        await tx`SELECT pg_current_xact_id()`;
        began.resolve();
        await appendNow.promise;
        await log.append(tx, topic, "k", event(2));
      });
      await began.promise;
      await append(log, topic, "k", 1);
      appendNow.resolve();
      await early;
      expect(numbers(await untilRead(log, topic, 2))).toEqual([1, 2]);
    });

    test("LG4: two appends to one key that overlap come in the order of their commits", async () => {
      await using log = bench.open();
      const topic = topicOf("key");
      const first = await opened((tx) => log.append(tx, topic, "k", event(1)));
      const second = append(log, topic, "k", 2);
      await append(log, topic, "another", 3);
      await first.commit();
      await second;
      const all = await untilRead(log, topic, 3);
      expect(numbers(all.filter((e) => e.key === "k"))).toEqual([1, 2]);
    });

    test("LG5: a group handles each event once, in order, and goes on where it was after a restart", async () => {
      const topic = topicOf("group");
      const seen: number[] = [];
      const handle = async (batch: StoredEvent[]) => void seen.push(...numbers(batch));
      {
        await using log = bench.open();
        await append(log, topic, "k", 1, 2, 3);
        using _ = log.consume(topic, "g", handle, { batch_events_max: 2 });
        await log.caughtUp(topic, "g");
      }
      {
        await using log = bench.open();
        await append(log, topic, "k", 4);
        using _ = log.consume(topic, "g", handle);
        await log.caughtUp(topic, "g");
        await append(log, topic, "k", 5);
        await log.caughtUp(topic, "g");
      }
      expect(seen).toEqual([1, 2, 3, 4, 5]);
    });

    test("LG5: a group that starts from now does not get what was before", async () => {
      await using log = bench.open();
      const topic = topicOf("now");
      await append(log, topic, "k", 1);
      await untilRead(log, topic, 1);
      const seen: number[] = [];
      const tailed = Promise.withResolvers<void>();
      using _ = log.consume(
        topic,
        "g",
        async (batch) => {
          seen.push(...numbers(batch));
          tailed.resolve();
        },
        {
          from: "now",
        },
      );
      while (!(await log.lags()).some((lag) => lag.topic === topic)) await Bun.sleep(2);
      await append(log, topic, "k", 2);
      await tailed.promise;
      expect(seen).toEqual([2]);
    });

    test("LG6: several nodes run one group, and each event is handled by one of them", async () => {
      await using one = bench.open();
      await using two = bench.open();
      const topic = topicOf("nodes");
      const seen: number[] = [];
      let busy = 0;
      const handle = async (batch: StoredEvent[]) => {
        expect(busy++).toBe(0);
        await Bun.sleep(1);
        seen.push(...numbers(batch));
        busy--;
      };
      using _1 = one.consume(topic, "g", handle, { batch_events_max: 3 });
      using _2 = two.consume(topic, "g", handle, { batch_events_max: 3 });
      for (let n = 0; n < 40; n += 2) await append(n % 4 === 0 ? one : two, topic, "k", n, n + 1);
      await one.caughtUp(topic, "g");
      expect(seen).toEqual(Array.from({ length: 40 }, (_, n) => n));
    });

    test("LG7: work done in the handler's transaction is undone with it when the handler throws, and done once in the end", async () => {
      await using log = bench.open();
      const topic = topicOf("effects");
      await sql.pool`CREATE TABLE IF NOT EXISTS effects (topic text, n int, PRIMARY KEY (topic, n))`;
      await append(log, topic, "k", 1, 2, 3);
      let failures = 0;
      using _ = log.consume(topic, "g", async (batch, tx) => {
        for (const n of numbers(batch)) await tx`INSERT INTO effects VALUES (${topic}, ${n})`;
        if (failures++ < 2) throw new Transient("not yet");
      });
      await log.caughtUp(topic, "g");
      expect(await sql.pool`SELECT n FROM effects WHERE topic = ${topic} ORDER BY n`.values()).toEqual([[1], [2], [3]]);
      expect((await log.lags()).find((lag) => lag.topic === topic)).toMatchObject({
        events: 0,
        tries: 0,
        reason: null,
      });
    });

    test("LG8: a poison event is parked with its reason, the others of its batch are handled once, and nothing overtakes before", async () => {
      const failures: LogFailure[] = [];
      await using log = bench.open({ onFailure: (failure) => failures.push(failure) });
      const topic = topicOf("poison");
      const seen: number[] = [];
      await append(log, topic, "k", 1, 2, 3, 4);
      let healed = false;
      using _ = log.consume(topic, "g", async (batch) => {
        for (const n of numbers(batch)) if (n === 3 && !healed) throw new Permanent("three is bad");
        seen.push(...numbers(batch));
      });
      await log.caughtUp(topic, "g");
      expect(seen).toEqual([1, 2, 4]);
      const parked = (await log.parked(100)).filter((e) => e.topic === topic);
      expect(parked.map((p) => [p.group, p.data.n, p.reason])).toEqual([["g", 3, "three is bad"]]);
      expect((await log.lags()).find((lag) => lag.topic === topic)).toMatchObject({
        group: "g",
        events: 0,
        parked: 1,
        tries: 0,
        reason: null,
      });
      expect(failures.map((f) => [f.events, f.parked])).toEqual([
        [4, false],
        [1, true],
      ]);

      expect(await log.retryParked("9223372036854775807")).toBe(false);
      healed = true;
      expect(await log.retryParked(parked[0]!.id)).toBe(true);
      while ((await log.parked(100)).some((e) => e.topic === topic)) await Bun.sleep(5);
      expect(seen).toEqual([1, 2, 4, 3]);
    });

    test("LG8: an event that throws a bug is tried EVENT_TRIES_MAX times, over restarts, before it is parked", async () => {
      const topic = topicOf("bug");
      let calls = 0;
      const handle = async () => {
        calls++;
        throw new Error("a bug");
      };
      for (const round of [0, 1]) {
        await using log = bench.open();
        if (round === 0) await append(log, topic, "k", 1);
        using _ = log.consume(topic, "g", handle);
        if (round === 0) while (calls < 3) await Bun.sleep(2);
        else await log.caughtUp(topic, "g");
      }
      expect(calls).toBe(8);
      await using log = bench.open();
      expect((await log.parked(100)).filter((e) => e.topic === topic)).toMatchObject([{ tries: 8, reason: "a bug" }]);
    });

    test("LG9: every node's tail gets every event after it is live, and its own failures again instead of never", async () => {
      await using one = bench.open();
      await using two = bench.open();
      const topic = topicOf("tail");
      await append(one, topic, "k", 0);
      await untilRead(one, topic, 1);
      const seen: number[][] = [[], []];
      let thrown = false;
      await using _1 = await one.tail(topic, (batch) => void seen[0]!.push(...numbers(batch)));
      await using _2 = await two.tail(topic, (batch) => {
        if (!thrown) {
          thrown = true;
          throw new Error("once");
        }
        seen[1]!.push(...numbers(batch));
      });
      for (let n = 1; n <= 10; n++) await append(n % 2 ? one : two, topic, "k", n);
      while (seen.some((s) => s.length < 10)) await Bun.sleep(2);
      expect(seen).toEqual([1, 2].map(() => Array.from({ length: 10 }, (_, n) => n + 1)));
    });

    test("LG19: waiting for a node's tails waits until each was told of all that was committed before, also through its failures", async () => {
      await using log = bench.open();
      const topic = topicOf("tail");
      const told: number[] = [];
      let fails = 2;
      await using _1 = await log.tail(topic, async (batch) => {
        await Bun.sleep(1);
        if (fails-- > 0) throw new Error("not now");
        told.push(...numbers(batch));
      });
      await using _2 = await log.tail(topicOf("silent"), () => {});
      await log.tailsCaughtUp();
      expect(told).toEqual([]);
      await append(log, topic, "k", 1, 2, 3);
      await log.tailsCaughtUp();
      expect(told).toEqual([1, 2, 3]);
    });

    test("LG10: an event that is appended through the pool, a savepoint or a foreign transaction wakes its readers too", async () => {
      await using log = bench.open();
      await using other = bench.open();
      const topic = topicOf("wake");
      const seen: number[] = [];
      await using _ = await other.tail(topic, (batch) => void seen.push(...numbers(batch)));
      await log.append(sql.pool, topic, "k", event(1));
      await sql.pool.begin((tx) => log.append(tx, topic, "k", event(2)));
      await sql.tx((tx) => tx.savepoint((sp) => log.append(sp, topic, "k", event(3))));
      while (seen.length < 3) await Bun.sleep(2);
      expect(seen).toEqual([1, 2, 3]);
    });

    test("LG17: a statement that writes and tells at once leaves its event exactly when it wrote, and wakes readers", async () => {
      await using log = bench.open();
      const topic = topicOf("within");
      expect(log.within(sql.pool, topic, "k", { ...event(1), type: "" })).rejects.toThrow(RangeError);
      await sql.pool`CREATE TABLE IF NOT EXISTS statements (topic text, n int, PRIMARY KEY (topic, n))`;
      const seen: number[] = [];
      await using _ = await log.tail(topic, (batch) => void seen.push(...numbers(batch)));
      const write = async (db: Query, n: number) => {
        const { call, sent } = await log.within(db, topic, "k", event(n));
        await db`WITH made AS (INSERT INTO statements VALUES (${topic}, ${n}) ON CONFLICT DO NOTHING RETURNING n) SELECT ${call} FROM made`;
        await sent();
      };
      await write(sql.pool, 1);
      await write(sql.pool, 1);
      await sql.tx((tx) => write(tx, 2));
      const held = await opened((tx) => write(tx, 3));
      await held.abort();
      const first = await opened((tx) => write(tx, 4));
      const second = write(sql.pool, 5);
      await first.commit();
      await second;
      while (seen.length < 4) await Bun.sleep(2);
      expect(seen).toEqual([1, 2, 4, 5]);
    });

    test("LG18: what comes in a stream is read together, a pace apart, and at once for who waits for it", async () => {
      await using log = bench.open();
      const topic = topicOf("pace");
      const batches: number[][] = [];
      using _1 = log.consume(topic, "g", async () => {});
      await using _2 = await log.tail(topic, (batch) => void batches.push(numbers(batch)), LOG_START, {
        pace_ms: 600_000,
      });
      const untilTold = async (count: number) => {
        while (batches.flat().length < count) {
          await log.caughtUp(topic, "g");
          await Bun.sleep(2);
        }
      };
      await append(log, topic, "k", 1);
      await untilTold(1);
      for (const n of [2, 3, 4]) await append(log, topic, "k", n);
      expect(batches).toEqual([[1]]);
      await untilTold(4);
      expect(batches.flat()).toEqual([1, 2, 3, 4]);
    });

    test("LG11: lags count what is committed and not handled, and a forgotten group is gone", async () => {
      await using log = bench.open();
      const topic = topicOf("lags");
      {
        using _ = log.consume(topic, "g", async () => {});
        await append(log, topic, "k", 1);
        await log.caughtUp(topic, "g");
      }
      await append(log, topic, "k", 2, 3);
      const [lag] = (await log.lags()).filter((l) => l.topic === topic);
      expect(lag).toMatchObject({ group: "g", parked: 0 });
      expect(lag!.events).toBeLessThanOrEqual(2);
      expect(await log.forget(topic, "g")).toBe(true);
      expect(await log.forget(topic, "g")).toBe(false);
      expect((await log.lags()).filter((l) => l.topic === topic)).toEqual([]);
    });
  });
}
