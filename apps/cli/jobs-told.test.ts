import { describe, expect, test } from "bun:test";

import type { JobLine } from "#systems/jobs/contract.ts";

import { UsageError } from "./command.ts";
import { soughtOf } from "./jobs-many.ts";
import { span, toldLines, toldSchedules, toldTenants } from "./jobs-told.ts";

const line: JobLine = {
  id: "7",
  kind: "a.b",
  class: "batch",
  state: "queued",
  attempt: 2,
  progress: 0,
  reason: "film 7 is gone",
  enqueued_at: "2026-11-22T01:00:00.000Z",
  ended_at: null,
  due_at: "2026-11-22T04:00:00.000Z",
  deadline_at: null,
  waits_for: "time",
  is_stopping: false,
  tenant: { name: "by hand", person: null, space: null },
};

describe("what the commands of jobs say", () => {
  test("JP23: a line has the number, when it begins or ended, whose it is and why", () => {
    expect(toldLines([line])).toEqual([
      "  7  a.b  queued  try 2    begins 2026-11-22T04:00:00.000Z  by hand  film 7 is gone",
    ]);
    const [stopping, dead] = toldLines([
      { ...line, state: "running", is_stopping: true, progress: 0.42, due_at: null },
      { ...line, state: "dead", ended_at: "2026-11-22T02:00:00.000Z", due_at: null },
    ]);
    expect(stopping).toMatch(/asked to stop +try 2 +42 % +2026-11-22T01:00:00.000Z/);
    expect(dead).toMatch(/dead +try 2 +2026-11-22T02:00:00.000Z/);
  });

  test("JP23: what runs by the clock is told with how often and when, and whose work it is with what was counted", () => {
    const schedule = { kind: "a.b", class: "batch", every_ms: 300_000, cron: null, time_zone: null } as const;
    expect(toldSchedules([])).toEqual(["Nothing runs by the clock."]);
    expect(toldSchedules([{ ...schedule, next_at: "2026-11-22T04:00:00.000Z", job_id: "9" }])).toEqual([
      "  a.b  every 5 min  next 2026-11-22T04:00:00.000Z  job 9 waits or runs",
    ]);
    const night = { ...schedule, every_ms: null, cron: "30 3 * * *", time_zone: "Europe/Stockholm" };
    expect(toldSchedules([{ ...night, next_at: null, job_id: null }])).toEqual([
      "  a.b  30 3 * * * (Europe/Stockholm)",
    ]);
    const counts = { queued: 1, failing: 0, running: 2, dead: 0, done: 3 };
    const told = toldTenants({
      items: [{ tenant: line.tenant!, ...counts }],
      is_whole: false,
      done_looked: 5,
      done_since: null,
    });
    expect(told[0]).toMatch(/by hand +2 running +1 queued +0 failing +0 dead +3 done/);
    expect(told.at(-1)).toContain("There are more jobs than were counted");
    expect([0.2, 59, 60, 7_500, 172_800].map(span)).toEqual(["under 1 s", "59 s", "1 min", "2 h 5 min", "2 d"]);
  });

  test("JP17: how long ago is a time, and what is none is refused in a sentence", () => {
    const none = { kind: undefined, class: undefined, tenant: undefined, text: undefined };
    const now_ms = Date.UTC(2026, 10, 22, 3);
    expect(soughtOf("dead", { ...none, since: "90m", until: "2026-11-22T03:00:00+01:00" }, now_ms)).toEqual({
      state: "dead",
      since: "2026-11-22T01:30:00.000Z",
      until: "2026-11-22T02:00:00.000Z",
    });
    for (const since of ["yesterday", "2 h", "-1h", "2026-13-01", ""])
      expect(() => soughtOf("dead", { ...none, since, until: undefined }, now_ms)).toThrow(UsageError);
    expect(() => soughtOf("dead", { ...none, text: "  ", since: undefined, until: undefined }, now_ms)).toThrow(
      UsageError,
    );
  });
});
