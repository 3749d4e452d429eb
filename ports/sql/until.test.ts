import { afterAll, expect, test } from "bun:test";

import { deadlineIn, NO_DEADLINE, untilGone } from "#kernel/deadline.ts";
import { DeadlinePassed } from "#kernel/errors.ts";

import { until } from "./index.ts";
import { testDatabase } from "./testing.ts";

const db = await testDatabase();
const { clock, sql } = db;
/** A connection of its own: what looks must not be sent behind what it looks at. */
const watcher = await sql.pool.reserve();
afterAll(async () => {
  await watcher.release();
  await db[Symbol.asyncDispose]();
});

/** Statements with this mark that the server runs now. */
const running = async (mark: string) => {
  const rows = await watcher`SELECT 1 FROM pg_stat_activity
    WHERE state = 'active' AND pid <> pg_backend_pid() AND query LIKE ${`%${mark}%`}`;
  return rows.length;
};
const become = async (mark: string, count: number) => {
  while ((await running(mark)) !== count) await clock.sleep(5);
};

test("SQ11: a statement is stopped when its time is over, and the server runs it no more", async () => {
  const slow = until(sql.pool`SELECT pg_sleep(60) AS slow_by_time`, {
    deadline: deadlineIn(clock.monotonic(), 200),
    clock,
  });
  await expect(slow).rejects.toBeInstanceOf(DeadlinePassed);
  await become("slow_by_time", 0);
});

test("SQ11: it is stopped when who asked has left, with the reason that they gave", async () => {
  const gone = new AbortController();
  const slow = until(sql.pool`SELECT pg_sleep(60) AS slow_by_leaving`, { deadline: untilGone(gone.signal), clock });
  slow.catch(() => {});
  await become("slow_by_leaving", 1);
  gone.abort(new Error("they left"));
  await expect(slow).rejects.toThrow("they left");
  await become("slow_by_leaving", 0);
});

test("SQ11: what is over before it begins is not begun; what is in time answers, and what is wrong says so", async () => {
  await sql.pool`CREATE TABLE begun (n int)`;
  const late = until(sql.pool`INSERT INTO begun VALUES (1)`, { deadline: deadlineIn(clock.monotonic(), 0), clock });
  await expect(late).rejects.toBeInstanceOf(DeadlinePassed);
  expect(await until(sql.pool`SELECT n FROM begun`, { deadline: NO_DEADLINE, clock })).toHaveLength(0);
  const deadline = deadlineIn(clock.monotonic(), 60_000);
  const [row] = await until(sql.pool<{ one: number }[]>`SELECT 1 AS one`, { deadline, clock });
  expect(row).toEqual({ one: 1 });
  await expect(until(sql.pool`SELECT 1 / 0`, { deadline, clock })).rejects.toThrow("division by zero");
});

test("SQ12: a transaction has what is left of its deadline, leaves nothing after it, and is not begun when it is over", async () => {
  await sql.pool`CREATE TABLE half_done (n int)`;
  const slow = sql.tx(
    async (tx) => {
      await tx`INSERT INTO half_done VALUES (1)`;
      await tx`SELECT pg_sleep(60)`;
    },
    { deadline: deadlineIn(clock.monotonic(), 500) },
  );
  await expect(slow).rejects.toBeInstanceOf(DeadlinePassed);
  let runs = 0;
  const late = sql.tx(async () => (runs += 1), { deadline: deadlineIn(clock.monotonic(), 0) });
  await expect(late).rejects.toBeInstanceOf(DeadlinePassed);
  expect(runs).toBe(0);
  const deadline = deadlineIn(clock.monotonic(), 60_000);
  expect(await sql.tx((tx) => tx`SELECT n FROM half_done`, { deadline })).toHaveLength(0);
  // The bound was the transaction's own.
  const [after] = await sql.pool<{ statement_timeout: string }[]>`SHOW statement_timeout`;
  expect(after).toEqual({ statement_timeout: "15s" });
});
