import type { Clock } from "./index.ts";

/** "Look again." Rung many times before anybody waits, it still answers once. */
export interface Bell {
  ring(): void;
  /** Resolves at the next ring, at once when it rang since the last wait, after `ms`, or when `signal` fires. */
  wait(signal: AbortSignal, ms?: number): Promise<void>;
}

export function createBell(clock: Clock): Bell {
  let rung = false;
  let answer = () => {};
  return {
    ring() {
      rung = true;
      answer();
    },
    async wait(signal, ms) {
      if (!rung && !signal.aborted) {
        const over = new AbortController();
        await new Promise<void>((resolve) => {
          answer = resolve;
          signal.addEventListener("abort", () => resolve(), { once: true, signal: over.signal });
          if (ms !== undefined) void clock.sleep(ms, over.signal).then(resolve, () => {});
        });
        answer = () => {};
        over.abort();
      }
      rung = false;
    },
  };
}
