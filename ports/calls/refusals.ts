import { DeadlinePassed, Throttled, Transient } from "#kernel/errors.ts";

/** Nothing was sent: it did not answer others a moment ago. */
export class DependencyAway extends Transient {
  override readonly name = "DependencyAway";
  readonly dependency: string;

  constructor(dependency: string, retry_after_ms: number) {
    super(`${dependency} was not asked: it did not answer a moment ago`, { retry_after_ms });
    this.dependency = dependency;
  }
}

/** Nothing was sent: too many others ask, and the answer would have come too late. */
export class DependencyBusy extends Throttled {
  override readonly name = "DependencyBusy";
  readonly dependency: string;

  constructor(dependency: string, retry_after_ms: number) {
    super(`${dependency} was not asked: too many others wait for it`, { retry_after_ms });
    this.dependency = dependency;
  }
}

/** Nothing was sent: the deadline passed before there was a place. */
export class TooLateToAsk extends DeadlinePassed {}

/** Whose words are given on are looked through so far. */
const CAUSES_MAX = 4;

/** Whether nothing was sent, also where that is only why something else failed: whoever counts tries need not count this one. */
export function isUnasked(error: unknown): error is Transient {
  for (let at = error, i = 0; at instanceof Transient && i < CAUSES_MAX; at = at.cause, i++)
    if (at instanceof DependencyAway || at instanceof DependencyBusy || at instanceof TooLateToAsk) return true;
  return false;
}
