/**
 * By when an answer is wanted, and how to learn that nobody wants it any more. A small plain value that goes down the call
 * tree: whoever calls further gives it on, or a sooner one. It is of one process; its moment means nothing in another.
 */
export interface Deadline {
  /** On the monotonic clock, in ms; `Infinity` where nobody set one. */
  readonly at_ms: number;
  /**
   * Fires when who asked has left or was given up. Whoever made the deadline may make the signal only when it is first read,
   * so read it once and only where work is begun that it could end. Null: nobody leaves.
   */
  readonly signal: AbortSignal | null;
}

export const NO_DEADLINE: Deadline = Object.freeze({ at_ms: Infinity, signal: null });

/** @param now_ms of the monotonic clock */
export const deadlineIn = (now_ms: number, ms: number, signal: AbortSignal | null = null): Deadline => ({
  at_ms: now_ms + Math.max(0, ms),
  signal,
});

/** For callers that know who may leave, but not by when. */
export const untilGone = (signal: AbortSignal | null | undefined): Deadline =>
  signal ? { at_ms: Infinity, signal } : NO_DEADLINE;

/** Never below 0; `Infinity` where there is none. */
export const leftMs = (deadline: Deadline, now_ms: number): number => Math.max(0, deadline.at_ms - now_ms);

/** Its time is over or who asked has left: what is begun now is begun for nobody. */
export const isOver = (deadline: Deadline, now_ms: number): boolean =>
  deadline.at_ms <= now_ms || deadline.signal?.aborted === true;

/** Of one step: at most `ms` from now, and never later than the whole. */
export function within(deadline: Deadline, now_ms: number, ms: number): Deadline {
  const at_ms = now_ms + Math.max(0, ms);
  return at_ms < deadline.at_ms ? withMoment(deadline, at_ms) : deadline;
}

/** Of two who wait for the same work: it ends with whoever is first. */
export function soonest(one: Deadline, other: Deadline): Deadline {
  if (one === NO_DEADLINE || one === other) return other;
  if (other === NO_DEADLINE) return one;
  let both: AbortSignal | null | undefined;
  return {
    at_ms: Math.min(one.at_ms, other.at_ms),
    get signal() {
      if (both === undefined) {
        const [a, b] = [one.signal, other.signal];
        both = a && b && a !== b ? AbortSignal.any([a, b]) : (a ?? b);
      }
      return both;
    },
  };
}

/** Leaves the caller `ms` to use the answer: a step that answers in the last moment answers too late. */
export const keepingBack = (deadline: Deadline, ms: number): Deadline =>
  deadline.at_ms === Infinity || ms <= 0 ? deadline : withMoment(deadline, deadline.at_ms - ms);

/** The signal stays unread, so that it stays unmade where nobody needs it. */
const withMoment = (of: Deadline, at_ms: number): Deadline => ({
  at_ms,
  get signal() {
    return of.signal;
  },
});
