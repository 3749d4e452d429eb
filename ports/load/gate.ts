import { Problem } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import {
  AT_A_TURN_MAX,
  CLAIMED_SHARE,
  LINE_BURST_MS,
  LINED_MIN,
  STANDS_MS,
  TURN_SHARE,
  WAITING_MAX,
} from "./bounds.ts";
import {
  CLAIMED,
  countedAs,
  type Level,
  LEVELS,
  patienceInBurst,
  patienceOf,
  roomOf,
  roomOfClaimed,
  SPARE,
} from "./levels.ts";
import { createLine, type Waiter } from "./line.ts";
import type { Loop } from "./loop.ts";
import { createPace } from "./pace.ts";

/** Lets requests in: at once, after a short wait, or not. A refusal costs some microseconds, so it comes first. */
export interface Gate {
  /** @returns null where it is in. @throws Problem 503 `load.busy`, `load.late` */
  enter(level: Level, left_ms: number, from: () => string): Promise<void> | null;
  leave(level: Level): void;
  /** As `enter` for what takes no place: long streams and doors. */
  look(level: Level, from: () => string): void;
  /** Sends away those who have waited too long and lets in those who have room, also where nobody leaves. */
  tick(elapsed_ms: number, is_limit_rising: boolean): void;
  /** Most at work at once since the last time it was asked. */
  peak(): number;
  /** Whether the line stands: more is asked than can be done, and this is no burst. */
  isFull(): boolean;
  counts(): { in_flight: number; waiting: number; admitted: number; shed: readonly number[] };
  refusal(level: Level, code: string, detail: string): Problem;
}

/** @param needs.target_ms what a read of a person bears to wait for while the house is behind */
export function createGate(needs: {
  clock: Clock;
  loop: Loop;
  afterTurn: (work: () => void) => void;
  atOnceMax: () => number;
  target_ms: number;
}): Gate {
  const { clock, loop, atOnceMax, target_ms } = needs;
  const turn_ms = target_ms * TURN_SHARE;
  const line = createLine();
  const pace = createPace();
  const shed = [0, 0, 0, 0];
  let in_flight = 0;
  let claimed = 0;
  let peak = 0;
  let admitted = 0;
  /** When the line was last empty, and how many came to it since. */
  let empty_at = 0;
  let lined = 0;
  /** Until then the line is believed to stand though it is empty: those who are sent away empty it, and the next make it stand again. */
  let stands_until = -Infinity;
  let swept_at = -Infinity;
  /** Begun from the line in one turn of the loop. */
  let at_a_turn = 1;
  let is_handing_on = false;

  const emptied = (now: number) => {
    empty_at = now;
    lined = 0;
  };
  const isStanding = (now: number) => {
    if (lined >= LINED_MIN && line.length > 0 && now - empty_at > LINE_BURST_MS) stands_until = now + STANDS_MS;
    return now < stands_until;
  };
  const patience = (level: Level, now: number) =>
    isStanding(now) ? patienceOf(level, target_ms) : patienceInBurst(level, target_ms);

  /** Each is made once: an error with its stack costs more than all else that a refusal does. */
  const refusals = new Map<string, Problem[]>();
  const refusal = (level: Level, code: string, detail: string) => {
    shed[countedAs(level)]! += 1;
    // Spread, so that those who were refused together do not come back together; longest what matters least.
    const retry_after_s = 1 + Math.floor(clock.random() * (level === SPARE ? 10 : 3));
    let made = refusals.get(detail);
    if (!made) refusals.set(detail, (made = []));
    return (made[retry_after_s] ??= new Problem(503, code, `${detail} Try again in ${retry_after_s} s.`, {
      retry_after_s,
    }));
  };
  const busy = (level: Level) => {
    const now = clock.monotonic();
    if (now < stands_until) stands_until = now + STANDS_MS;
    return refusal(level, "load.busy", "The house has more to do than it can, so this was not begun.");
  };
  const late = (level: Level) =>
    refusal(level, "load.late", "This would not have been done in the time that it has, so it was not begun.");

  const hasRoom = (level: Level) =>
    in_flight < roomOf(level, atOnceMax()) && (level !== CLAIMED || claimed < roomOfClaimed(atOnceMax()));
  /** The most important level of which somebody waits who has room. */
  const next = (): Level | null => {
    if (line.length === 0) return null;
    for (let level = 0 as Level; level < LEVELS; level++) if (line.of(level) > 0 && hasRoom(level)) return level;
    return null;
  };
  const come = (level: Level) => {
    in_flight += 1;
    admitted += 1;
    if (level === CLAIMED) claimed += 1;
    if (in_flight > peak) peak = in_flight;
    pace.begun(level);
  };

  const isOver = (waiter: Waiter, now: number) =>
    now >= waiter.until || now - waiter.since > patience(waiter.level, now);
  const sendAway = (waiter: Waiter, now: number) =>
    waiter.refuse(now >= waiter.until ? late(waiter.level) : busy(waiter.level));
  const sweep = (now: number) => {
    swept_at = now;
    for (const waiter of line.sweep((waiter) => isOver(waiter, now))) sendAway(waiter, now);
    if (line.length === 0) emptied(now);
  };

  const handOn = (most: number) => {
    if (line.length === 0) return;
    const now = clock.monotonic();
    if (now - swept_at >= turn_ms) sweep(now);
    for (let given = 0; given < most; given++) {
      const level = next();
      if (level === null) break;
      const waiter = line.take(level)!;
      come(level);
      waiter.come();
    }
    if (line.length === 0) emptied(now);
    else handOnLater();
  };
  /** Not all in this turn: whoever comes meanwhile would wait for all of them unseen, though they may be more important. */
  const handOnLater = () => {
    if (is_handing_on || next() === null) return;
    is_handing_on = true;
    const since = clock.monotonic();
    needs.afterTurn(() => {
      is_handing_on = false;
      const took_ms = clock.monotonic() - since;
      loop.late(took_ms);
      at_a_turn = took_ms > turn_ms ? Math.max(1, at_a_turn >> 1) : Math.min(AT_A_TURN_MAX, at_a_turn << 1);
      handOn(at_a_turn);
    });
  };

  /** @returns null where there is room, else from where it comes, if it may wait. @throws Problem where it may not */
  const judge = (level: Level, left_ms: number, of: () => string, now: number): string | null => {
    const waited_ms = loop.waited(now);
    // The queue that nobody sees: those who came in the same turn of the loop.
    if (loop.isBehind() && (level === SPARE || waited_ms > patienceOf(level, target_ms))) throw busy(level);
    if (left_ms <= waited_ms) throw late(level);
    if (line.length === 0) {
      if (waited_ms < turn_ms && hasRoom(level)) return null;
      emptied(now);
    } else if (now - swept_at >= turn_ms) sweep(now);
    if (line.length > 0 && waited_ms < turn_ms && hasRoom(level)) {
      const first = next();
      if (first === null || first > level) return null;
    }
    const patience_ms = patience(level, now);
    if (patience_ms === 0) throw busy(level);
    // Better now than when its time is over: it could only have stood in the way.
    const from = of();
    const { above, beside } = line.ahead(level, from);
    const wait_ms = pace.wait(level, above, beside);
    if (wait_ms > left_ms) throw late(level);
    if (wait_ms > patience_ms) throw busy(level);
    return from;
  };

  return {
    refusal,
    enter(level, left_ms, of) {
      const now = clock.monotonic();
      const from = judge(level, left_ms, of, now);
      if (from === null) {
        come(level);
        return null;
      }
      const has_its_part = level === CLAIMED && line.of(CLAIMED) >= WAITING_MAX * CLAIMED_SHARE;
      if (has_its_part || line.length >= WAITING_MAX) {
        const out = has_its_part ? line.pushOutBeside(level, from) : line.pushOut(level, from);
        if (!out) throw busy(level);
        out.refuse(busy(out.level));
      }
      return new Promise((resolve, reject) => {
        lined += 1;
        line.push({ level, from, since: now, until: now + left_ms, come: resolve, refuse: reject });
        handOnLater();
      });
    },
    leave(level) {
      in_flight -= 1;
      if (level === CLAIMED) claimed -= 1;
      pace.left();
      if (line.length === 0) return;
      if (loop.waited(clock.monotonic()) < turn_ms) handOn(1);
      else handOnLater();
    },
    look(level, from) {
      judge(level, Infinity, from, clock.monotonic());
    },
    tick(elapsed_ms, is_limit_rising) {
      pace.learn(elapsed_ms, line.length > 0);
      if (line.length > 0) {
        if (is_limit_rising) empty_at = clock.monotonic();
        sweep(clock.monotonic());
        // The limit may have risen.
        handOn(at_a_turn);
      }
    },
    peak() {
      const most = peak;
      peak = in_flight;
      return most;
    },
    isFull: () => isStanding(clock.monotonic()),
    counts: () => ({ in_flight, waiting: line.length, admitted, shed }),
  };
}
