import { Transient } from "#kernel/errors.ts";
import { retry } from "#kernel/retry.ts";
import type { Clock } from "#ports/clock/index.ts";
import { isAway, isRetryable, type Query, type Sql } from "#ports/sql/index.ts";

import { FULL_LOOK_MS_MIN, FULL_LOOK_SHARE } from "./bounds.ts";
import type { JobClass, JobKind } from "./index.ts";
import type * as store from "./store.ts";
import { claim, type ClaimTenants } from "./take.ts";

const BEGINNING = "-infinity";
const FULL_LOOKS_KEPT = 4;
const LOOK_WEIGHT = 0.2;
/** As many of everybody's as there are. */
const ANYBODY: ClaimTenants = { names: [], rooms: [], others: 1_000_000 };
const RETRIES = { tries_max: 8, base_ms: 2, delay_ms_max: 50 };

/**
 * One statement that is a transaction of its own, run again when it lost against another (a row was moved between slots):
 * a third of the round trips of `sql.tx`.
 * @throws Transient when the database is away
 */
export async function single<T>(needs: { sql: Sql; clock: Clock }, work: (query: Query) => Promise<T>): Promise<T> {
  try {
    return await retry(() => work(needs.sql.pool), RETRIES, {
      random: () => needs.clock.random(),
      sleep: (ms) => needs.clock.sleep(ms),
      nature: (error) => (isRetryable(error) ? "transient" : "permanent"),
    });
  } catch (error) {
    if (isAway(error)) throw new Transient("the database is away", { cause: error });
    throw error;
  }
}

export interface ClaimAnswer {
  jobs: store.Claimed[];
  /** There may be more right now. */
  more: boolean;
  /** Ms after which a look from the beginning is due; null when this was one. */
  look_ms: number | null;
  /** Lanes into which this sent jobs. */
  lanes: store.Lane[];
  /** Some were left where they are, because their tenant has its fill on this node. */
  left: boolean;
}

export interface Claims {
  claim(
    of: JobClass,
    kinds: { kind: JobKind; room: number; grouped?: boolean; tenant_ahead?: number }[],
    wanted: number,
    tenants?: ClaimTenants,
  ): Promise<ClaimAnswer>;
}

/**
 * Claims from where the last claim of the same kind and class ended. While an old transaction is open anywhere, PostgreSQL
 * keeps the dead entries of all that was claimed since at the beginning of the index, and each claim would walk over them.
 * What comes to lie before that place (a higher priority, a commit that came late, a job handed back) is found by looks
 * from the beginning. What these take longer than the others may be one part in `FULL_LOOK_SHARE` of the time: in health
 * that is nothing, and they come every few ms. The quickest of the last few counts, for one that a busy machine held up says
 * nothing of the queue.
 */
export function createClaims(needs: { sql: Sql; clock: Clock }): Claims {
  const { sql, clock } = needs;
  const floors = new Map<string, string>();
  const full_at = new Map<JobClass, number>();
  const full_ms: number[] = [];
  let part_ms: number | null = null;
  const array = (values: (string | number)[], type: "TEXT" | "INT") => sql.pool.array(values, type);
  return {
    async claim(of, kinds, wanted, tenants = ANYBODY) {
      const began = clock.monotonic();
      const due = full_at.get(of) ?? 0;
      const full = began >= due;
      const { jobs, more, lanes, left } = await single(needs, (query) =>
        claim(
          query,
          array,
          of,
          {
            names: kinds.map(({ kind }) => kind.name),
            floors: kinds.map(({ kind }) => (full ? BEGINNING : (floors.get(`${of} ${kind.name}`) ?? BEGINNING))),
            room: kinds.map(({ room }) => room),
            lease_ms: kinds.map(({ kind }) => kind.lease_ms),
            grouped: kinds.map(({ grouped = false }) => grouped),
            tenant_ahead: kinds.map(({ tenant_ahead = 0 }) => tenant_ahead),
            tenant_max: kinds.map(({ kind }) => kind.tenant_concurrency_max ?? 0),
          },
          tenants,
          wanted,
        ),
      );
      // They come in order, so the last of a kind is its newest place.
      jobs.forEach(({ kind, sort_at }, at) => {
        if (kind !== jobs[at + 1]?.kind) floors.set(`${of} ${kind}`, sort_at);
      });
      for (const first of left) floors.set(`${of} ${first.kind}`, first.sort_at);
      const took_ms = clock.monotonic() - began;
      if (!full) {
        part_ms = part_ms === null ? took_ms : part_ms + LOOK_WEIGHT * (took_ms - part_ms);
        return { jobs, more, lanes, left: left.length > 0, look_ms: Math.max(0, due - clock.monotonic()) };
      }
      full_ms.push(took_ms);
      if (full_ms.length > FULL_LOOKS_KEPT) full_ms.shift();
      const longer_ms = Math.max(0, Math.min(...full_ms) - (part_ms ?? 0));
      full_at.set(of, clock.monotonic() + Math.max(FULL_LOOK_MS_MIN, longer_ms * FULL_LOOK_SHARE));
      return { jobs, more, lanes, left: left.length > 0, look_ms: null };
    },
  };
}
