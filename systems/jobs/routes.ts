import type { Api } from "#ports/http/index.ts";

import { jobsRoutes as r } from "./contract.ts";
import type { JobsDesk } from "./index.ts";

/** Parse → may they? → do → present. Every route is for admins; the door sees to that. */
export function serveJobs(api: Api, { rooms: { queues, records, dead, acts } }: JobsDesk): void {
  api.serve(r.getQueues, async () => ({ status: 200, body: await queues.now() }));
  api.serve(r.getFlow, async ({ query }) => ({ status: 200, body: { minutes: await queues.flow(query) } }));
  api.serve(r.listJobs, async ({ query }) => ({ status: 200, body: await records.list(query) }));
  api.serve(r.getJob, async ({ params }) => ({ status: 200, body: await records.sheet(params.id) }));
  api.serve(r.listDead, async () => ({ status: 200, body: await dead.groups() }));
  api.serve(r.replayDead, async ({ viewer, body }) => ({
    status: 200,
    body: await acts.replayKind(viewer.person_id, body.kind),
  }));
  api.serve(r.replayJob, async ({ viewer, params }) => {
    await acts.replay(viewer.person_id, params.id);
    return { status: 200, body: await records.sheet(params.id) };
  });
  api.serve(r.retryJob, async ({ viewer, params }) => {
    await acts.retry(viewer.person_id, params.id);
    return { status: 200, body: await records.sheet(params.id) };
  });
  api.serve(r.cancelJob, async ({ viewer, params }) => {
    await acts.cancel(viewer.person_id, params.id);
    return { status: 200, body: await records.sheet(params.id) };
  });
}
