import { decodeCursor, encodeCursor } from "#kernel/paging.ts";
import type { Api } from "#ports/http/index.ts";

import { jobsRoutes as r } from "./contract.ts";
import type { JobsDesk } from "./index.ts";

/** Parse → may they? → do → present. Every route is for admins; the door sees to that. */
export function serveJobs(api: Api, { rooms }: JobsDesk): void {
  const { queues, records, seek, dead, acts, schedules } = rooms;
  api.serve(r.getQueues, async () => ({ status: 200, body: await queues.now() }));
  api.serve(r.getFlow, async ({ query }) => ({ status: 200, body: { minutes: await queues.flow(query) } }));
  api.serve(r.listTenants, async () => ({ status: 200, body: await rooms.tenants() }));
  api.serve(r.listSchedules, async () => ({ status: 200, body: { items: await schedules.all() } }));
  api.serve(r.runSchedule, async ({ viewer, params }) => {
    const id = await schedules.run(viewer.person_id, params.kind);
    return { status: 200, body: await records.sheet(id) };
  });
  api.serve(r.countJobs, async ({ query }) => ({ status: 200, body: await seek.count(query) }));
  api.serve(r.actOnJobs, async ({ viewer, body }) => {
    const { act, of, newest_id, cursor } = body;
    const before = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
    const { changed, next } = await acts.many(viewer.person_id, act, of, { newest_id, before });
    return { status: 200, body: { changed, next_cursor: next === null ? null : encodeCursor([next]) } };
  });
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
