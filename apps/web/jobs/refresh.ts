import { getFlow, getJob, getQueues, listDead, listJobs, listSchedules, listTenants } from "#systems/jobs/contract.ts";

import { queries } from "../shell/house.ts";

/** The page looks again this often while somebody looks at it. */
export const LOOK_EVERY_MS = 5_000;

/** After an act: everything that it may have changed. */
export const refreshJobs = () =>
  Promise.all(
    [getQueues, getFlow, listTenants, listSchedules, listDead, listJobs, getJob].map(({ path }) =>
      queries.invalidateQueries({ queryKey: [path] }),
    ),
  );
