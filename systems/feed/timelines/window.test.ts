import { expect, test } from "bun:test";

import type { PersonId } from "#kernel/ids.ts";
import { LOG_START } from "#ports/log/index.ts";

import { createWindow } from "./window.ts";

const change = (key: number, gone = false) => ({ member: "1" as PersonId, key, gone });
const at = (n: number) => `${"1".padStart(19, "0")}.${`${n}`.padStart(19, "0")}`;

test("FD110: a change that the log brings before who committed it could tell does not come back after its end", () => {
  const window = createWindow(LOG_START, 8);
  window.logged(change(5), at(1));
  window.own(change(5));
  expect(window.after(LOG_START)).toEqual([change(5)]);
  window.own(change(5, true));
  window.logged(change(5, true), at(2));
  expect(window.after(LOG_START)).toEqual([change(5), change(5, true)]);
  expect(window.after(at(2))).toEqual([]);
});

test("FD110: what was committed here stands after all that the log has brought, until it brings that too", () => {
  const window = createWindow(LOG_START, 8);
  window.own(change(5));
  window.own(change(5, true));
  window.logged(change(5), at(1));
  expect(window.after(at(1))).toEqual([change(5, true)]);
  // Brought back here while its deletion is still on its way.
  window.own(change(5));
  expect(window.after(at(1))).toEqual([change(5, true), change(5)]);
  window.logged(change(5, true), at(2));
  window.logged(change(5), at(3));
  expect(window.after(at(3))).toEqual([]);
});

test("FD110: what another node made, this one took away and brings back stands at once (the oracle's world 1837561712)", () => {
  const window = createWindow(LOG_START, 8);
  window.logged(change(5), at(1));
  window.own(change(5, true));
  window.logged(change(5, true), at(2));
  window.own(change(5));
  expect(window.after(at(2))).toEqual([change(5)]);
  window.logged(change(5), at(3));
  expect(window.after(at(2))).toEqual([change(5)]);
});

test("FD110: own changes for which the log was quicker do not fill the window up", () => {
  const window = createWindow(LOG_START, 8);
  for (let n = 1; n <= 100; n++) {
    window.logged(change(n), at(n));
    window.own(change(n));
  }
  expect(window.reaches(at(99))).toBe(true);
  expect(window.after(at(99))).toEqual([change(100)]);
});
