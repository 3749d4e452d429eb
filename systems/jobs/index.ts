import { type Acts, createActs } from "./acts.ts";
import type { Tenants } from "./contract.ts";
import { createDead, type Dead } from "./dead.ts";
import type { DeskNeeds } from "./needs.ts";
import { createQueues, type QueuesRoom } from "./queues.ts";
import { createRecords, type Records } from "./records.ts";
import { createSchedules, type Schedules } from "./schedules.ts";
import { createSeek, type Seek } from "./seek.ts";
import { createTenants, tenantQueues } from "./tenants.ts";
import type { Wait } from "./waits.ts";

/** Where admins see what works in the background, and mend what went wrong. The work itself is `ports/jobs`. */
export interface JobsDesk {
  /** Of each class how long its oldest has waited, beside how long it may; for `/readyz`. */
  waits(): Promise<Wait[]>;
  /** For this system's own routes and the command line. */
  rooms: Rooms;
}

export interface Rooms {
  queues: QueuesRoom;
  records: Records;
  seek: Seek;
  dead: Dead;
  acts: Acts;
  schedules: Schedules;
  tenants(): Promise<Tenants>;
}

export function createJobsDesk(needs: DeskNeeds): JobsDesk {
  const queues = createQueues(needs);
  const dead = createDead(needs);
  const seek = createSeek(needs);
  const tenants = createTenants(needs);
  return {
    waits: queues.waits,
    rooms: {
      queues,
      records: createRecords(needs, seek),
      seek,
      dead,
      acts: createActs(needs, dead, seek),
      schedules: createSchedules(needs),
      tenants: () => tenantQueues(needs.jobs, tenants),
    },
  };
}

export { jobsRoutes } from "./contract.ts";
export type { DeskNeeds } from "./needs.ts";
export { serveJobs } from "./routes.ts";
export { WAIT_MS_MAX } from "./bounds.ts";
export type { Wait } from "./waits.ts";
