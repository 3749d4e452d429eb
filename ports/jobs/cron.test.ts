import { afterAll, describe, expect, test } from "bun:test";

import { JOBS_FOLDER, SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { nextTime } from "./cron.ts";
import { createJobs, type JobKind } from "./index.ts";

const db = await testDatabase([SQL_FOLDER, JOBS_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());
const { sql, clock } = db;

const kindOf = (name: string, cron: string, handle: JobKind["handle"] = async () => {}): JobKind => ({
  name,
  class: "maintenance",
  tries_max: 3,
  lease_ms: 5_000,
  run_ms_max: 30_000,
  concurrency_max: 8,
  cron,
  handle,
});
const open = () => createJobs({ sql, clock });

/** The next `n` times after `from`. */
function times(expression: string, time_zone: string, from: string, n: number): string[] {
  const found: string[] = [];
  for (let at = new Date(from); found.length < n;) {
    at = nextTime({ expression, time_zone }, at);
    found.push(at.toISOString().slice(0, 16));
  }
  return found;
}

describe("ports/jobs by the calendar", () => {
  test("JB31: what cannot be read, never comes or stands beside every_ms is refused when the kind is declared", async () => {
    await using jobs = open();
    for (const cron of ["", "61 * * * *", "* * * *", "0 0 4 * * *", "0 0 30 2 *", `0 4 * * ${"1,".repeat(60)}1`])
      expect(() => jobs.define(kindOf("bad", cron))).toThrow(RangeError);
    expect(() => jobs.define({ ...kindOf("bad", "0 4 * * *"), time_zone: "Mars/Olympus" })).toThrow(RangeError);
    expect(() => jobs.define({ ...kindOf("bad", "0 4 * * *"), every_ms: 1_000 })).toThrow("exclude");
    const { cron: _, ...plain } = kindOf("bad", "");
    expect(() => jobs.define({ ...plain, time_zone: "UTC" })).toThrow("needs a cron");
  });

  test("JB32: a time of day stays that time of day when the clocks are changed", () => {
    expect(times("0 4 * * *", "Europe/Stockholm", "2026-03-27T12:00:00Z", 3)).toEqual([
      "2026-03-28T03:00",
      "2026-03-29T02:00",
      "2026-03-30T02:00",
    ]);
    expect(times("0 4 * * *", "UTC", "2026-03-27T12:00:00Z", 2)).toEqual(["2026-03-28T04:00", "2026-03-29T04:00"]);
  });

  test("JB32: a time that the clocks skip falls on the moment after the gap, and is not left out", () => {
    expect(times("30 2 * * *", "Europe/Stockholm", "2026-03-28T12:00:00Z", 2)).toEqual([
      "2026-03-29T01:00",
      "2026-03-30T00:30",
    ]);
  });

  test("JB32: a time that comes twice is taken the first time, and each hour is an hour", () => {
    expect(times("30 2 * * *", "Europe/Stockholm", "2026-10-24T12:00:00Z", 2)).toEqual([
      "2026-10-25T00:30",
      "2026-10-26T01:30",
    ]);
    expect(times("0 * * * *", "Europe/Stockholm", "2026-10-24T23:30:00Z", 4)).toEqual([
      "2026-10-25T00:00",
      "2026-10-25T01:00",
      "2026-10-25T02:00",
      "2026-10-25T03:00",
    ]);
  });

  test("JB33: what is due runs once on the whole house, times that passed are not made up, and the next one is kept", async () => {
    await using one = open();
    await using two = open();
    let runs = 0;
    const kind = kindOf("nightly", "0 4 * * *", async () => void runs++);
    for (const jobs of [one, two]) jobs.define(kind);
    const next = async () =>
      (await sql.pool<{ next_at: Date | null }[]>`SELECT next_at FROM jobs_kinds WHERE name = ${kind.name}`)[0]
        ?.next_at;
    one.start();
    while (!(await next())) await Bun.sleep(2);
    // Found out for the first time, it has not been due.
    expect(runs).toBe(0);
    await sql.pool`UPDATE jobs_kinds SET next_at = date_trunc('second', now() - interval '3 days') WHERE name = ${kind.name}`;
    two.start();
    while (runs === 0) {
      // Each declares itself at the start; a look of either finds it.
      await Bun.sleep(5);
    }
    await one.idle([kind.name]);
    expect(runs).toBe(1);
    expect((await next())!.getTime()).toBe(
      nextTime({ expression: "0 4 * * *", time_zone: "UTC" }, new Date(clock.now())).getTime(),
    );
  });

  test("JB33: a kind that is declared with other times goes by the new ones", async () => {
    const next = async () =>
      (
        await sql.pool<
          { next_at: Date | null; cron: string }[]
        >`SELECT next_at, cron FROM jobs_kinds WHERE name = 'moves'`
      )[0];
    {
      await using jobs = open();
      jobs.define(kindOf("moves", "0 4 1 1 *"));
      jobs.start();
      while (!(await next())?.next_at) await Bun.sleep(2);
    }
    await using jobs = open();
    jobs.define({ ...kindOf("moves", "0 4 2 1 *"), time_zone: "Asia/Tokyo" });
    jobs.start();
    const due = async () => {
      const row = await next();
      return row?.cron === "0 4 2 1 *" ? row.next_at : null;
    };
    while (!(await due())) await Bun.sleep(2);
    expect((await due())!.toISOString().slice(5, 16)).toBe("01-01T19:00");
  });

  test("JB62: what does not run by the clock is not run now, and what does is run once beside its times by whoever asks", async () => {
    await using jobs = open();
    let runs = 0;
    const fails = kindOf("fails-first", "0 4 1 1 *", async () => {
      if (++runs === 1) throw new Error("not yet");
    });
    jobs.define({ ...fails, backoff: { base_ms: 60_000, delay_ms_max: 60_000 } });
    jobs.define({ ...kindOf("by-hand", ""), cron: undefined } as JobKind);
    jobs.start();
    const told = async () => (await jobs.schedules()).find(({ kind }) => kind === "fails-first");
    while (!(await told())?.next_at) await Bun.sleep(2);
    expect(await told()).toMatchObject({ cron: "0 4 1 1 *", time_zone: "UTC", every_ms: null, job_id: null });
    const runNow = (kind = "fails-first") => sql.tx((tx) => jobs.runNow(tx, kind));
    expect(await runNow("by-hand")).toBeNull();
    expect(await runNow("nobody-knows")).toBeNull();

    const both = await sql.tx(async (tx) => [
      await jobs.runNow(tx, "fails-first"),
      await jobs.runNow(tx, "fails-first"),
    ]);
    const id = both[0]!.id;
    expect(both).toEqual([
      { id, begun: true },
      { id, begun: false },
    ]);
    const waitsForItsTime = async () => (await jobs.inspect(id))?.waits_for === "time";
    while (!(await waitsForItsTime())) await Bun.sleep(2);
    // Another node asks, which never declared it.
    await using other = open();
    expect((await other.schedules()).find(({ kind }) => kind === "fails-first")?.job_id).toBe(id);
    expect(await sql.tx((tx) => other.runNow(tx, "fails-first"))).toEqual({ id, begun: true });
    await jobs.idle(["fails-first"]);
    expect([runs, (await jobs.inspect(id))?.state]).toEqual([2, "done"]);
    expect((await told())?.job_id).toBeNull();
    expect((await runNow())?.begun).toBe(true);
    await jobs.idle(["fails-first"]);
    expect(runs).toBe(3);
  });
});
