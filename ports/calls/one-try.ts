import { type Deadline, leftMs } from "#kernel/deadline.ts";
import { DeadlinePassed, Transient } from "#kernel/errors.ts";
import type { Clock } from "#ports/clock/index.ts";

import { LINGER_MS_MAX } from "./bounds.ts";

/** One try that is under way. */
export interface Try<T> {
  /** What it comes to, or why it was given up: its time, the caller's deadline, or that the caller left. */
  readonly answer: Promise<T>;
  /** Resolves when its place is free: it ended, or was told to stop and did not for `LINGER_MS_MAX`. */
  readonly ended: Promise<void>;
  /** Nobody wants it any more. */
  stop(reason: Error): void;
}

/** Why a try was cut by the time that the dependency has, and not by the caller's. */
export class TooSlow extends Transient {
  override readonly name = "TooSlow";
}

/**
 * Begins `work` with a signal of its own. Once it has answered, its signal is left alone: what it handed over (a body that is
 * still read) is not cut by a deadline that was met.
 */
export function beginTry<T>(
  work: (signal: AbortSignal) => Promise<T>,
  { clock, deadline, ms_max }: { clock: Clock; deadline: Deadline; ms_max: number },
): Try<T> {
  const stopping = new AbortController();
  const over = new AbortController();
  const given_up = Promise.withResolvers<never>();
  const asker = deadline.signal;
  const stop = (reason: Error) => {
    if (over.signal.aborted) return;
    given_up.reject(reason);
    stopping.abort(reason);
  };
  const onGone = () => stop(asker!.reason as Error);
  if (asker?.aborted) onGone();
  else asker?.addEventListener("abort", onGone, { once: true });

  const left_ms = leftMs(deadline, clock.monotonic());
  const ms = Math.min(ms_max, left_ms);
  if (ms < Infinity)
    clock.sleep(ms, over.signal).then(
      () =>
        stop(
          left_ms < ms_max ? new DeadlinePassed("no answer came in time") : new TooSlow(`no answer within ${ms} ms`),
        ),
      () => {},
    );

  // In a turn of its own, so that what throws at once fails as what throws later.
  const worked = Promise.resolve(stopping.signal).then(work);
  const answer = Promise.race([worked, given_up.promise]).finally(() => {
    over.abort();
    asker?.removeEventListener("abort", onGone);
  });
  const settled = worked.then(
    () => {},
    () => {},
  );
  const ended = answer.then(
    () => {},
    async () => {
      const quiet = new AbortController();
      await Promise.race([settled, clock.sleep(LINGER_MS_MAX, quiet.signal).catch(() => {})]);
      quiet.abort();
    },
  );
  return { answer, ended, stop };
}
