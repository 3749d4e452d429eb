import { createSystemClock } from "#ports/clock/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { createLog } from "#ports/log/index.ts";
import { createOutside } from "#ports/outside/index.ts";
import { createSql, type SqlTarget } from "#ports/sql/index.ts";

import { createSigning } from "../secrets.ts";
import { createDeliverer } from "./deliver.ts";
import { defineDelivering } from "./jobs.ts";

/** A process that delivers until it is killed: `killed.test.ts` starts it. It delivers pings, which tell of nobody, so nobody lives here. */
const [target, receiver, secret] = process.argv.slice(2);
const clock = createSystemClock();
const sql = createSql(JSON.parse(target!) as SqlTarget, { clock, connections_max: 6 });
const jobs = createJobs({ sql, clock, workers: 4 });
const nobody = async () => {
  throw new Error("a ping tells of nobody");
};
const ground = {
  sql,
  clock,
  log: createLog({ sql, clock }),
  // What a dead process had claimed is taken up soon, and not after half a minute.
  jobs: {
    ...jobs,
    define: (kind: Parameters<typeof jobs.define>[0]) =>
      jobs.define({ ...kind, lease_ms: 1_500, backoff: { base_ms: 1, delay_ms_max: 5 } }),
  },
  people: { cards: nobody },
  spaces: { cards: nobody, membershipsOf: nobody },
  chat: { channels: { get: nobody }, reading: { message: nobody } },
  posts: nobody,
  outside: createOutside({ clock, resolve: async () => ["127.0.0.1"], test_addresses: [receiver!] }),
  public_url: null,
};
defineDelivering(ground, createDeliverer(ground, createSigning(secret!)));
jobs.start();
