import type { Clock } from "#ports/clock/index.ts";

import {
  BEHIND_REMEMBERED_MS,
  BURST_AGAIN_MS,
  BURST_MS,
  BUSY_SHARE_MIN,
  LONG_TURNS_MIN,
  STOPPED_MS,
} from "./bounds.ts";

/**
 * How long work waits for the one thread. Requests that came in one turn of the loop stand in a queue that nobody sees: the
 * fourth begins when three have given the thread away. So the first of a turn opens it, an immediate closes it when all that
 * was ready has run, and the time since it was opened is what each next one has waited at least.
 */
export interface Loop {
  /** Ms that who asks now has waited at least; opens the turn where it is the first. */
  waited(now: number): number;
  /** Turns have been long for so long that this is no burst. */
  isBehind(): boolean;
  /** The watchdog's own timer came so late. */
  late(ms: number): void;
  /** The longest wait since the last look, and forgets it. */
  look(): number;
}

/**
 * @param afterTurn runs its work when all that is ready now has run
 * @param target_ms a turn of so long or longer is a long one
 */
export function createLoop(clock: Clock, afterTurn: (work: () => void) => void, target_ms: number): Loop {
  let is_open = false;
  let began = 0;
  let long_turns = 0;
  let long_since = 0;
  let busy_ms = 0;
  let is_behind = false;
  let behind_at = -Infinity;
  let longest = 0;
  let closed_at = -Infinity;

  const close = () => {
    is_open = false;
    const now = clock.monotonic();
    closed_at = now;
    const ms = now - began;
    if (ms > longest) longest = ms;
    // What takes so long is the process that was stopped (a laptop that slept), or one fault that says nothing of the next turn.
    if (ms < target_ms || ms > STOPPED_MS) {
      long_turns = 0;
      is_behind = false;
      return;
    }
    if (long_turns === 0) {
      long_since = began;
      busy_ms = 0;
    }
    long_turns += 1;
    busy_ms += ms;
    const elapsed = now - long_since;
    const burst_ms = now - behind_at < BEHIND_REMEMBERED_MS ? BURST_AGAIN_MS : BURST_MS;
    if (busy_ms < BUSY_SHARE_MIN * elapsed) {
      // It slept in between: long turns, but nobody stands in line.
      long_turns = 0;
      is_behind = false;
    } else if (long_turns >= LONG_TURNS_MIN && elapsed >= burst_ms) {
      is_behind = true;
      behind_at = now;
    }
  };

  return {
    waited(now) {
      if (is_open) return now - began;
      is_open = true;
      began = now;
      // Nobody came meanwhile, so nobody stands in line.
      if (now - closed_at > BURST_MS) is_behind = false;
      afterTurn(close);
      return 0;
    },
    isBehind: () => is_behind,
    late(ms) {
      if (ms > longest) longest = ms;
    },
    look() {
      const ms = longest;
      longest = 0;
      return ms;
    },
  };
}
