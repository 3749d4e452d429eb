import { notFound } from "#kernel/errors.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { JobRecord } from "#ports/jobs/index.ts";

import { adviceOn } from "./advice.ts";
import { payloadFields, shownReason } from "./conceal.ts";
import type { JobLine, JobSheet, JobsQuery, JobTenant } from "./contract.ts";
import type { DeskNeeds } from "./needs.ts";
import type { Seek } from "./seek.ts";
import { createTenants } from "./tenants.ts";

/** Jobs one by one. */
export interface Records {
  /** The newest first. A page may be short, even empty, before the end: the next one goes on. */
  list(asked: JobsQuery): Promise<Page<JobLine>>;
  /** @throws Problem 404 `job.not_found` */
  sheet(id: string): Promise<JobSheet>;
}

export function createRecords(
  { jobs, people, spaces }: Pick<DeskNeeds, "jobs" | "people" | "spaces">,
  seek: Seek,
): Records {
  const tenants = createTenants({ people, spaces });
  return {
    async list({ limit, cursor, ...of }) {
      const before = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const { records, next } = await seek.page(of, limit, before);
      const named = await tenants.named(records.map(({ tenant }) => tenant));
      return {
        items: records.map((record) => lineOf(record, named)),
        next_cursor: next === null ? null : encodeCursor([next]),
      };
    },

    async sheet(id) {
      const [record, payload] = await Promise.all([jobs.inspect(id), jobs.payloadOf(id)]);
      if (!record) throw notFound("job");
      const line = lineOf(record, await tenants.named([record.tenant]));
      return {
        ...line,
        priority: record.priority,
        tries_max: record.tries_max,
        lease_until: timeOf(record.lease_until),
        is_in_lane: record.waits_for === "tenant",
        payload: payloadFields(payload ?? {}),
        advice: record.state === "dead" ? adviceOn(line.reason ?? "") : null,
        may_replay: record.state === "dead" || record.state === "cancelled",
        may_retry: record.waits_for === "time",
        may_cancel: record.state === "queued" || (record.state === "running" && !record.stop_asked),
      };
    },
  };
}

const timeOf = (at: Date | null) => (at === null ? null : rfc3339(at));

const lineOf = (record: JobRecord, named: Map<string, JobTenant>): JobLine => ({
  id: record.id,
  kind: record.kind,
  class: record.class,
  state: record.state,
  attempt: record.attempt,
  progress: record.progress,
  reason: record.reason === null ? null : shownReason(record.reason),
  enqueued_at: rfc3339(record.enqueued_at),
  ended_at: timeOf(record.ended_at),
  due_at: timeOf(record.due_at),
  deadline_at: timeOf(record.deadline_at),
  waits_for: record.waits_for,
  is_stopping: record.stop_asked,
  tenant: (record.tenant === null ? undefined : named.get(record.tenant)) ?? null,
});
