import { natureOf, retryAfterMs } from "#kernel/errors.ts";
import type { Json, JsonObject } from "#kernel/json.ts";
import { backoffMs, retry } from "#kernel/retry.ts";
import { type Asker, createAsker, isUnasked } from "#ports/calls/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import {
  BACKOFF,
  PAYLOAD_BYTES_MAX,
  PUT_OFF_MS_MIN,
  REASON_CHARS_MAX,
  SETTLE_TRIES_MAX,
  WISH_MS_MAX,
} from "./bounds.ts";
import type { Budget } from "./budget.ts";
import { single } from "./claims.ts";
import type { Ender, Finisher } from "./finish.ts";
import type { JobFailure, JobKind, JobRun } from "./index.ts";
import { askerOfAll, endOf, type KnownKind } from "./many.ts";
import * as store from "./store.ts";

/** The job has another owner, or none any more: this attempt is a zombie, and nothing that it writes counts. */
export class LeaseLost extends Error {
  override readonly name = "LeaseLost";
}

/** Why a running attempt was asked to stop. */
export type StopCause = "cancelled" | "timeout" | "drained" | "lost";

export interface AttemptNeeds {
  sql: Sql;
  clock: Clock;
  budget: Budget;
  finisher: Finisher;
  onFailure: (failure: JobFailure) => void;
}

/** What happens to it, in this order. */
export interface AttemptHooks {
  /** The handler has ended or was left alone. */
  onHandled(attempt: Attempt): void;
  /** The outcome is written down (or lost). */
  onOver(attempt: Attempt, settled: store.Settled): void;
}

type Outcome = { ok: true } | { ok: false; error: unknown } | "still running";

const NOTHING: store.Settled = { ok: false, classes: [] };
const OK: Outcome = { ok: true };

/**
 * One claim being worked on. It holds no timer: the worker's beat looks at the times of all. Most handlers ask for nothing, so
 * what they may ask for (a signal above all, which costs more than the rest of a short attempt) is made when they do.
 */
export class Attempt implements Ender {
  readonly claimed: store.Claimed;
  readonly kind: JobKind;
  readonly needs: AttemptNeeds;
  /** `clock.monotonic()` of its start. */
  began_at = 0;
  /** How long its handler ran, when it has ended. */
  ran_ms = 0;
  /** `clock.monotonic()` of the last moment at which the lease was surely ours. */
  renewed_at: number;
  /** `clock.monotonic()` of when it was told to stop. */
  stopped_at: number | null = null;
  /** Newer than what is stored. */
  progress: number | null = null;
  cause: StopCause | null = null;
  stopping: AbortController | null = null;
  /** Ended by `run.finish`. */
  finished: store.Settled | null = null;
  #hooks: AttemptHooks;
  #asker: Pick<Asker, "giveUp" | "end"> | null = null;
  #handled = false;
  #over: store.Settled | null = null;
  #waiting: (() => void)[] = [];

  /** @param held_since `clock.monotonic()` of the claim */
  constructor(needs: AttemptNeeds, claimed: store.Claimed, kind: JobKind, held_since: number, hooks: AttemptHooks) {
    this.needs = needs;
    this.claimed = claimed;
    this.kind = kind;
    this.renewed_at = held_since;
    this.#hooks = hooks;
  }

  /** Calls the handler. */
  begin(now: number): void {
    // What it asks of others ends with it. Its statements do not: it may still have to write where it stopped.
    const { clock } = this.needs;
    const asker = createAsker({ clock, at_ms: now + this.kind.run_ms_max, statements_too: false });
    this.#asker = asker;
    let handling: Promise<void>;
    try {
      handling = Promise.resolve(asker.run(() => this.kind.handle(this.claimed.payload, new Run(this))));
    } catch (error) {
      handling = Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
    this.#follow(now, handling);
  }

  /** Calls the handler for all of these at once. */
  static beginMany(attempts: readonly Attempt[], kind: KnownKind, now: number): void {
    const batch = attempts.map((attempt) => ({ payload: attempt.claimed.payload, run: new Run(attempt) }));
    const { clock } = attempts[0]!.needs;
    const asker = createAsker({ clock, at_ms: now + kind.run_ms_max, statements_too: false });
    const of_all = askerOfAll(asker, attempts.length);
    const handling = asker.run(() => kind.many!.handle(batch));
    attempts.forEach((attempt, at) => {
      attempt.#asker = of_all;
      attempt.#follow(
        now,
        handling.then((ends) => endOf(ends, at)),
      );
    });
  }

  #follow(now: number, handling: Promise<void>): void {
    this.began_at = now;
    // Owned by the worker's hands until it is over; neither rejects.
    void handling.then(
      () => this.#end(OK),
      (error: unknown) => this.#end({ ok: false, error }),
    );
  }

  /** Goes on without a handler that does not heed its signal. */
  leave(): void {
    this.#end("still running");
  }

  /** Resolves when the outcome is written down (or lost). */
  over(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#over) resolve();
      else this.#waiting.push(resolve);
    });
  }

  reason(): Error {
    return this.cause === "lost"
      ? new LeaseLost(`job ${this.claimed.id} has another owner`)
      : new Error(`the job was stopped: ${this.cause}`);
  }

  stop(why: StopCause): void {
    // To have lost the job overrides every other reason: then nothing may be written down.
    if (this.cause === null || why === "lost") this.cause = why;
    this.stopping?.abort(this.reason());
    if (this.stopped_at === null) this.#asker?.giveUp(this.reason());
    this.stopped_at ??= this.needs.clock.monotonic();
  }

  lost(): LeaseLost {
    this.stop("lost");
    return new LeaseLost(`job ${this.claimed.id} has another owner`);
  }

  #end(outcome: Outcome): void {
    if (this.#handled) return;
    this.#handled = true;
    this.#asker?.end();
    this.#hooks.onHandled(this);
    if (this.finished === null && this.cause === null && outcome === OK) this.needs.finisher.add(this);
    else void this.#settle(outcome);
  }

  /** Never rejects. */
  async #settle(outcome: Outcome): Promise<void> {
    const { lease } = this.claimed;
    // As one that ends by itself it is none of its group any more.
    if (lease && (this.finished || outcome !== OK || this.cause !== null)) lease.left -= 1;
    try {
      this.ended(this.finished ?? (await settle(this.needs, this, this.cause, outcome)));
    } catch (error) {
      const { id, attempt } = this.claimed;
      this.needs.onFailure({ id, kind: this.kind.name, attempt, end: "unsettled", error });
      this.ended(NOTHING);
    }
  }

  ended(settled: store.Settled): void {
    this.#over = settled;
    this.#hooks.onOver(this, settled);
    for (const resolve of this.#waiting) resolve();
  }

  /** By the finisher, which could not write it down: tried again. */
  failed(): void {
    void this.#settle(OK);
  }
}

/** What a handler sees of its attempt. Each of its calls may be taken off it. */
class Run implements JobRun {
  #attempt: Attempt;

  constructor(attempt: Attempt) {
    this.#attempt = attempt;
  }

  get id(): string {
    return this.#attempt.claimed.id;
  }

  get attempt(): number {
    return this.#attempt.claimed.attempt;
  }

  get cursor(): JsonObject | null {
    return this.#attempt.claimed.cursor;
  }

  get signal(): AbortSignal {
    const attempt = this.#attempt;
    if (!attempt.stopping) {
      attempt.stopping = new AbortController();
      if (attempt.cause !== null) attempt.stopping.abort(attempt.reason());
    }
    return attempt.stopping.signal;
  }

  get progress(): JobRun["progress"] {
    return (fraction) => {
      this.#attempt.progress = Math.min(1, Math.max(0, fraction));
    };
  }

  get checkpoint(): JobRun["checkpoint"] {
    const { needs, claimed } = this.#attempt;
    return async (cursor) => {
      checkBytes("a cursor", cursor);
      if (this.#attempt.cause === "lost" || !(await store.updateCursor(needs.sql.pool, claimed, cursor)))
        throw this.#attempt.lost();
    };
  }

  get fenced(): JobRun["fenced"] {
    const { needs, claimed, kind } = this.#attempt;
    return (work) =>
      needs.sql.tx(async (tx) => {
        if (this.#attempt.cause === "lost" || !(await store.hold(tx, claimed, kind.lease_ms)))
          throw this.#attempt.lost();
        return work(tx);
      });
  }

  get finish(): JobRun["finish"] {
    const { needs, claimed } = this.#attempt;
    return async (work) => {
      if (claimed.lease) claimed.apart = true;
      const { result, settled } = await needs.sql.tx(async (tx) => {
        const ended = this.#attempt.cause === "lost" ? NOTHING : await store.end(tx, claimed, "done", null);
        if (!ended.ok) throw this.#attempt.lost();
        return { result: await work(tx), settled: ended };
      });
      this.#attempt.finished = settled;
      return result;
    };
  }
}

/** Writes down how it ended. A database that is away for a moment is waited for; the lease bounds how long that matters. */
function settle(
  needs: AttemptNeeds,
  attempt: Attempt,
  cause: StopCause | null,
  outcome: Outcome,
): Promise<store.Settled> {
  const { claimed, kind } = attempt;
  if (cause === "lost") return Promise.resolve(NOTHING);
  const succeeded = outcome !== "still running" && outcome.ok;
  const write = (): Promise<store.Settled> => {
    if (cause === "cancelled") return single(needs, (query) => store.end(query, claimed, "cancelled", null));
    if (succeeded && cause !== "timeout") return needs.finisher.finish(claimed);
    if (cause === "drained")
      return single(needs, (query) => store.release(query, claimed, { handed_back: true, delay_ms: 0, reason: null }));
    const error =
      outcome === "still running" || outcome.ok ? new Error(`ran longer than ${kind.run_ms_max} ms`) : outcome.error;
    return failed(needs, claimed, kind, error);
  };
  return retry(
    write,
    { tries_max: SETTLE_TRIES_MAX, base_ms: 100, delay_ms_max: 2_000 },
    { random: () => needs.clock.random(), sleep: (ms) => needs.clock.sleep(ms) },
  );
}

/** Tried again after a backoff, later when the kind's retry budget is used up, or buried with the reason. */
export async function failed(
  needs: AttemptNeeds,
  claimed: store.Claimed,
  kind: JobKind,
  error: unknown,
  only_expired = false,
): Promise<store.Settled> {
  const reason = String(error instanceof Error ? error.message : error).slice(0, REASON_CHARS_MAX);
  if (isUnasked(error)) {
    // Nothing was sent, so no try is gone: it comes back when who is away is asked again.
    const delay_ms = Math.min(retryAfterMs(error), WISH_MS_MAX) + PUT_OFF_MS_MIN * (1 + needs.clock.random());
    const settled = await needs.sql.tx((tx: Query) => store.putOff(tx, claimed, { delay_ms, reason, only_expired }));
    if (settled !== null) return settled;
  }
  const spent = natureOf(error) === "permanent" || claimed.attempt >= kind.tries_max;
  const paced_ms = spent ? null : needs.budget.retry(kind);
  const dead = paced_ms === null;
  const wish_ms = Math.min(retryAfterMs(error), WISH_MS_MAX);
  const settled = dead
    ? await bury(
        needs,
        claimed,
        kind,
        spent ? reason : `over the retry budget: ${reason}`.slice(0, REASON_CHARS_MAX),
        only_expired,
      )
    : await single(needs, (query) =>
        store.release(query, claimed, {
          handed_back: false,
          delay_ms: Math.max(
            paced_ms,
            // Who was sent away together must not come back together. It is a stranger's wish, so it has a bound.
            wish_ms +
              backoffMs(wish_ms > 0 ? 0 : claimed.attempt - 1, kind.backoff ?? BACKOFF, () => needs.clock.random()),
          ),
          reason,
          only_expired,
        }),
      );
  if (settled.ok)
    needs.onFailure({ id: claimed.id, kind: kind.name, attempt: claimed.attempt, end: dead ? "dead" : "retry", error });
  return settled;
}

export function bury(
  needs: AttemptNeeds,
  claimed: store.Claimed,
  kind: JobKind,
  reason: string,
  only_expired = false,
): Promise<store.Settled> {
  return needs.sql.tx(async (tx: Query) => {
    const settled = await store.end(tx, claimed, "dead", reason, only_expired);
    if (settled.ok) await kind.onDead?.(tx, claimed.payload, reason);
    return settled;
  });
}

/** @throws RangeError */
export function checkBytes(what: string, value: JsonObject | { [key: string]: Json }): void {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > PAYLOAD_BYTES_MAX)
    throw new RangeError(`${what} has ${bytes} bytes; it has at most ${PAYLOAD_BYTES_MAX}`);
}
