import { describe, expect, test } from "bun:test";

import { JOB_STATES, zJobsSought } from "#systems/jobs/contract.ts";

import { BACK, doneWords, isNarrowed, MANY, queryOf, RUNNING, sinceOf, type Sought, soughtWords } from "./sought.ts";
import { inOf, numberOf, rateOf, timesOf } from "./words.ts";

const ada = {
  name: "7",
  person: {
    id: "7" as never,
    handle: "ada",
    display_name: "Ada",
    avatar: null,
    suspended: false,
    limited: false,
    private: false,
  },
  space: null,
};

describe("which jobs are looked at", () => {
  test("WEB257: what is asked of the house is what was chosen and no more, and it is said in words", () => {
    expect(queryOf(RUNNING)).toEqual({ state: "running" });
    expect([isNarrowed(RUNNING), isNarrowed({ ...RUNNING, text: "  " })]).toEqual([false, false]);
    const now_ms = Date.UTC(2026, 10, 22, 3);
    const sought: Sought = {
      state: "dead",
      class: "batch",
      kind: "a.b",
      tenant: ada,
      text: " timeout ",
      reason: "film 7 is gone",
      since: sinceOf("Last hour", now_ms),
    };
    const query = queryOf(sought);
    expect(query).toEqual({
      state: "dead",
      class: "batch",
      kind: "a.b",
      tenant: "7",
      text: "timeout",
      reason: "film 7 is gone",
      since: "2026-11-22T02:00:00.000Z",
    });
    expect(zJobsSought.parse(query)).toEqual(query);
    expect(soughtWords(sought)).toBe(
      "of a.b, of class batch, for @ada, with a reason like “film 7 is gone”, with “timeout” in the reason, of the last hour",
    );
    expect(soughtWords(RUNNING)).toBe("");
    // A job that died without a word has a reason too.
    expect(isNarrowed({ ...RUNNING, reason: "" })).toBe(true);
    expect(sinceOf("Any time", now_ms)).toBeNull();
    for (const [label] of BACK) expect(Date.parse(sinceOf(label, now_ms)!.at)).toBeLessThan(now_ms);
  });

  test("WEB257: a number by itself is a job, and anything else is words", () => {
    expect(["7", " #42 ", "12345678901234567890", "0", "410 gone", ""].map(numberOf)).toEqual([
      "7",
      "42",
      null,
      null,
      null,
      null,
    ]);
  });

  test("WEB258: what may be done to many fits their state, is asked with how many, and says what came of it", () => {
    expect(JOB_STATES.map((state) => MANY[state].map(({ act }) => act))).toEqual([
      ["retry", "cancel"],
      ["cancel"],
      [],
      ["replay"],
      ["replay"],
    ]);
    // The button that does it is not called as the one that does not.
    for (const { action, title } of JOB_STATES.flatMap((state) => MANY[state])) {
      expect(action).not.toMatch(/^Cancel/);
      expect(title("12 jobs")).toContain("12 jobs");
    }
    expect([doneWords(1, "back in the queue"), doneWords(0, "called off")]).toEqual([
      "1 job back in the queue.",
      "None was changed: each had moved on, or is due already.",
    ]);
  });

  test("WEB259: times are told as far as they are ahead, and how often something comes", () => {
    const at = "2026-11-22T03:00:00.000Z";
    expect(inOf(at, Date.parse(at) - 90_000)).toBe("1 min");
    expect(inOf(at, Date.parse(at) + 90_000)).toBe("under 1 s");
    expect(timesOf({ every_ms: 300_000, cron: null, time_zone: null })).toBe("every 5 min");
    expect(timesOf({ every_ms: null, cron: "30 3 * * *", time_zone: "Europe/Stockholm" })).toBe(
      "30 3 * * * in Europe/Stockholm",
    );
  });

  test("WEB250: how much flows is told by the minute, what failed beside what was done", () => {
    const minute = (done: number, failed = 0, dead = 0) => ({ at: "2026-11-22T03:00:00.000Z", done, failed, dead });
    const hour = (first: ReturnType<typeof minute>) => [first, ...Array.from({ length: 59 }, () => minute(0))];
    expect(rateOf(hour(minute(0)))).toBe("Nothing ended in the last hour.");
    expect(rateOf(hour(minute(90)))).toBe("90 done, 1.5 a minute; nothing failed.");
    expect(rateOf(hour(minute(600, 2, 1)))).toBe("600 done, 10 a minute; 3 failed, under 0.1 a minute.");
  });
});
