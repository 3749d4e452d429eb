import { natureOf, Problem } from "#kernel/errors.ts";
import type { Json, JsonObject } from "#kernel/json.ts";
import { backoffMs, retry } from "#kernel/retry.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { BACKOFF, PAYLOAD_BYTES_MAX, REASON_CHARS_MAX, SETTLE_TRIES_MAX } from "./bounds.ts";
import type { Budget } from "./budget.ts";
import { single } from "./claims.ts";
import type { Finisher } from "./finish.ts";
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
  budget: Budget;
  finisher: Finisher;
  onFailure: (failure: JobFailure) => void;
}

/** One claim being worked on. It holds no timer: the worker's beat looks at the times of all. */
export interface Attempt {
  claimed: store.Claimed;
  kind: JobKind;
  /** `clock.monotonic()` of its start. */
  began_at: number;
  /** `clock.monotonic()` of the last moment at which the lease was surely ours. */
  renewed_at: number;
  /** `clock.monotonic()` of when it was told to stop. */
  stopped_at: number | null;
  /** Newer than what is stored. */
  progress: number | null;
  stop(cause: StopCause): void;
  /** Goes on without a handler that does not heed its signal. */
  leave(): void;
  /** Settles when the handler has ended or was left alone; never rejects. */
  handled: Promise<void>;
  /** Settles when the outcome is written down (or lost); never rejects. */
  over: Promise<store.Settled>;
}

type Outcome = { ok: true } | { ok: false; error: unknown } | "still running";

const NOTHING: store.Settled = { ok: false, classes: [] };

/** @param held_since `clock.monotonic()` of the claim */
export function startAttempt(needs: AttemptNeeds, claimed: store.Claimed, kind: JobKind, held_since: number): Attempt {
  const { sql, clock } = needs;
  // Most handlers ask for no signal, and one costs more than all the rest of a short attempt.
  let stopping: AbortController | null = null;
  let cause: StopCause | null = null;
  let finished: store.Settled | null = null;
  const left = Promise.withResolvers<Outcome>();

  const reason = (): Error =>
    cause === "lost"
      ? new LeaseLost(`job ${claimed.id} has another owner`)
      : new Error(`the job was stopped: ${cause}`);
  const stop = (why: StopCause) => {
    // To have lost the job overrides every other reason: then nothing may be written down.
    if (cause === null || why === "lost") cause = why;
    attempt.stopped_at ??= clock.monotonic();
    stopping?.abort(reason());
  };
  const lost = () => {
    stop("lost");
    return new LeaseLost(`job ${claimed.id} has another owner`);
  };
  const run: JobRun = {
    id: claimed.id,
    attempt: claimed.attempt,
    get signal() {
      if (!stopping) {
        stopping = new AbortController();
        if (cause !== null) stopping.abort(reason());
      }
      return stopping.signal;
    },
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
    async finish(work) {
      const { result, settled } = await sql.tx(async (tx) => {
        const ended = cause === "lost" ? NOTHING : await store.end(tx, claimed, "done", null);
        if (!ended.ok) throw lost();
        return { result: await work(tx), settled: ended };
      });
      finished = settled;
      return result;
    },
  };

  async function handle(): Promise<Outcome> {
    try {
      await kind.handle(claimed.payload, run);
      return { ok: true };
    } catch (error) {
      return { ok: false, error };
    }
  }

  const outcome = Promise.race([Promise.resolve().then(handle), left.promise]);
  async function end(): Promise<store.Settled> {
    const ended = await outcome;
    try {
      return finished ?? (await settle(needs, attempt, cause, ended));
    } catch (error) {
      needs.onFailure({ id: claimed.id, kind: kind.name, attempt: claimed.attempt, end: "unsettled", error });
      return NOTHING;
    }
  }

  const attempt: Attempt = {
    claimed,
    kind,
    began_at: clock.monotonic(),
    renewed_at: held_since,
    stopped_at: null,
    progress: null,
    stop,
    leave: () => left.resolve("still running"),
    handled: outcome.then(() => {}),
    over: Promise.resolve(NOTHING),
  };
  attempt.over = end();
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
  const spent = natureOf(error) === "permanent" || claimed.attempt >= kind.tries_max;
  const paced_ms = spent ? null : needs.budget.retry(kind);
  const dead = paced_ms === null;
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
