/** Lets so many at once do something; the others wait in the order in which they came. */
export interface Turns {
  /** Runs `work` when its turn has come. */
  take<T>(work: () => Promise<T>): Promise<T>;
  readonly waiting: number;
}

export function createTurns(at_once_max: number): Turns {
  const queue: (() => void)[] = [];
  let first = 0;
  let running = 0;
  return {
    get waiting() {
      return queue.length - first;
    },
    async take(work) {
      if (running < at_once_max) running += 1;
      // Whoever ends hands their place on, so that nobody gets in between.
      else await new Promise<void>((resolve) => queue.push(resolve));
      try {
        return await work();
      } finally {
        const next = queue[first];
        if (next) {
          first += 1;
          // Now and then, because taking the first of a long array away costs its length.
          if (first === queue.length || first > 1_024) {
            queue.splice(0, first);
            first = 0;
          }
          next();
        } else running -= 1;
      }
    },
  };
}
