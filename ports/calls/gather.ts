import { type Deadline, isOver, NO_DEADLINE, soonest, within } from "#kernel/deadline.ts";
import { DeadlinePassed, retryAfterMs } from "#kernel/errors.ts";
import { createTurns } from "#kernel/turns.ts";
import type { Clock } from "#ports/clock/index.ts";

import { createAsker, deadlineHere } from "./asker.ts";
import { PARTS_AT_ONCE_MAX, PARTS_MAX } from "./bounds.ts";
import { beginTry } from "./one-try.ts";

/** One part of an answer that is made of several. */
export type Part =
  | { status: "ok" }
  /** `late`: its time was over. `failed`: it broke. `retry_after_ms` is 0 where nobody knows. */
  | { status: "late" | "failed"; retry_after_ms: number };

export interface Gathered<T extends object> {
  /** `partial` as soon as one part is not there; who answers with it says so. */
  status: "ok" | "partial";
  /** Of each part that was asked for, by its name. */
  components: { [name in keyof T]: Part };
  /** What came. */
  values: Partial<T>;
}

export interface GatherNeeds {
  clock: Clock;
  /** For all of them together. */
  ms_max: number;
  /** Beside that of who waits for what runs here; the sooner counts. */
  deadline?: Deadline;
  at_once_max?: number;
  /** Told of each failure, which would otherwise be seen by nobody. */
  onFailed: (name: string, error: unknown) => void;
}

/**
 * Asks for all parts, so many at once, and gives what came in time. Those that did not are told to stop, and so are their
 * statements and calls.
 * @throws RangeError for more than `PARTS_MAX`; the reason of the deadline's signal when who asked leaves
 */
export async function gather<T extends object>(
  parts: { [name in keyof T]: (signal: AbortSignal) => Promise<T[name]> },
  { clock, ms_max, deadline: given = NO_DEADLINE, at_once_max = PARTS_AT_ONCE_MAX, onFailed }: GatherNeeds,
): Promise<Gathered<T>> {
  const names = Object.keys(parts) as (keyof T & string)[];
  if (names.length > PARTS_MAX) throw new RangeError(`${names.length} parts are more than ${PARTS_MAX}`);
  const deadline = soonest(given, deadlineHere());
  const whole = within(deadline, clock.monotonic(), ms_max);
  const turns = createTurns(at_once_max);
  const components = {} as { [name in keyof T]: Part };
  const values: Partial<T> = {};
  const one = async (name: keyof T & string): Promise<void> => {
    const asker = createAsker({ clock, at_ms: whole.at_ms });
    try {
      values[name] = await turns.take(() => {
        whole.signal?.throwIfAborted();
        // Whose turn came too late is not begun.
        if (isOver(whole, clock.monotonic())) throw new DeadlinePassed("its turn did not come in time");
        return asker.run(() => beginTry(parts[name], { clock, deadline: whole, ms_max: Infinity }).answer);
      });
      asker.end();
      components[name] = { status: "ok" };
    } catch (error) {
      asker.giveUp(error instanceof Error ? error : new Error(String(error)));
      deadline.signal?.throwIfAborted();
      onFailed(name, error);
      const status = error instanceof DeadlinePassed ? "late" : "failed";
      components[name] = { status, retry_after_ms: retryAfterMs(error) };
    }
  };
  await Promise.all(names.map(one));
  const whole_answer = names.every((name) => components[name].status === "ok");
  return { status: whole_answer ? "ok" : "partial", components, values };
}
