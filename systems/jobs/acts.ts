import { conflict, notFound } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { JobRecord } from "#ports/jobs/index.ts";
import { isUniqueViolation } from "#ports/sql/index.ts";

import { REPLAY_JOBS_MAX } from "./bounds.ts";
import type { Dead } from "./dead.ts";
import type { DeskNeeds } from "./needs.ts";

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
}

export function createActs({ sql, jobs, audit }: Pick<DeskNeeds, "sql" | "jobs" | "audit">, dead: Dead): Acts {
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
  };
}

/** Another job of the same unique key was committed while this one was put back: nothing was done. */
function unlessDoubled(error: unknown): false {
  if (isUniqueViolation(error)) return false;
  throw error;
}

const lives = ({ state }: JobRecord) => state === "queued" || state === "running";
const ended = () => conflict("job.ended", "This job has ended already. A dead or cancelled one can be replayed.");
