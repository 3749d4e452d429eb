import { expect, test } from "bun:test";

import { createVirtualClock } from "#ports/clock/index.ts";
import { createSql } from "#ports/sql/index.ts";
import { LOG_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { createLog, type Log, LOG_START, type StoredEvent } from "./index.ts";

const SEED = Number(process.env.FOLKHUS_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
const WRITERS = 6;
const WRITES = 70;
const KEYS = 4;
const NODES = 3;

/**
 * Writers with random pauses before, between and after their appends, some of which abort; three nodes that run one group
 * and a tail each, whose handlers throw and whose connections are cut at random. In the end every committed event was
 * handled once, and each key in the order in which its commits were.
 */
test(`LG15: seed ${SEED}: every committed event is handled exactly once, each key in the order of its commits`, async () => {
  console.log(`ports/log/random.test.ts: FOLKHUS_TEST_SEED=${SEED}`);
  await using db = await testDatabase([SQL_FOLDER, LOG_FOLDER]);
  const { sql, clock } = db;
  const dice = createVirtualClock(0, SEED);
  const chance = (p: number) => dice.random() < p;
  const pick = (n: number) => Math.floor(dice.random() * n);
  const pause = (ms_max: number) => Bun.sleep(dice.random() * ms_max);
  await sql.pool`CREATE TABLE handled (n int PRIMARY KEY, key text NOT NULL, place bigserial)`;
  // The row that a writer changes under the key's lock: its count is the true order of the key's commits.
  await sql.pool`CREATE TABLE truth (n int PRIMARY KEY, key text NOT NULL, nth int NOT NULL)`;

  await using writers = createSql(db.target, { clock, connections_max: WRITERS });
  await using writing = createLog({ sql: writers, clock });
  let number = 0;
  async function write() {
    for (let i = 0; i < WRITES; i++) {
      const abort = chance(0.2);
      await writers
        .tx(async (tx) => {
          // Some take their transaction number long before they append.
          if (chance(0.3)) await tx`SELECT pg_current_xact_id()`;
          if (chance(0.3)) await pause(6);
          // Sorted, so that two writers do not wait for each other in a circle.
          const keys = [...new Set(Array.from({ length: 1 + pick(2) }, () => `k${pick(KEYS)}`))].sort();
          for (const key of keys) {
            const n = ++number;
            await writing.append(tx, "random", key, { type: "test.random", version: 1, data: { n } });
            await tx`INSERT INTO truth SELECT ${n}, ${key}, count(*) FROM truth WHERE key = ${key}`;
          }
          if (chance(0.3)) await pause(6);
          if (abort) throw new Error("aborted");
        })
        .catch((error: unknown) => {
          if (!abort) throw error;
        });
    }
  }

  const tails: number[][] = [];
  const nodes: { log: Log; close: () => Promise<void> }[] = [];
  for (let i = 0; i < NODES; i++) {
    const own = createSql(db.target, { clock, connections_max: 3 });
    const log = createLog({ sql: own, clock });
    const seen: number[] = [];
    tails.push(seen);
    const tail = await log.tail(
      "random",
      (batch) => {
        if (chance(0.02)) throw new Error("a bad moment");
        seen.push(...batch.map((e) => e.data.n as number));
      },
      LOG_START,
    );
    const consumer = log.consume("random", "g", handle, { batch_events_max: 1 + pick(8) });
    nodes.push({
      log,
      async close() {
        consumer[Symbol.dispose]();
        await tail[Symbol.asyncDispose]();
        await log[Symbol.asyncDispose]();
        await own[Symbol.asyncDispose]();
      },
    });
  }
  async function handle(batch: StoredEvent[], tx: Parameters<Log["append"]>[0]) {
    for (const e of batch) {
      await tx`INSERT INTO handled (n, key) VALUES (${Number(e.data.n)}, ${e.key})`;
      if (chance(0.01)) throw new Error("a bad moment");
    }
    if (chance(0.1)) await pause(3);
  }

  let over = false;
  let cuts = 0;
  async function cutConnections() {
    while (!over) {
      await pause(60);
      // A consumer in the middle of its batch, told by what it said last: writers never say any of this.
      const [cut] = await sql.pool<{ cut: boolean }[]>`
        SELECT pg_terminate_backend(pid) AS cut FROM pg_stat_activity
        WHERE datname = current_database() AND state LIKE 'idle in transaction%'
          AND query ~ 'INTO handled|FROM log_events|log_groups|log_positions|pg_try_advisory' ORDER BY pid LIMIT 1`;
      if (cut?.cut) cuts++;
    }
  }
  const cutting = cutConnections();
  await Promise.all(Array.from({ length: WRITERS }, write));
  over = true;
  await cutting;
  // Asked over the writers' connections: one of a node's may still be about to end from the last cut.
  await writing.caughtUp("random", "g");
  const truth = await sql.pool<{ n: number; key: string }[]>`SELECT n, key FROM truth ORDER BY key, nth, n`;
  while (tails.some((seen) => new Set(seen).size < truth.length)) await Bun.sleep(10);
  const handled = await sql.pool<{ n: number; key: string }[]>`SELECT n, key FROM handled ORDER BY key, place`;
  const parked = await writing.parked(10);
  for (const node of nodes) await node.close();

  expect(parked).toEqual([]);
  expect(truth.length).toBeGreaterThan(WRITERS * WRITES * 0.6);
  expect(handled).toEqual(truth);
  for (const seen of tails) {
    const order = [...new Set(seen)];
    expect(order.length).toBe(truth.length);
    for (let k = 0; k < KEYS; k++) {
      const own = truth.filter((t) => t.key === `k${k}`).map((t) => t.n);
      expect(order.filter((n) => own.includes(n))).toEqual(own);
    }
  }
  console.log(`${truth.length} events, ${cuts} connections cut`);
}, 60_000);
