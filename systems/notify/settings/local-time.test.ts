import { describe, expect, test } from "bun:test";

import { isTimeZone, minuteOfDay, nextAt, quietUntil } from "./local-time.ts";

const at = (text: string) => Date.parse(text);
const text = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString().slice(0, 16));
const clock = (hours: number, minutes = 0) => hours * 60 + minutes;

describe("a person's own clock", () => {
  test("NO18: an offset, a path and a word are no time zone", () => {
    for (const name of ["", "+02:00", "../../etc", "Nowhere/Land", "UTC+1", "Europe/Stockholm\n", "x".repeat(65)])
      expect(isTimeZone(name), name).toBe(false);
    for (const name of ["UTC", "Europe/Stockholm", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
      expect(isTimeZone(name), name).toBe(true);
  });

  test("NO18: eight in the morning is eight there, in summer and in winter", () => {
    const eight = (after: string, zone = "Europe/Stockholm") => text(nextAt(at(after), zone, clock(8)));
    expect(eight("2026-01-10T07:00:00Z")).toBe("2026-01-11T07:00");
    expect(eight("2026-01-10T06:59:59Z")).toBe("2026-01-10T07:00");
    // The night in which summer begins, and the one in which it ends.
    expect(eight("2026-03-28T20:00:00Z")).toBe("2026-03-29T06:00");
    expect(eight("2026-10-24T20:00:00Z")).toBe("2026-10-25T07:00");
    expect(eight("2026-07-01T00:00:00Z", "Asia/Kathmandu")).toBe("2026-07-01T02:15");
    expect(eight("2026-07-01T00:00:00Z", "Pacific/Kiritimati")).toBe("2026-07-01T18:00");
  });

  test("NO18: an hour that there is twice is its first, and one that there is not comes as much later", () => {
    expect(text(nextAt(at("2026-03-28T12:00:00Z"), "Europe/Stockholm", clock(2, 30)))).toBe("2026-03-29T01:30");
    expect(minuteOfDay(at("2026-03-29T01:30:00Z"), "Europe/Stockholm")).toBe(clock(3, 30));
    expect(text(nextAt(at("2026-10-24T12:00:00Z"), "Europe/Stockholm", clock(2, 30)))).toBe("2026-10-25T00:30");
    // Asked between the two, it is that of the next day.
    expect(text(nextAt(at("2026-10-25T00:30:00Z"), "Europe/Stockholm", clock(2, 30)))).toBe("2026-10-26T01:30");
    // Samoa left a whole day out.
    expect(text(nextAt(at("2011-12-30T09:00:00Z"), "Pacific/Apia", clock(8)))).toBe("2011-12-30T18:00");
  });

  test("NO18: a weekday is that of the place", () => {
    expect(text(nextAt(at("2026-11-21T12:00:00Z"), "Europe/Stockholm", clock(8), 1))).toBe("2026-11-23T07:00");
    expect(text(nextAt(at("2026-11-23T07:00:00Z"), "Europe/Stockholm", clock(8), 1))).toBe("2026-11-30T07:00");
    expect(text(nextAt(at("2026-11-22T20:00:00Z"), "Pacific/Auckland", clock(8), 1))).toBe("2026-11-29T19:00");
  });

  test("NO19: quiet goes over midnight and over the changes of clocks, and ends when it ends there", () => {
    const night = { from_min: clock(22), to_min: clock(7) };
    const quiet = (when: string, hours: typeof night | null = night) =>
      text(quietUntil(at(when), "Europe/Stockholm", hours));
    expect(quiet("2026-01-10T20:59:59Z")).toBe(null);
    expect(quiet("2026-01-10T21:00:00Z")).toBe("2026-01-11T06:00");
    expect(quiet("2026-01-11T05:59:59Z")).toBe("2026-01-11T06:00");
    expect(quiet("2026-01-11T06:00:00Z")).toBe(null);
    expect(quiet("2026-03-28T22:00:00Z")).toBe("2026-03-29T05:00");
    expect(quiet("2026-10-24T22:00:00Z")).toBe("2026-10-25T06:00");
    const noon = { from_min: clock(12), to_min: clock(13) };
    expect(quiet("2026-01-10T11:30:00Z", noon)).toBe("2026-01-10T12:00");
    expect(quiet("2026-01-10T12:00:00Z", noon)).toBe(null);
    expect(quiet("2026-01-10T11:30:00Z", null)).toBe(null);
  });

  test("NO18: every next hour is later than now, and within a day and the hour of a change, all year round", () => {
    for (const zone of ["Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca"])
      for (let day = 0; day < 365; day++) {
        const now = at("2026-01-01T00:17:00Z") + day * 86_400_000;
        for (const minute of [0, 150, 480, 1439]) {
          const next = nextAt(now, zone, minute);
          expect(next).toBeGreaterThan(now);
          expect(next - now).toBeLessThanOrEqual(25 * 3_600_000);
        }
      }
  });
});
