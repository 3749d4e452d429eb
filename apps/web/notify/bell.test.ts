import { expect, test } from "bun:test";

import type { Follower } from "../live/followed.ts";
import type { LineState } from "../live/line.ts";
import { startBell } from "./bell.ts";

/** A line in the hand, and time that passes when it is told to. */
function held() {
  let connection: LineState["connection"] = "connecting";
  let follower: Follower | null = null;
  const listeners = new Set<() => void>();
  const due: (() => void)[] = [];
  const lived: boolean[] = [];
  let asked = 0;
  const stop = startBell({
    person_id: "7",
    line: {
      state: () => ({ connection, unsent: 0, tries: 0 }),
      onState: (listener) => (listeners.add(listener), () => void listeners.delete(listener)),
      hear(stream, by) {
        expect(stream).toBe("person:7");
        follower = by;
        return () => (follower = null);
      },
    },
    ask: () => void (asked += 1),
    live: (is) => void lived.push(is),
    after(_ms, work) {
      due.push(work);
      return () => void due.splice(due.indexOf(work), 1);
    },
  });
  return {
    stop,
    due,
    becomes(next: LineState["connection"]) {
      connection = next;
      for (const listener of listeners) listener();
    },
    hears: (...kinds: string[]) =>
      follower!.items(
        kinds.map((kind, i) => ({ seq: i + 1, kind, data: {} }) as never),
        ["e", "1"] as never,
      ),
    anew: () => follower!.anew(["e", "1"] as never),
    ended: () => follower!.ended("forbidden"),
    follows: () => follower !== null || listeners.size > 0,
    passes: () => due.splice(0).forEach((work) => work()),
    asked: () => asked,
    live: () => lived.at(-1),
  };
}

test("WEB230: what comes over the line is asked for once, however much comes together, and nothing else is", () => {
  const bell = held();
  bell.becomes("open");
  bell.hears("notify.arrived", "notify.arrived", "notify.read");
  bell.hears("notify.settled");
  bell.passes();
  expect(bell.asked()).toBe(1);
  bell.hears("upload.progress");
  expect(bell.due).toEqual([]);
  bell.hears("notify.arrived");
  bell.passes();
  expect(bell.asked()).toBe(2);
});

test("WEB230: while the line is open nobody looks; while it is away, or not for them, somebody does", () => {
  const bell = held();
  expect(bell.live()).toBe(false);
  bell.becomes("open");
  expect(bell.live()).toBe(true);
  bell.becomes("waiting");
  expect(bell.live()).toBe(false);
  bell.becomes("open");
  expect(bell.live()).toBe(true);
  // What came meanwhile comes with the stream; what can never be had is asked for.
  bell.passes();
  expect(bell.asked()).toBe(0);
  bell.anew();
  bell.passes();
  expect(bell.asked()).toBe(1);
  bell.ended();
  bell.becomes("open");
  expect(bell.live()).toBe(false);
});

test("WEB230: a bell that is taken down asks no more", () => {
  const bell = held();
  bell.hears("notify.arrived");
  bell.stop();
  bell.passes();
  expect([bell.asked(), bell.live(), bell.follows()]).toEqual([0, false, false]);
});
