import { type Clock, createSystemClock } from "../../ports/clock/index.ts";

/** The machine's clock, whose sleep keeps no process from ending: a library has no say in that. */
export function quietClock(): Clock {
  return {
    ...createSystemClock(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const onAbort = () => {
          clearTimeout(timer);
          reject(signal?.reason as Error);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        }, ms);
        timer.unref();
        signal?.addEventListener("abort", onAbort, { once: true });
      }),
  };
}
