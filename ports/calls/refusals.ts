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

/** Whether nothing was sent, so that whoever counts tries need not count this one. */
export const isUnasked = (error: unknown): error is DependencyAway | DependencyBusy | TooLateToAsk =>
  error instanceof DependencyAway || error instanceof DependencyBusy || error instanceof TooLateToAsk;
