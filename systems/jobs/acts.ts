import { conflict, notFound, Problem } from "#kernel/errors.ts";
import { BIGINT_MAX, type PersonId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { JobRecord } from "#ports/jobs/index.ts";
import { isUniqueViolation } from "#ports/sql/index.ts";

import { ACT_JOBS_MAX, REPLAY_JOBS_MAX } from "./bounds.ts";
import type { JobAct, JobsSought, JobState } from "./contract.ts";
import type { Dead } from "./dead.ts";
import type { DeskNeeds } from "./needs.ts";
import type { Seek } from "./seek.ts";

/**
 * What an admin does about jobs. Each act and its line in the house's log are one transaction; one that changes nothing,
 * because it was done already, is answered like the first and is no line.
 * @param by null: the command line
 */
export interface Acts {
  /** @throws Problem 404 `job.not_found`, 409 `job.not_dead`, 409 `job.another_lives` */
  replay(by: PersonId | null, id: string): Promise<void>;
  /** The longest dead of a kind first, `REPLAY_JOBS_MAX` at most. */
  replayKind(by: PersonId | null, kind: string): Promise<{ replayed: number; left: number }>;
  /** @throws Problem 404 `job.not_found`, 409 `job.ended` */
  retry(by: PersonId | null, id: string): Promise<void>;
  /** @throws Problem 404 `job.not_found`, 409 `job.ended` */
  cancel(by: PersonId | null, id: string): Promise<void>;
  /**
   * All that are meant and no newer than `newest_id`, `ACT_JOBS_MAX` at most and the newest first; one transaction, one line.
   * What the act does not fit any more (it ended, another lives) is passed over.
   * @param before where the call before ended
   * @returns where to go on; null when all were dealt with
   * @throws Problem 422 `job.act_unfit`
   */
  many(
    by: PersonId | null,
    act: JobAct,
    of: JobsSought,
    bounds: { newest_id: string; before: string | null },
  ): Promise<{ changed: number; next: string | null }>;
}

/** What may be done to jobs of which state, and how it is called in the log. */
const ACTS: Record<JobAct, { to: readonly JobState[]; what: string }> = {
  replay: { to: ["dead", "cancelled"], what: "job.replayed_many" },
  retry: { to: ["queued"], what: "job.retried_many" },
  cancel: { to: ["queued", "running"], what: "job.cancelled_many" },
};
/** Two who put the same work back at the same moment; the second look sees what the first did. */
const DOUBLED_TRIES_MAX = 3;

export function createActs(
  { sql, jobs, audit }: Pick<DeskNeeds, "sql" | "jobs" | "audit">,
  dead: Dead,
  seek: Seek,
): Acts {
  const changes = { replay: jobs.replay, retry: jobs.retryNow, cancel: jobs.cancel };

  async function recordOf(id: string): Promise<JobRecord> {
    const record = await jobs.inspect(id);
    if (!record) throw notFound("job");
    return record;
  }

  /** @returns whether it did anything */
  function act(by: PersonId | null, what: string, record: JobRecord, change: typeof jobs.replay): Promise<boolean> {
    return sql.tx(async (tx) => {
      if (!(await change(tx, record.id))) return false;
      await audit.append(tx, { by, what, detail: { job_id: record.id, job_kind: record.kind } });
      return true;
    });
  }

  return {
    async replay(by, id) {
      const record = await recordOf(id);
      if (lives(record) || (await act(by, "job.replayed", record, jobs.replay).catch(unlessDoubled))) return;
      const now = await recordOf(id);
      if (lives(now)) return;
      if (now.state === "done")
        throw conflict("job.not_dead", "This job ended well, so there is nothing to run again.");
      throw conflict(
        "job.another_lives",
        "Another job for the same thing is in the queue already, and does what this one would.",
      );
    },

    async replayKind(by, kind) {
      const replayed = await sql.tx(async (tx) => {
        const count = await jobs.replayAll(tx, kind, REPLAY_JOBS_MAX);
        if (count > 0)
          await audit.append(tx, { by, what: "job.replayed_all", detail: { job_kind: kind, jobs: count } });
        return count;
      });
      return { replayed, left: await dead.count(kind) };
    },

    async retry(by, id) {
      const record = await recordOf(id);
      if (await act(by, "job.retried", record, jobs.retryNow)) return;
      if (!lives(await recordOf(id))) throw ended();
    },

    async cancel(by, id) {
      const record = await recordOf(id);
      if (record.state === "cancelled" || record.stop_asked) return;
      if (await act(by, "job.cancelled", record, jobs.cancel)) return;
      if ((await recordOf(id)).state !== "cancelled") throw ended();
    },

    async many(by, act, of, { newest_id, before }) {
      const { to, what } = ACTS[act];
      if (!to.includes(of.state))
        throw new Problem(
          422,
          "job.act_unfit",
          `Jobs that are ${of.state} cannot be told to ${act}; ${to.join(" and ")} ones can.`,
        );
      const { records, next } = await seek.page(of, ACT_JOBS_MAX, startOf(newest_id, before));
      const asked = records.filter((record) => act !== "cancel" || !record.stop_asked);
      for (let tries = 1; ; tries++) {
        try {
          return { changed: await changeAll(by, act, what, of, asked), next };
        } catch (error) {
          if (!isUniqueViolation(error) || tries === DOUBLED_TRIES_MAX) throw error;
        }
      }
    },
  };

  function changeAll(by: PersonId | null, act: JobAct, what: string, of: JobsSought, records: JobRecord[]) {
    return sql.tx(async (tx) => {
      let changed = 0;
      for (const { id } of records) if (await changes[act](tx, id)) changed += 1;
      if (changed > 0) await audit.append(tx, { by, what, detail: detailOf(of, changed) });
      return changed;
    });
  }
}

/** The port's pages begin before a number; whatever the cursor says, none is newer than the newest. */
function startOf(newest_id: string, before: string | null): string | null {
  const after = BigInt(newest_id) + 1n;
  const start = before === null || BigInt(before) > after ? after : BigInt(before);
  return start > BIGINT_MAX ? null : String(start);
}

/** Which were meant, as it was asked. Reasons are left out: what is asked for in them is in the reasons themselves. */
const detailOf = ({ state, class: of, kind, tenant, since, until }: JobsSought, jobs: number): JsonObject => ({
  jobs,
  job_state: state,
  ...(of === undefined ? {} : { job_class: of }),
  ...(kind === undefined ? {} : { job_kind: kind }),
  ...(tenant === undefined ? {} : { tenant }),
  ...(since === undefined ? {} : { since }),
  ...(until === undefined ? {} : { until }),
});

/** Another job of the same unique key was committed while this one was put back: nothing was done. */
function unlessDoubled(error: unknown): false {
  if (isUniqueViolation(error)) return false;
  throw error;
}

const lives = ({ state }: JobRecord) => state === "queued" || state === "running";
const ended = () => conflict("job.ended", "This job has ended already. A dead or cancelled one can be replayed.");
