import type { JobRecord } from "#ports/jobs/index.ts";

import { COUNT_JOBS_MAX, PAGE_JOBS, SEEK_JOBS_MAX } from "./bounds.ts";
import { patternOf, shownReason } from "./conceal.ts";
import type { JobsCount, JobsSought } from "./contract.ts";
import type { DeskNeeds } from "./needs.ts";
import { createTenants } from "./tenants.ts";

/**
 * Which jobs are meant. Kind, class, state and tenant the port finds; words and times are looked for here, in what admins may
 * see of a job and in nothing else, so that no question, however often it is put, tells a letter of what is hidden.
 */
export interface Seek {
  /**
   * The newest first, after `before`. May be short, even empty, and still have a `next`: it looks at `SEEK_JOBS_MAX` at most.
   * @param before the `next` of the page before, null for the first
   */
  page(of: JobsSought, jobs_max: number, before: string | null): Promise<{ records: JobRecord[]; next: string | null }>;
  count(of: JobsSought): Promise<JobsCount>;
}

export function createSeek({ jobs, people, spaces }: Pick<DeskNeeds, "jobs" | "people" | "spaces">): Seek {
  const tenants = createTenants({ people, spaces });

  async function look(of: JobsSought, jobs_max: number, look_max: number, before: string | null) {
    const { state, class: of_class, kind } = of;
    const fits = testOf(of);
    const tenant = of.tenant === undefined ? undefined : await tenants.nameOf(of.tenant);
    const records: JobRecord[] = [];
    let next = before;
    let looked = 0;
    do {
      const page = await jobs.list({
        state,
        // Where nothing else is asked, the port's page is ours.
        jobs_max: fits === null ? Math.min(PAGE_JOBS, jobs_max - records.length) : PAGE_JOBS,
        ...(of_class === undefined ? {} : { class: of_class }),
        ...(kind === undefined ? {} : { kind }),
        ...(tenant === undefined ? {} : { tenant }),
        ...(next === null ? {} : { before: next }),
      });
      for (const record of page.jobs) {
        if (fits !== null && !fits(record)) continue;
        records.push(record);
        // The rest of this page is looked at again by who goes on.
        if (records.length === jobs_max && record !== page.jobs.at(-1)) return { records, next: record.id };
      }
      // A page of the port may have looked at far more than it found.
      looked += PAGE_JOBS;
      next = page.next;
    } while (next !== null && records.length < jobs_max && looked < look_max);
    return { records, next };
  }

  return {
    page: (of, jobs_max, before) => look(of, jobs_max, SEEK_JOBS_MAX, before),

    async count(of) {
      const { records, next } = await look(of, COUNT_JOBS_MAX, COUNT_JOBS_MAX, null);
      return { jobs: records.length, newest_id: records[0]?.id ?? null, is_whole: next === null };
    },
  };
}

/** Of what the port cannot look for; null where there is none. */
function testOf({ text, reason, since, until }: JobsSought): ((record: JobRecord) => boolean) | null {
  const words = text?.toLowerCase();
  const pattern = reason === undefined ? undefined : patternOf(reason);
  const from_ms = since === undefined ? -Infinity : Date.parse(since);
  const to_ms = until === undefined ? Infinity : Date.parse(until);
  if (words === undefined && pattern === undefined && since === undefined && until === undefined) return null;
  return (record) => {
    const at_ms = (record.ended_at ?? record.enqueued_at).getTime();
    if (at_ms < from_ms || at_ms >= to_ms) return false;
    if (words === undefined && pattern === undefined) return true;
    const shown = shownReason(record.reason ?? "");
    return (
      (words === undefined || shown.toLowerCase().includes(words)) && (pattern ?? patternOf(shown)) === patternOf(shown)
    );
  };
}
