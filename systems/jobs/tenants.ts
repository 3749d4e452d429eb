import { isId, type PersonId, type SpaceId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { JobRecord, JobState } from "#ports/jobs/index.ts";

import { PAGE_JOBS, TENANT_DONE_JOBS, TENANT_JOBS_MAX, TENANTS_MAX } from "./bounds.ts";
import type { JobTenant, Tenants as Told } from "./contract.ts";
import type { DeskNeeds } from "./needs.ts";

/** For whom jobs are. */
export interface Tenants {
  /** As people write it: `@handle`, the name of a space in its address, or a number as jobs tell it. */
  nameOf(written: string): Promise<string>;
  named(names: Iterable<string | null>): Promise<Map<string, JobTenant>>;
}

export function createTenants({ people, spaces }: Pick<DeskNeeds, "people" | "spaces">): Tenants {
  return {
    async nameOf(written) {
      if (written.startsWith("@")) return (await people.byHandle(written.slice(1)))?.id ?? written;
      return isId(written) ? written : ((await spaces.find(written))?.id ?? written);
    },

    async named(names) {
      const all = [...new Set(names)].filter((name) => name !== null);
      // A person's and a space's ids come from one source, so no number is both.
      const ids = all.filter((name) => isId(name));
      const [persons, places] =
        ids.length === 0
          ? [new Map(), new Map()]
          : await Promise.all([people.cards(ids as PersonId[]), spaces.cards(ids as SpaceId[])]);
      return new Map(
        all.map((name) => [name, { name, person: persons.get(name) ?? null, space: places.get(name) ?? null }]),
      );
    },
  };
}

type Counts = Omit<Told["items"][number], "tenant">;

/** Whose work waits, runs, fails and died, from the newest of each state; and whose was done last. */
export async function tenantQueues(jobs: DeskNeeds["jobs"], tenants: Tenants): Promise<Told> {
  const sums = new Map<string, Counts>();
  let is_whole = true;
  async function add(state: JobState, jobs_max: number, count: (of: Counts, record: JobRecord) => void) {
    const found: JobRecord[] = [];
    let next: string | null = null;
    do {
      const page = await jobs.list({ state, jobs_max: PAGE_JOBS, ...(next === null ? {} : { before: next }) });
      found.push(...page.jobs);
      next = page.next;
    } while (next !== null && found.length < jobs_max);
    for (const record of found) {
      if (record.tenant === null) continue;
      const of = sums.get(record.tenant) ?? { queued: 0, failing: 0, running: 0, dead: 0, done: 0 };
      sums.set(record.tenant, of);
      count(of, record);
    }
    if (next !== null && state !== "done") is_whole = false;
    return found;
  }
  await add("queued", TENANT_JOBS_MAX, (of, record) => {
    of.queued += 1;
    if (record.attempt > 0) of.failing += 1;
  });
  await add("running", TENANT_JOBS_MAX, (of) => (of.running += 1));
  await add("dead", TENANT_JOBS_MAX, (of) => (of.dead += 1));
  const done = await add("done", TENANT_DONE_JOBS, (of) => (of.done += 1));
  const busiest = [...sums]
    .sort(([, a], [, b]) => weightOf(b) - weightOf(a) || b.dead - a.dead || b.done - a.done)
    .slice(0, TENANTS_MAX);
  const named = await tenants.named(busiest.map(([name]) => name));
  const oldest = done.at(-1);
  return {
    items: busiest.map(([name, counts]) => ({ tenant: named.get(name)!, ...counts })),
    is_whole,
    done_looked: done.length,
    done_since: oldest ? rfc3339(oldest.enqueued_at) : null,
  };
}

const weightOf = ({ queued, running }: Counts) => queued + running;
