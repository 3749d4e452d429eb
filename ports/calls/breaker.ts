import { createWindow } from "#kernel/window.ts";
import type { Clock } from "#ports/clock/index.ts";

import { type CallBounds, FAILING_WINDOW_MS } from "./bounds.ts";

/**
 * Leaves alone what does not answer. `closed`: it is called. `open`: it is not, for a while. `half_open`: that while is
 * over, and one call at a time tries.
 */
export interface Breaker {
  readonly state: BreakerState;
  /** How long nothing will be let through; 0 where a call may begin now. */
  away_ms(): number;
  /** Lets one call through, or nobody (null). Each pass is ended once. */
  begin(): Pass | null;
  /**
   * `answered`: whatever it said, it is there. `failed`: it did not answer, or not in time. `unknown`: the call ended for
   * another reason. Calls that were begun before the state changed change it no more.
   */
  end(pass: Pass, how: "answered" | "failed" | "unknown", reason?: string): void;
  readonly opened_times: number;
}

export type BreakerState = "closed" | "open" | "half_open";
/** Of which state it is. */
export type Pass = number;

export type BreakerBounds = Pick<
  CallBounds,
  "failures_max" | "failing_percent_max" | "failing_calls_min" | "away_ms_min" | "away_ms_max"
>;

export interface BreakerNeeds {
  clock: Clock;
  bounds: BreakerBounds;
  /** Once for each time that it goes, with the first reason. */
  onAway?: (reason: string) => void;
  onBack?: () => void;
}

const CALL = 0;
const FAILURE = 1;
/** Of fewer the share says too little. */
const SHARE_CALLS_MIN = 20;
/** One in a million. */
const NO_CHANCE = Math.log(1e-6);

export function createBreaker({ clock, bounds, onAway, onBack }: BreakerNeeds): Breaker {
  const lately = createWindow(FAILING_WINDOW_MS, 2);
  /** Who goes by failures in a row alone pays for no window. */
  const watches = Number.isFinite(bounds.failing_calls_min);
  let state: BreakerState = "closed";
  /** Raised by each change of state. */
  let pass: Pass = 0;
  let in_a_row = 0;
  let first_reason = "";
  /** Since it was well. */
  let away_times = 0;
  let opened_times = 0;
  let away_until_ms = 0;
  let trying = false;

  function open(now_ms: number): void {
    state = "open";
    pass += 1;
    trying = false;
    opened_times += 1;
    const wait_ms = Math.min(bounds.away_ms_max, bounds.away_ms_min * 2 ** Math.min(away_times, 20));
    away_until_ms = now_ms + wait_ms * (1 + clock.random());
    away_times += 1;
    if (away_times === 1) onAway?.(first_reason);
  }

  function close(): void {
    state = "closed";
    pass += 1;
    in_a_row = 0;
    away_times = 0;
    trying = false;
    lately.clear();
    onBack?.();
  }

  function failed(reason: string): void {
    if (in_a_row === 0) first_reason = reason;
    in_a_row += 1;
    const now_ms = clock.monotonic();
    if (state === "half_open" || (!watches && in_a_row >= bounds.failures_max)) return open(now_ms);
    if (!watches) return;
    lately.add(now_ms, CALL);
    lately.add(now_ms, FAILURE);
    const calls = lately.sum(now_ms, CALL);
    const failures = lately.sum(now_ms, FAILURE);
    const too_many = calls >= bounds.failing_calls_min && (100 * failures) / calls > bounds.failing_percent_max;
    if (too_many || in_a_row >= rowOf(calls - in_a_row, failures - in_a_row)) open(now_ms);
  }

  /** How many in a row are no chance where so many calls before them failed: of three in ten, five are one in 400. */
  function rowOf(calls: number, failures: number): number {
    const share = calls >= SHARE_CALLS_MIN ? Math.min(failures / calls, bounds.failing_percent_max / 100) : 0;
    return share > 0 ? Math.max(bounds.failures_max, Math.ceil(NO_CHANCE / Math.log(share))) : bounds.failures_max;
  }

  return {
    get state() {
      return state === "open" && clock.monotonic() >= away_until_ms ? "half_open" : state;
    },
    get opened_times() {
      return opened_times;
    },
    away_ms() {
      if (state === "closed") return 0;
      // Whoever tries now will be done soon, one way or the other; nobody knows when.
      if (state === "half_open") return trying ? bounds.away_ms_min : 0;
      return Math.max(0, away_until_ms - clock.monotonic());
    },
    begin() {
      if (state === "closed") return pass;
      if (state === "open") {
        if (clock.monotonic() < away_until_ms) return null;
        state = "half_open";
        pass += 1;
      }
      if (trying) return null;
      trying = true;
      return pass;
    },
    end(of, how, reason = "") {
      if (of !== pass) return;
      if (how === "failed") return failed(reason);
      if (how === "unknown") {
        // The next one tries.
        trying = false;
        return;
      }
      in_a_row = 0;
      if (state === "half_open") close();
      else if (watches) lately.add(clock.monotonic(), CALL);
    },
  };
}
