import type { Level } from "./levels.ts";

export interface Waiter {
  level: Level;
  since: number;
  /** Its deadline: later than this nobody waits for it. */
  until: number;
  come: () => void;
  refuse: (error: Error) => void;
}

/** Who waits at the gate: the most important first, and of one level who came first. */
export interface Line {
  readonly length: number;
  /** Who waits at this level or a more important one. */
  ahead(level: Level): number;
  push(waiter: Waiter): void;
  /** The next, and leaves it there. */
  first(): Waiter | undefined;
  shift(): Waiter | undefined;
  /** The youngest of the least important below `level`. */
  pushOut(level: Level): Waiter | undefined;
  /** Takes out all that `is_over` says. */
  sweep(is_over: (waiter: Waiter) => boolean): Waiter[];
}

export function createLine(levels: number): Line {
  const queues: Waiter[][] = Array.from({ length: levels }, () => []);
  let length = 0;
  return {
    get length() {
      return length;
    },
    ahead(level) {
      let ahead = 0;
      for (let i = 0; i <= level; i++) ahead += queues[i]!.length;
      return ahead;
    },
    push(waiter) {
      queues[waiter.level]!.push(waiter);
      length += 1;
    },
    first() {
      for (const queue of queues) if (queue.length > 0) return queue[0];
      return undefined;
    },
    shift() {
      for (const queue of queues) {
        if (queue.length === 0) continue;
        length -= 1;
        // At most some hundreds wait, so moving them costs less than a ring would take to read.
        return queue.shift();
      }
      return undefined;
    },
    pushOut(level) {
      for (let i = queues.length - 1; i > level; i--) {
        if (queues[i]!.length === 0) continue;
        length -= 1;
        return queues[i]!.pop();
      }
      return undefined;
    },
    sweep(is_over) {
      const gone: Waiter[] = [];
      for (let i = 0; i < queues.length; i++) {
        if (!queues[i]!.some(is_over)) continue;
        gone.push(...queues[i]!.filter(is_over));
        queues[i] = queues[i]!.filter((waiter) => !is_over(waiter));
      }
      length -= gone.length;
      return gone;
    },
  };
}
