import type { Clock } from "#ports/clock/index.ts";

/** A clock whose wall time a drill can set off from the machine's. What measures durations is never moved. */
export interface SteppedClock extends Clock {
  /** From the machine's time; 0 puts it right. */
  setOff(by_ms: number): void;
  off_ms(): number;
}

export function createSteppedClock(clock: Clock): SteppedClock {
  let by = 0;
  return {
    now: () => clock.now() + by,
    monotonic: () => clock.monotonic(),
    sleep: (ms, signal) => clock.sleep(ms, signal),
    every: (ms, work) => clock.every(ms, work),
    random: () => clock.random(),
    setOff(by_ms) {
      by = by_ms;
    },
    off_ms: () => by,
  };
}
