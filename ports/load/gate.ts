import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { BEHIND_REMEMBERED_MS, BURST_AGAIN_MS, BURST_MS, WAITING_MAX } from "./bounds.ts";
import { type Level, patienceInBurst, patienceOf, roomOf } from "./levels.ts";
import { createLine, type Waiter } from "./line.ts";
import type { Loop } from "./loop.ts";

/** Lets requests in: at once, after a short wait, or not. A refusal costs some microseconds, so it comes first. */
export interface Gate {
  /** @returns null where it is in. @throws Problem 503 `load.busy`, `load.late` */
  enter(level: Level, left_ms: number): Promise<void> | null;
  leave(): void;
  /** As `enter` for what takes no place: long streams and doors. */
  look(level: Level): void;
  /** Sends away those who have waited too long; who came and left, and how many at most, since the last time. */
  tick(elapsed_ms: number): { peak: number };
  counts(): { in_flight: number; waiting: number; admitted: number; shed: readonly number[] };
  refusal(level: Level, code: string, detail: string): Problem;
}

/** @param needs.target_ms what a read of a person bears to wait for while the house is behind */
export function createGate(needs: { clock: Clock; loop: Loop; atOnceMax: () => number; target_ms: number }): Gate {
  const { clock, loop, atOnceMax, target_ms } = needs;
  const line = createLine(4);
  const shed = [0, 0, 0, 0];
  let in_flight = 0;
  let peak = 0;
  let admitted = 0;
  let left = 0;
  /** Smoothed, of windows in which somebody waited all the time: only then do leaves say what the house can. Null without. */
  let leaves_per_ms: number | null = null;
  let was_waited_for = false;
  /** When the line was last empty. */
  let empty_at = 0;

  /** When the line was last seen to stand: those who are sent away empty it, and the next make it stand again. */
  let stood_at = -Infinity;

  const isStanding = (now: number) => {
    if (line.length === 0) return false;
    const stands = now - empty_at > (now - stood_at < BEHIND_REMEMBERED_MS ? BURST_AGAIN_MS : BURST_MS);
    if (stands) stood_at = now;
    return stands;
  };
  const patience = (level: Level, now: number) =>
    isStanding(now) ? patienceOf(level, target_ms) : patienceInBurst(level, target_ms);

  const refusal = (level: Level, code: string, detail: string) => {
    shed[level]! += 1;
    // Spread, so that those who were refused together do not come back together; longest what matters least.
    const retry_after_s = 1 + Math.floor(clock.random() * (level === 3 ? 10 : 3));
    return new Problem(503, code, `${detail} Try again in ${retry_after_s} s.`, { retry_after_s });
  };
  const busy = (level: Level) =>
    refusal(level, "load.busy", "The house has more to do than it can, so this was not begun.");
  const late = (level: Level) =>
    refusal(level, "load.late", "This would not have been done in the time that it has, so it was not begun.");

  /** The queue that nobody sees: those who came in the same turn of the loop. */
  const lookAtLoop = (level: Level, now: number) => {
    const waited_ms = loop.waited(now);
    if (loop.isBehind() && (level === 3 || waited_ms > patienceOf(level, target_ms))) throw busy(level);
    return waited_ms;
  };
  const come = () => {
    in_flight += 1;
    admitted += 1;
    if (in_flight > peak) peak = in_flight;
  };
  const isOver = (waiter: Waiter, now: number) =>
    now >= waiter.until || now - waiter.since > patience(waiter.level, now);
  const sendAway = (waiter: Waiter, now: number) =>
    waiter.refuse(now >= waiter.until ? late(waiter.level) : busy(waiter.level));

  const handOn = () => {
    if (line.length === 0) return;
    const now = clock.monotonic();
    for (let next = line.first(); next && in_flight < roomOf(next.level, atOnceMax()); next = line.first()) {
      line.shift();
      if (isOver(next, now)) {
        sendAway(next, now);
        continue;
      }
      come();
      next.come();
    }
    if (line.length === 0) empty_at = now;
  };

  return {
    refusal,
    enter(level, left_ms) {
      const now = clock.monotonic();
      const waited_ms = lookAtLoop(level, now);
      if (left_ms <= waited_ms) throw late(level);
      if (in_flight < roomOf(level, atOnceMax()) && (line.length === 0 || line.ahead(level) === 0)) {
        come();
        return null;
      }
      if (line.length === 0) empty_at = now;
      if (patienceOf(level, target_ms) === 0 && isStanding(now)) throw busy(level);
      if (leaves_per_ms !== null) {
        // Better now than when its time is over: it could only have stood in the way.
        const wait_ms = line.ahead(level) / leaves_per_ms;
        if (wait_ms > left_ms) throw late(level);
        if (wait_ms > patience(level, now)) throw busy(level);
      }
      if (line.length >= WAITING_MAX) {
        const out = line.pushOut(level);
        if (!out) throw busy(level);
        out.refuse(busy(out.level));
      }
      return new Promise((resolve, reject) =>
        line.push({ level, since: now, until: now + left_ms, come: resolve, refuse: reject }),
      );
    },
    leave() {
      in_flight -= 1;
      left += 1;
      handOn();
    },
    look(level) {
      const now = clock.monotonic();
      lookAtLoop(level, now);
      if (isStanding(now) && level >= 2) throw busy(level);
    },
    tick(elapsed_ms) {
      if (line.length === 0) leaves_per_ms = null;
      else if (was_waited_for && elapsed_ms > 0) {
        const rate = Math.max(1e-4, left / elapsed_ms);
        leaves_per_ms = leaves_per_ms === null ? rate : 0.8 * leaves_per_ms + 0.2 * rate;
      }
      was_waited_for = line.length > 0;
      left = 0;
      if (line.length > 0) {
        const now = clock.monotonic();
        for (const waiter of line.sweep((waiter) => isOver(waiter, now))) sendAway(waiter, now);
        if (line.length === 0) empty_at = now;
        // The limit may have risen.
        handOn();
      }
      const most = peak;
      peak = in_flight;
      return { peak: most };
    },
    counts: () => ({ in_flight, waiting: line.length, admitted, shed }),
  };
}
