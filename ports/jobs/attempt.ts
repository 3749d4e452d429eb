import { Problem, temperOf } from "#kernel/errors.ts";
import type { Json, JsonObject } from "#kernel/json.ts";
import { backoffMs, retry } from "#kernel/retry.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { BACKOFF, GRACE_MS, PAYLOAD_BYTES_MAX, REASON_CHARS_MAX, SETTLE_TRIES_MAX } from "./bounds.ts";
import { single } from "./claims.ts";
import type { JobFailure, JobKind, JobRun } from "./index.ts";
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
  onFailure: (failure: JobFailure) => void;
}

/** One claim being worked on. */
export interface Attempt {
  claimed: store.Claimed;
  kind: JobKind;
  /** `clock.monotonic()` of the last moment at which the lease was surely ours. */
  renewed_at: number;
  /** Newer than what is stored. */
  progress: number | null;
  stop(cause: StopCause): void;
  /** Settles when the outcome is written down (or lost) and the worker is free; never rejects. */
  over: Promise<store.Settled>;
}

type Outcome = { ok: true } | { ok: false; error: unknown } | "still running";

const NOTHING: store.Settled = { ok: false, classes: [] };

export function startAttempt(needs: AttemptNeeds, claimed: store.Claimed, kind: JobKind): Attempt {
  const { sql, clock } = needs;
  const stopping = new AbortController();
  let cause: StopCause | null = null;

  const stop = (why: StopCause) => {
    // To have lost the job overrides every other reason: then nothing may be written down.
    if (cause === null || why === "lost") cause = why;
    stopping.abort(
      why === "lost" ? new LeaseLost(`job ${claimed.id} has another owner`) : new Error(`the job was stopped: ${why}`),
    );
  };
  const lost = () => {
    stop("lost");
    return new LeaseLost(`job ${claimed.id} has another owner`);
  };
  const run: JobRun = {
    id: claimed.id,
    attempt: claimed.attempt,
    signal: stopping.signal,
    cursor: claimed.cursor,
    progress(fraction) {
      attempt.progress = Math.min(1, Math.max(0, fraction));
    },
    async checkpoint(cursor) {
      checkBytes("a cursor", cursor);
      if (cause === "lost" || !(await store.updateCursor(sql.pool, claimed, cursor))) throw lost();
    },
    fenced: (work) =>
      sql.tx(async (tx) => {
        if (cause === "lost" || !(await store.hold(tx, claimed, kind.lease_ms))) throw lost();
        return work(tx);
      }),
  };

  async function work(): Promise<store.Settled> {
    const ended = new AbortController();
    const handled: Promise<Outcome> = Promise.resolve()
      .then(() => kind.handle(claimed.payload, run))
      .then(
        () => ({ ok: true }),
        (error: unknown) => ({ ok: false, error }),
      );
    const timer = clock.sleep(kind.run_ms_max, ended.signal).then(
      () => stop("timeout"),
      () => {},
    );
    const grace = new Promise<Outcome>((resolve) => {
      stopping.signal.addEventListener("abort", () => {
        void clock.sleep(GRACE_MS, ended.signal).then(
          () => resolve("still running"),
          () => {},
        );
      });
    });
    const outcome = await Promise.race([handled, grace]);
    ended.abort(new Error("ended"));
    await timer;
    try {
      return await settle(needs, attempt, cause, outcome);
    } catch (error) {
      needs.onFailure({ id: claimed.id, kind: kind.name, attempt: claimed.attempt, end: "unsettled", error });
      return NOTHING;
    }
  }

  const attempt: Attempt = {
    claimed,
    kind,
    renewed_at: clock.monotonic(),
    progress: null,
    stop,
    over: Promise.resolve(NOTHING),
  };
  attempt.over = work();
  return attempt;
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
    if (succeeded && cause !== "timeout") return single(needs, (query) => store.end(query, claimed, "done", null));
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

/** Tried again after a backoff, or buried with the reason. */
export async function failed(
  needs: AttemptNeeds,
  claimed: store.Claimed,
  kind: JobKind,
  error: unknown,
  only_expired = false,
): Promise<store.Settled> {
  const reason = String(error instanceof Error ? error.message : error).slice(0, REASON_CHARS_MAX);
  const dead = temperOf(error) === "permanent" || claimed.attempt >= kind.tries_max;
  const settled = dead
    ? await bury(needs, claimed, kind, reason, only_expired)
    : await single(needs, (query) =>
        store.release(query, claimed, {
          handed_back: false,
          delay_ms: Math.max(
            backoffMs(claimed.attempt - 1, kind.backoff ?? BACKOFF, () => needs.clock.random()),
            1000 * (error instanceof Problem ? (error.extras.retry_after_s ?? 0) : 0),
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
