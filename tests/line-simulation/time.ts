import type { Clock } from "#ports/clock/index.ts";

/** Time that goes on only by what falls due in it, and chance from a seed: the same seed is the same life. */
export interface Time {
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  between(least: number, most: number): number;
  chance(of: number): boolean;
  pick<T>(from: readonly T[]): T;
  after(ms: number, work: () => void): () => void;
  /** A machine's own clock; nothing of it falls due any more once `alive` says no. */
  clock(alive: () => boolean): Clock;
  /** Runs what falls due next, and all that follows from it at once. @returns false when nothing is left */
  step(): Promise<boolean>;
}

interface Due {
  at: number;
  order: number;
  work: (() => void) | null;
}

export function createTime(seed: number): Time {
  const heap: Due[] = [];
  let t = 0;
  let order = 0;
  let state = seed >>> 0;

  const isBefore = (a: Due, b: Due) => a.at < b.at || (a.at === b.at && a.order < b.order);
  function push(due: Due): void {
    heap.push(due);
    for (let i = heap.length - 1; i > 0;) {
      const up = (i - 1) >> 1;
      if (!isBefore(heap[i]!, heap[up]!)) break;
      [heap[i], heap[up]] = [heap[up]!, heap[i]!];
      i = up;
    }
  }
  function pop(): Due | undefined {
    const top = heap[0];
    const last = heap.pop();
    if (!top || !last || heap.length === 0) return top;
    heap[0] = last;
    for (let i = 0; ;) {
      let least = i;
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child;
      if (least === i) return top;
      [heap[i], heap[least]] = [heap[least]!, heap[i]!];
      i = least;
    }
  }

  const time: Time = {
    now: () => t,
    random() {
      state = (state + 0x6d2b79f5) >>> 0;
      let x = state;
      x = Math.imul(x ^ (x >>> 15), x | 1);
      x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
      return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296;
    },
    between: (least, most) => least + time.random() * (most - least),
    chance: (of) => time.random() < of,
    pick: (from) => from[Math.floor(time.random() * from.length)]!,
    after(ms, work) {
      const due: Due = { at: t + Math.max(0, ms), order: order++, work };
      push(due);
      return () => {
        due.work = null;
      };
    },
    clock: (alive) => ({
      now: () => 1_750_000_000_000 + t,
      monotonic: () => t,
      random: () => time.random(),
      sleep: (ms) =>
        new Promise((resolve) => {
          time.after(ms, () => alive() && resolve());
        }),
      every(ms, work) {
        let cancel = () => {};
        const again = () => {
          cancel = time.after(ms, () => {
            if (!alive()) return;
            // As the real one: never twice at once.
            void Promise.resolve(work()).then(again);
          });
        };
        again();
        return { [Symbol.dispose]: () => cancel() };
      },
    }),
    async step() {
      for (let due = pop(); due; due = pop()) {
        if (!due.work) continue;
        t = due.at;
        due.work();
        await new Promise<void>((resolve) => setImmediate(resolve));
        return true;
      }
      return false;
    },
  };
  return time;
}
