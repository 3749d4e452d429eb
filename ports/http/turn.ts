import { Problem } from "#kernel/errors.ts";
import type { Load, Rank } from "#ports/load/index.ts";

export const gone = () => new Problem(499, "request.gone", "The caller left.");

/**
 * Runs `work` when it is its turn and holds a place meanwhile. For what may take long without being work (a file that comes, news that are
 * waited for) `work` is nothing: then it has its turn as all others, and keeps no place from them.
 * @throws Problem 503 as `Load.enter`, 499 where the caller left while it waited
 */
export async function inTurn<T>(
  load: Load | undefined,
  rank: Rank,
  by: { request: Request; from: () => string; left_ms?: number },
  work: () => T | Promise<T>,
): Promise<T> {
  if (!load) return work();
  const turn = load.enter(rank, by.left_ms ?? Infinity, by.from);
  if (turn !== null) await turn;
  try {
    // Who left while it waited is many, where many wait: for them nothing is begun.
    if (turn !== null && by.request.signal.aborted) throw gone();
    return await work();
  } finally {
    load.leave(rank);
  }
}
