import { HOUR_MS, MINUTE_MS } from "#kernel/time.ts";
import type { Idempotency } from "#ports/http/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Mastodon } from "#systems/mastodon/index.ts";
import type { People } from "#systems/people/index.ts";

/** What has to be swept now and then, once on the whole house: jobs that come by themselves. */
export function defineUpkeep({
  jobs,
  log,
  idempotency,
  people,
  mastodon,
}: {
  jobs: Jobs;
  log: Log;
  idempotency: Idempotency;
  people: People;
  mastodon: Mastodon;
}) {
  const sweep = (name: string, every_ms: number, work: () => Promise<unknown>) =>
    jobs.define({
      name,
      class: "maintenance",
      tries_max: 3,
      lease_ms: MINUTE_MS,
      run_ms_max: 10 * MINUTE_MS,
      concurrency_max: 1,
      every_ms,
      async handle() {
        await work();
      },
    });
  sweep("house.trim_log", HOUR_MS, () => log.trim());
  sweep("house.trim_idempotency", HOUR_MS, () => idempotency.trim());
  sweep("people.trim", HOUR_MS, () => people.trim());
  sweep("mastodon.trim", HOUR_MS, () => mastodon.trim());
}
