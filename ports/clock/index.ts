/** Time and chance, so that both can be held in a hand. Nothing else asks the machine for either. */
export interface Clock {
  /** Milliseconds since 1970, as the machine believes it. */
  now(): number;
  /** Milliseconds that never step back; for durations. */
  monotonic(): number;
  /** Resolves after `ms`, or at once when `signal` fires (then it rejects with the signal's reason). */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back after each `ms` until disposed. A call that is still running is never started twice. */
  every(ms: number, work: () => Promise<void> | void): Disposable;
  /** Uniform in [0, 1). */
  random(): number;
}

export { createSystemClock } from "./system.ts";
export { createVirtualClock, type VirtualClock } from "./virtual.ts";
