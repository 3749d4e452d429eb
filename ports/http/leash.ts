import type { Deadline } from "#kernel/deadline.ts";
import { Problem } from "#kernel/errors.ts";
import { createAsker } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";

/**
 * What ends a request before its work does: its deadline, or that the caller left. Most requests are done in less than a
 * millisecond, and a signal, a listener on the connection and a race cost each of them 10 µs: so the connection is listened
 * to only from `LISTEN_AFTER_MS` on, and a signal is made for who asks for it.
 */
export interface Leash extends Deadline {
  /** @throws Problem 503 `request.deadline`, 499 `request.gone`: what is begun now is begun for nobody */
  check(): void;
  /** Fires when the request is given up. */
  readonly signal: AbortSignal;
  /**
   * What `work` comes to, or the reason for giving up if that is first. What was begun goes on in the background; a handler's
   * own signal tells it to stop.
   */
  hold<T>(work: Promise<T>): Promise<T>;
  /** Runs `work` for who asked: what it asks of the database and of others is stopped, or not begun, once the request was given up. */
  run<T>(work: () => T): T;
  /** The request has been answered. */
  end(): void;
}

/** Whoever leaves is noticed so late at most. */
export const LISTEN_AFTER_MS = 10;

/**
 * @param at_ms on the clock's monotonic time
 * @param writes what was begun is then carried through though its caller left: they will ask what became of it
 */
export function createLeash(request: Request, clock: Clock, at_ms: number, writes: boolean): Leash {
  const asker = createAsker({ clock, at_ms });
  const deadline_ms = Math.max(0, at_ms - clock.monotonic());
  let controller: AbortController | null = null;
  let reason: Problem | null = null;
  let refuse: ((reason: Problem) => void) | null = null;
  let is_listening = false;

  function giveUp(problem: Problem) {
    if (reason !== null) return;
    reason = problem;
    controller?.abort(problem);
    if (problem.status === 503 || !writes) asker.giveUp(problem);
    refuse?.(problem);
  }
  const onGone = () => giveUp(new Problem(499, "request.gone", "The caller left."));
  const onDeadline = () =>
    giveUp(
      new Problem(503, "request.deadline", "This took too long and was given up. Try again.", { retry_after_s: 1 }),
    );
  let timer =
    deadline_ms <= LISTEN_AFTER_MS
      ? setTimeout(onDeadline, deadline_ms)
      : setTimeout(() => {
          timer = setTimeout(onDeadline, deadline_ms - LISTEN_AFTER_MS);
          is_listening = true;
          if (request.signal.aborted) onGone();
          else request.signal.addEventListener("abort", onGone, { once: true });
        }, LISTEN_AFTER_MS);

  return {
    at_ms,
    check() {
      // A timer comes late where the loop is, and then there is nobody left to work for.
      if (reason === null && clock.monotonic() >= at_ms) onDeadline();
      if (reason !== null) throw reason;
    },
    get signal() {
      if (controller === null) {
        controller = new AbortController();
        if (reason !== null) controller.abort(reason);
      }
      return controller.signal;
    },
    hold: (work) =>
      new Promise((resolve, reject) => {
        // Settled either way: what fails after it was given up is nobody's surprise.
        work.then(resolve, reject);
        if (reason === null) refuse = reject;
        else reject(reason);
      }),
    run: (work) => asker.run(work),
    end() {
      if (reason === null) asker.end();
      clearTimeout(timer);
      refuse = null;
      if (is_listening) request.signal.removeEventListener("abort", onGone);
    },
  };
}
