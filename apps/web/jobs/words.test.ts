import { describe, expect, test } from "bun:test";

import type { ClassQueue, DeadGroup, JobLine } from "#systems/jobs/contract.ts";

import {
  byKind,
  countsOf,
  groupKey,
  headlineOf,
  isQuiet,
  lookOver,
  placesOf,
  queuedOf,
  shareOf,
  triesOf,
  waitOf,
} from "./words.ts";

const queue = (more: Partial<ClassQueue> = {}): ClassQueue => ({
  class: "batch",
  waiting: 0,
  later: 0,
  running: 0,
  dead: 0,
  oldest_wait_s: 0,
  wait_s_max: 3_600,
  is_starving: false,
  advice: null,
  ...more,
});
const line = (id: string, more: Partial<JobLine> = {}): JobLine => ({
  id,
  kind: "media.probe",
  class: "interactive",
  state: "running",
  attempt: 1,
  progress: 0,
  reason: null,
  enqueued_at: "2026-11-22T01:00:00.000Z",
  ended_at: null,
  due_at: null,
  deadline_at: null,
  waits_for: null,
  is_stopping: false,
  tenant: null,
  ...more,
});

describe("how the jobs are", () => {
  test("WEB250: what starves is said first, then what died, then what is at work", () => {
    const starving = queue({ oldest_wait_s: 7_260, is_starving: true, dead: 3 });
    expect(headlineOf({ classes: [queue({ class: "interactive" }), starving] })).toEqual({
      tone: "bad",
      words: "Batch waits too long: the oldest for 2 h 1 min, where 1 h is the most.",
    });
    const worse = queue({ class: "interactive", oldest_wait_s: 600, wait_s_max: 120, is_starving: true });
    expect(headlineOf({ classes: [worse, starving] }).words).toBe(
      "Interactive and batch wait too long: the oldest for 10 min, where 2 min is the most.",
    );
    expect(headlineOf({ classes: [queue({ dead: 1 })] })).toEqual({
      tone: "warn",
      words: "Work flows. 1 job died and waits for you below.",
    });
    expect(headlineOf({ classes: [queue({ running: 1, waiting: 4 })] })).toEqual({
      tone: "good",
      words: "All is well: 1 job at work, 4 waiting.",
    });
    expect(headlineOf({ classes: [queue({ later: 9 })] }).words).toBe("All is done. Nothing waits and nothing runs.");
  });

  test("WEB250: a wait is told in the unit that fits, beside what it may be", () => {
    expect([0.4, 1, 59.9, 60, 3_599, 3_600, 7_500, 172_800, 200_000].map(waitOf)).toEqual([
      "under 1 s",
      "1 s",
      "59 s",
      "1 min",
      "59 min",
      "1 h",
      "2 h 5 min",
      "2 d",
      "2 d 7 h",
    ]);
    expect(shareOf(queue({ oldest_wait_s: 1_800 }))).toBe(0.5);
    expect(queuedOf(queue({ running: 4, later: 3 }))).toBe("4 running, 0 waiting, 3 later");
    expect(countsOf({ queued: 0, running: 0 })).toBe("idle");
    expect(countsOf({ queued: 2, running: 1 })).toBe("1 running, 2 queued");
    expect([triesOf({ attempt: 0, tries_max: 5 }), triesOf({ attempt: 2, tries_max: 5 })]).toEqual([
      "not begun",
      "2 of 5",
    ]);
    expect(triesOf({ attempt: 2, tries_max: null })).toBe("2 tries");
    const kind = {
      kind: "a.b",
      class: "batch",
      queued: 0,
      running: 0,
      dead: 0,
      oldest_s: 0,
      started: 0,
      done: 0,
      failed: 0,
    } as const;
    expect([isQuiet(kind), isQuiet({ ...kind, failed: 1 })]).toEqual([true, false]);
  });

  test("WEB251: the dead stand by kind, the kind that died last first, with how many of it there are", () => {
    const group = (kind: string, jobs: number, job_id: string): DeadGroup => ({
      kind,
      class: "batch",
      reason: "",
      advice: "",
      jobs,
      job_id,
      first_at: "2026-11-22T01:00:00.000Z",
      last_at: "2026-11-22T01:00:00.000Z",
    });
    const groups = [group("b.b", 2, "9"), group("a.a", 1, "8"), group("b.b", 3, "7")];
    const told = byKind(groups, placesOf([], groups.map(groupKey)));
    expect(told.map(({ kind, jobs, groups }) => [kind, jobs, groups.length])).toEqual([
      ["b.b", 5, 2],
      ["a.a", 1, 1],
    ]);
  });
});

describe("a list that is read while jobs move", () => {
  const shown = [line("101"), line("100"), line("99")];

  test("WEB252: it keeps its order and length; lines take their newest state, and what left says so", () => {
    const fresh = [line("101", { progress: 0.5 }), line("99")];
    const { lines, newer } = lookOver(shown, fresh, true);
    expect(lines.map(({ id, progress, has_left }) => [id, progress, has_left])).toEqual([
      ["101", 0.5, false],
      ["100", 0, true],
      ["99", 0, false],
    ]);
    expect(newer).toBe(0);
  });

  test("WEB252: groups that stand there keep their places; new ones come behind them, and those that are gone leave", () => {
    expect(placesOf([], ["b", "a"])).toEqual(["b", "a"]);
    expect(placesOf(["b", "a"], ["c", "a", "b"])).toEqual(["b", "a", "c"]);
    expect(placesOf(["b", "a"], ["a"])).toEqual(["a"]);
    const same = ["b", "a"];
    expect(placesOf(same, ["a", "b"])).toBe(same);
    const one = { kind: "x.y", class: "batch", reason: "film 1 is gone" } as const;
    expect(groupKey(one)).toBe(groupKey({ ...one, reason: "film 22 is gone" }));
  });

  test("WEB252: what came is counted and not put in; a page that ends earlier tells nothing of what is below", () => {
    const { lines, newer } = lookOver(shown, [line("1000"), line("102"), line("101")], false);
    expect([newer, lines.map(({ id }) => id)]).toEqual([2, ["101", "100", "99"]]);
    expect(lines.every(({ has_left }) => !has_left)).toBe(true);
    expect(lookOver(shown, [line("98")], true).newer).toBe(0);
    expect(lookOver([], [line("98")], true).newer).toBe(1);
    expect(lookOver(shown, undefined, false)).toMatchObject({ newer: 0, lines: [{ has_left: false }, {}, {}] });
  });
});
