import type { Clock } from "./index.ts";

export function createSystemClock(): Clock {
  return {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    random: () => Math.random(),
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const onAbort = () => {
          clearTimeout(timer);
          reject(signal?.reason as Error);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        }, ms);
        signal?.addEventListener("abort", onAbort, { once: true });
      });
    },
    every(ms, work) {
      let running = false;
      const timer = setInterval(() => {
        if (running) return;
        running = true;
        // A periodic task owns its errors: one that escapes is a bug and must be seen, so it is rethrown as unhandled.
        void Promise.resolve()
          .then(work)
          .finally(() => (running = false));
      }, ms);
      return { [Symbol.dispose]: () => clearInterval(timer) };
    },
  };
}
