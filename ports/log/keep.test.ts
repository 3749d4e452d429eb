import { afterAll, describe, expect, test } from "bun:test";

import { LOG_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { comparePositions, createLog, type Log, LOG_START, type StoredEvent } from "./index.ts";

const numbers = (events: StoredEvent[]) => events.map((e) => e.data.n as number);
const event = (n: number) => ({ type: "test.numbered", version: 1, data: { n } });

async function house() {
  const db = await testDatabase([SQL_FOLDER, LOG_FOLDER]);
  // The template that it was cloned from may be old.
  await db.sql.pool`UPDATE log_house SET slot_since = clock_timestamp()`;
  const open = () => createLog({ sql: db.sql, clock: db.clock, keep_ms: 60_000 });
  afterAll(() => db[Symbol.asyncDispose]());
  return { ...db, open };
}
/** Transactions of other databases in the cluster may hold the newest event back for a moment. */
async function readAll(log: Log, count: number) {
  for (;;) {
    const events = await log.read("t", LOG_START, 100);
    if (events.length >= count) return events;
    await Bun.sleep(5);
  }
}
/** Time passes for the tables: everything in them becomes older. */
const age = (sql: Awaited<ReturnType<typeof house>>["sql"]) =>
  sql.tx(async (tx) => {
    await tx`UPDATE log_events SET at = at - interval '1 hour'`;
    await tx`UPDATE log_house SET slot_since = slot_since - interval '1 hour'`;
  });

describe("ports/log, inside", () => {
  test("LG12: old events go only behind the slowest group, which is named, and none is lost on the way", async () => {
    const { sql, open } = await house();
    await using log = open();
    const append = (n: number) => sql.tx((tx) => log.append(tx, "t", "k", event(n)));
    const seen: number[] = [];
    {
      using _ = log.consume("t", "slow", async () => {});
      await append(0);
      await log.caughtUp("t", "slow");
    }
    for (let n = 1; n <= 3; n++) await append(n);
    using _ = log.consume("t", "quick", async (batch) => void seen.push(...numbers(batch)));
    await log.caughtUp("t", "quick");
    expect(await log.trim()).toEqual({ rotated: false, emptied: 0, held_by: [] });
    await age(sql);
    expect(await log.trim()).toEqual({ rotated: true, emptied: 0, held_by: [] });
    await append(4);
    expect(await log.trim()).toMatchObject({ rotated: false, emptied: 0, held_by: [{ topic: "t", group: "slow" }] });
    expect(numbers(await readAll(log, 5))).toEqual([0, 1, 2, 3, 4]);
    expect(await log.forget("t", "slow")).toBe(true);
    expect(await log.trim()).toMatchObject({ emptied: 1, held_by: [] });
    expect(numbers(await readAll(log, 1))).toEqual([4]);
    await log.caughtUp("t", "quick");
    expect(seen).toEqual([0, 1, 2, 3, 4]);
  });

  test("LG20: a group that was disposed of takes nothing more, also when it was just looking", async () => {
    const { sql, open } = await house();
    const seen: number[] = [];
    {
      await using log = open();
      const consumer = log.consume("t", "g", async (batch) => void seen.push(...numbers(batch)));
      await sql.tx((tx) => log.append(tx, "t", "k", event(1)));
      await log.caughtUp("t", "g");
      await sql.tx(async (tx) => {
        await tx`LOCK TABLE log_positions IN ACCESS EXCLUSIVE MODE`;
        await sql.tx((other) => log.append(other, "t", "k", event(2)));
        // It looks where it stands, and waits there.
        const waits = () => sql.pool`SELECT FROM pg_locks
          WHERE relation = 'log_positions'::regclass AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND NOT granted`;
        while ((await waits()).length === 0) await Bun.sleep(5);
        consumer[Symbol.dispose]();
      });
    }
    expect(seen).toEqual([1]);
    await using log = open();
    using _ = log.consume("t", "g", async (batch) => void seen.push(...numbers(batch)));
    await log.caughtUp("t", "g");
    expect(seen).toEqual([1, 2]);
  });

  test("LG12: the ring goes round many times in order, and stops turning instead of losing when no slot is free", async () => {
    const { sql, open } = await house();
    await using log = open();
    using consumer = log.consume("t", "g", async (batch) => void seen.push(...numbers(batch)));
    const seen: number[] = [];
    for (let n = 0; n < 12; n++) {
      await sql.tx((tx) => log.append(tx, "t", "k", event(n)));
      await log.caughtUp("t", "g");
      await age(sql);
      await log.trim();
    }
    expect(seen).toEqual(Array.from({ length: 12 }, (_, n) => n));
    consumer[Symbol.dispose]();
    const turns: boolean[] = [];
    for (let n = 12; n < 20; n++) {
      await sql.tx((tx) => log.append(tx, "t", "k", event(n)));
      await age(sql);
      turns.push((await log.trim()).rotated);
    }
    expect(turns.at(-1)).toBe(false);
    const rest: number[] = [];
    using _ = log.consume("t", "g", async (batch) => void rest.push(...numbers(batch)));
    await log.caughtUp("t", "g");
    expect([...new Set([...seen, ...rest])]).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  test("LG13: after a restore into another cluster, whose transaction numbers begin anew, order and positions go on", async () => {
    const { sql, open } = await house();
    const seen: number[] = [];
    const handle = async (batch: StoredEvent[]) => void seen.push(...numbers(batch));
    {
      await using log = open();
      await sql.tx((tx) => log.append(tx, "t", "k", event(1)));
      using _ = log.consume("t", "g", handle);
      await log.caughtUp("t", "g");
      await sql.tx((tx) => log.append(tx, "t", "k", event(2)));
      await log.caughtUp("t", "g");
    }
    // As a dump from a cluster that had run far longer leaves it.
    const ahead = 5_000_000_000;
    await sql.pool`UPDATE log_house SET cluster_id = cluster_id + 1`;
    await sql.pool`UPDATE log_events SET stamp = stamp + ${ahead}::bigint`;
    await sql.pool`UPDATE log_positions SET stamp = stamp + ${ahead}::bigint`;
    await using one = open();
    await using two = open();
    await Promise.all([one, two].map((log, i) => sql.tx((tx) => log.append(tx, "t", `k${i}`, event(3)))));
    await sql.tx((tx) => one.append(tx, "t", "k", event(4)));
    using _ = two.consume("t", "g", handle);
    await two.caughtUp("t", "g");
    expect(seen).toEqual([1, 2, 3, 3, 4]);
    const all = await readAll(two, 5);
    expect(numbers(all)).toEqual([1, 2, 3, 3, 4]);
    expect(comparePositions(await two.head("t"), all.at(-1)!.position)).toBe(0);
  });

  test("LG14: a handler that has not written yet does not hold other readers back, however long it takes", async () => {
    const { sql, open } = await house();
    await using log = open();
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    using _1 = log.consume("slow", "g", async () => {
      started.resolve();
      await release.promise;
    });
    await sql.tx((tx) => log.append(tx, "slow", "k", event(1)));
    await started.promise;
    const got = Promise.withResolvers<number[]>();
    using _2 = log.consume("quick", "g", async (batch) => got.resolve(numbers(batch)));
    await sql.tx((tx) => log.append(tx, "quick", "k", event(2)));
    expect(await got.promise).toEqual([2]);
    release.resolve();
    await log.caughtUp("slow", "g");
  });
});
