import { rfc3339 } from "#kernel/time.ts";
import type { JobRecord } from "#ports/jobs/index.ts";

import { adviceOn } from "./advice.ts";
import { DEAD_GROUPED_MAX, DEAD_GROUPS_MAX, PAGE_JOBS } from "./bounds.ts";
import { patternOf, shownReason } from "./conceal.ts";
import type { DeadGroup } from "./contract.ts";
import type { DeskNeeds } from "./needs.ts";

/** What died, by kind and reason. */
export interface Dead {
  groups(): Promise<{ items: DeadGroup[]; jobs: number }>;
  /** Of one kind. */
  count(kind: string): Promise<number>;
}

export function createDead({ jobs }: Pick<DeskNeeds, "jobs">): Dead {
  const countsOf = async (kind: string | null) =>
    (await jobs.counts())
      .filter((row) => row.state === "dead" && (kind ?? row.kind) === row.kind)
      .reduce((sum, row) => sum + row.jobs, 0);

  async function newest(): Promise<JobRecord[]> {
    const found: JobRecord[] = [];
    let before: string | null = null;
    do {
      const page = await jobs.list({ state: "dead", jobs_max: PAGE_JOBS, ...(before === null ? {} : { before }) });
      found.push(...page.jobs);
      before = page.next;
    } while (before !== null && found.length < DEAD_GROUPED_MAX);
    return found;
  }

  return {
    async groups() {
      const total = await countsOf(null);
      if (total === 0) return { items: [], jobs: 0 };
      const groups = Map.groupBy(await newest(), groupKey);
      const items = [...groups.values()].map(groupOf).sort((a, b) => (a.last_at > b.last_at ? -1 : 1));
      return { items: items.slice(0, DEAD_GROUPS_MAX), jobs: total };
    },
    count: (kind) => countsOf(kind),
  };
}

const reasonOf = (record: JobRecord) => shownReason(record.reason ?? "");
const groupKey = (record: JobRecord) => JSON.stringify([record.kind, record.class, patternOf(reasonOf(record))]);
const endOf = (record: JobRecord) => (record.ended_at ?? record.enqueued_at).getTime();

function groupOf(records: JobRecord[]): DeadGroup {
  const newest = records.reduce((a, b) => (endOf(b) > endOf(a) ? b : a));
  const reason = reasonOf(newest);
  return {
    kind: newest.kind,
    class: newest.class,
    reason,
    advice: adviceOn(reason),
    jobs: records.length,
    first_at: rfc3339(Math.min(...records.map(endOf))),
    last_at: rfc3339(endOf(newest)),
    job_id: newest.id,
  };
}
