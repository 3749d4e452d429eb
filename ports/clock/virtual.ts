import type { Clock } from "./index.ts";

export interface VirtualClock extends Clock {
  /** Moves time on and runs what falls due, in order. */
  advance(ms: number): Promise<void>;
  /** A wall clock that is set, forwards or back; `monotonic` does not move. */
  step(ms: number): void;
}

/** A clock that stands still until told. `random` is a seeded mulberry32, so a run can be repeated. */
export function createVirtualClock(start_ms = 1_750_000_000_000, seed = 1): VirtualClock {
  let wall = start_ms;
  let mono = 0;
  let state = seed >>> 0;
  const due: { at: number; run: () => void | Promise<void> }[] = [];
  const at = (ms: number, run: () => void | Promise<void>) => {
    const entry = { at: mono + ms, run };
    due.push(entry);
    return () => {
      const i = due.indexOf(entry);
      if (i >= 0) due.splice(i, 1);
    };
  };
  const clock: VirtualClock = {
    now: () => wall,
    monotonic: () => mono,
    random() {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = state;
      t = Math.imul(t ^ (t >>> 15), t | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
    },
    sleep(ms, signal) {
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason as Error);
        const cancel = at(ms, resolve);
        signal?.addEventListener(
          "abort",
          () => {
            cancel();
            reject(signal.reason as Error);
          },
          { once: true },
        );
      });
    },
    every(ms, work) {
      let cancel = () => {};
      const again = () => {
        cancel = at(ms, async () => {
          again();
          await work();
        });
      };
      again();
      return { [Symbol.dispose]: () => cancel() };
    },
    step(ms) {
      wall += ms;
    },
    async advance(ms) {
      const end = mono + ms;
      for (;;) {
        const next = due.filter((d) => d.at <= end).sort((a, b) => a.at - b.at)[0];
        if (!next) break;
        due.splice(due.indexOf(next), 1);
        wall += next.at - mono;
        mono = next.at;
        await next.run();
        await Promise.resolve();
      }
      wall += end - mono;
      mono = end;
      await Promise.resolve();
    },
  };
  return clock;
}
