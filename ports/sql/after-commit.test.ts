import { afterAll, describe, expect, test } from "bun:test";

import { afterCommit, createSql, createWakes } from "./index.ts";
import { testDatabase } from "./testing.ts";

const db = await testDatabase();
afterAll(() => db[Symbol.asyncDispose]());

describe("ports/sql, after a commit", () => {
  test("SQ8: nothing is called after a rollback, nor for a transaction that sql.tx did not open", async () => {
    const called: string[] = [];
    await db.sql
      .tx(async (tx) => {
        afterCommit(tx, "a", () => called.push("rolled back"));
        throw new Error("no");
      })
      .catch(() => {});
    expect(afterCommit(db.sql.pool, "a", () => called.push("pool"))).toBe(false);
    await db.sql.pool.begin(async (tx) => expect(afterCommit(tx, "a", () => called.push("begin"))).toBe(false));
    expect(called).toEqual([]);
  });

  test("SQ8: one call for each name, after the commit, and of the run that committed", async () => {
    await db.sql.pool`CREATE TABLE after_commit (x int)`;
    const called: string[] = [];
    let runs = 0;
    await db.sql.tx(async (tx) => {
      const run = ++runs;
      for (const name of ["a", "b", "a"]) expect(afterCommit(tx, name, () => called.push(`${name}${run}`))).toBe(true);
      await tx`INSERT INTO after_commit VALUES (1)`;
      if (run === 1) await tx`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`;
      expect(called).toEqual([]);
    });
    expect(runs).toBe(2);
    expect(called).toEqual(["a2", "b2"]);
  });

  test("SQ9: a wake-up reaches its own process once and the others, and those owed at closing are not lost", async () => {
    await using other = createSql(db.target, { clock: db.clock, connections_max: 2 });
    const heard: { own: (string | null)[]; other: (string | null)[] } = { own: [], other: [] };
    const own = createWakes({ sql: db.sql, clock: db.clock, channel: "sq9", onWake: (name) => heard.own.push(name) });
    await using far = createWakes({
      sql: other,
      clock: db.clock,
      channel: "sq9",
      onWake: (name) => heard.other.push(name),
    });
    await own.listen();
    await far.listen();
    heard.own.length = heard.other.length = 0;
    await db.sql.tx(async (tx) => {
      for (let i = 0; i < 50; i++) await own.onCommit(tx, "x");
    });
    expect(heard.own).toEqual(["x"]);
    while (!heard.other.includes("x")) await Bun.sleep(2);
    await db.sql.tx((tx) => own.onCommit(tx, "y"));
    await own[Symbol.asyncDispose]();
    while (!heard.other.includes("y")) await Bun.sleep(2);
    expect(heard.other).toEqual(["x", "y"]);
    expect(heard.own).toEqual(["x", "y"]);
  });
});
