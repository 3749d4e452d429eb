import type { SQL } from "bun";

import { type Deadline, isOver, leftMs } from "#kernel/deadline.ts";
import { DeadlinePassed } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

/**
 * Runs one statement for somebody who waits only so long. When they have left or their time is over the server is told to stop it: a
 * statement that nobody waits for holds a connection that others do wait for. For statements that may last; the few µs and, to
 * stop one, the second connection are not worth it for those that take less than a millisecond. Where another statement was already sent
 * behind it on its connection, Bun does not stop it, lest the other be hit: then the caller is let go, and the server's own bound ends it.
 * @throws what the signal was fired with, or `DeadlinePassed`; then the statement was not begun, or was stopped
 */
export async function until<T>(query: SQL.Query<T>, needs: { deadline: Deadline; clock: Clock }): Promise<T> {
  const { deadline, clock } = needs;
  const { signal } = deadline;
  if (isOver(deadline, clock.monotonic())) throw reasonOf(deadline);
  const done = new AbortController();
  const stop = () => void query.cancel();
  signal?.addEventListener("abort", stop, { once: true });
  if (deadline.at_ms !== Infinity) {
    // Its own end only ends the wait for it.
    void clock.sleep(leftMs(deadline, clock.monotonic()), done.signal).then(stop, () => {});
  }
  try {
    return await query;
  } catch (error) {
    throw query.cancelled ? reasonOf(deadline, error) : error;
  } finally {
    done.abort();
    signal?.removeEventListener("abort", stop);
  }
}

export function reasonOf({ signal }: Deadline, cause?: unknown): unknown {
  return signal?.aborted ? signal.reason : new DeadlinePassed("the time for this statement was over", { cause });
}
