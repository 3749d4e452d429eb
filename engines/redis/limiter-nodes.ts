import type { Clock } from "#ports/clock/index.ts";

/** Whoever counts the nodes may stand still; nothing here waits longer for that. */
export const COUNT_MS_MAX = 250;
export const NODES_MAX = 10_000;

/** How many nodes share the limits, as far as that can be told: a number that cannot be, and one that does not come, leaves the one before. */
export function countNodes({ clock, liveNodes }: { clock: Clock; liveNodes: () => Promise<number> }) {
  let nodes = 1;
  let counting: Promise<void> | null = null;

  /** One at a time, however long it takes. Its failures are those of who counts, and are seen there. */
  const count = () =>
    (counting ??= liveNodes()
      .then(
        (told) => {
          if (Number.isInteger(told) && told >= 1 && told <= NODES_MAX) nodes = told;
        },
        () => {},
      )
      .finally(() => (counting = null)));

  return {
    async nodes(): Promise<number> {
      const ended = new AbortController();
      await Promise.race([count(), clock.sleep(COUNT_MS_MAX, ended.signal).catch(() => {})]);
      ended.abort();
      return nodes;
    },
  };
}
