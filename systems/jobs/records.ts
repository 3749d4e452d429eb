import { notFound } from "#kernel/errors.ts";
import { isId, type PersonId, type SpaceId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { JobRecord } from "#ports/jobs/index.ts";

import { adviceOn } from "./advice.ts";
import { payloadFields, shownReason } from "./conceal.ts";
import type { JobClass, JobLine, JobSheet, JobState } from "./contract.ts";
import type { DeskNeeds } from "./needs.ts";

export interface JobsAsked {
  state: JobState;
  class?: JobClass | undefined;
  kind?: string | undefined;
  limit: number;
  cursor?: string | undefined;
}

/** Jobs one by one. */
export interface Records {
  list(asked: JobsAsked): Promise<Page<JobLine>>;
  /** @throws Problem 404 `job.not_found` */
  sheet(id: string): Promise<JobSheet>;
}

export function createRecords({ jobs, people, spaces }: Pick<DeskNeeds, "jobs" | "people" | "spaces">): Records {
  async function tenantOf(name: string | null): Promise<JobSheet["tenant"]> {
    if (name === null) return null;
    // A person's and a space's ids come from one source, so no number is both.
    const [person, space] = isId(name)
      ? await Promise.all([people.cards([name as PersonId]), spaces.cards([name as SpaceId])])
      : [new Map(), new Map()];
    return { name, person: person.get(name as PersonId) ?? null, space: space.get(name as SpaceId) ?? null };
  }

  return {
    async list({ limit, cursor, state, class: of, kind }) {
      const page = await jobs.list({
        state,
        jobs_max: limit,
        ...(of === undefined ? {} : { class: of }),
        ...(kind === undefined ? {} : { kind }),
        ...(cursor === undefined ? {} : { before: String(decodeCursor(cursor, ["id"])[0]) }),
      });
      return {
        items: page.jobs.map(lineOf),
        next_cursor: page.next === null ? null : encodeCursor([page.next]),
      };
    },

    async sheet(id) {
      const [record, payload] = await Promise.all([jobs.inspect(id), jobs.payloadOf(id)]);
      if (!record) throw notFound("job");
      const line = lineOf(record);
      const timeOf = (at: Date | null) => (at === null ? null : rfc3339(at));
      return {
        ...line,
        priority: record.priority,
        tries_max: record.tries_max,
        due_at: timeOf(record.due_at),
        deadline_at: timeOf(record.deadline_at),
        lease_until: timeOf(record.lease_until),
        is_stopping: record.stop_asked,
        is_in_lane: record.waits_for === "tenant",
        tenant: await tenantOf(record.tenant),
        payload: payloadFields(payload ?? {}),
        advice: record.state === "dead" ? adviceOn(line.reason ?? "") : null,
        may_replay: record.state === "dead" || record.state === "cancelled",
        may_retry: record.waits_for === "time",
        may_cancel: record.state === "queued" || (record.state === "running" && !record.stop_asked),
      };
    },
  };
}

export const lineOf = (record: JobRecord): JobLine => ({
  id: record.id,
  kind: record.kind,
  class: record.class,
  state: record.state,
  attempt: record.attempt,
  progress: record.progress,
  reason: record.reason === null ? null : shownReason(record.reason),
  enqueued_at: rfc3339(record.enqueued_at),
  ended_at: record.ended_at === null ? null : rfc3339(record.ended_at),
});
