import { type Acts, createActs } from "./acts.ts";
import { createDead, type Dead } from "./dead.ts";
import type { DeskNeeds } from "./needs.ts";
import { createQueues, type QueuesRoom } from "./queues.ts";
import { createRecords, type Records } from "./records.ts";
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
  dead: Dead;
  acts: Acts;
}

export function createJobsDesk(needs: DeskNeeds): JobsDesk {
  const queues = createQueues(needs);
  const dead = createDead(needs);
  return { waits: queues.waits, rooms: { queues, records: createRecords(needs), dead, acts: createActs(needs, dead) } };
}

export { jobsRoutes } from "./contract.ts";
export type { DeskNeeds } from "./needs.ts";
export { serveJobs } from "./routes.ts";
export { type Wait, WAIT_MS_MAX } from "./waits.ts";
