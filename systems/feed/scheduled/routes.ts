import { notFound } from "#kernel/errors.ts";
import { encodeCursor } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Api } from "#ports/http/index.ts";

import { placeIn } from "../drafts/routes.ts";
import type { Rooms } from "../index.ts";
import { etagOf } from "../policy.ts";
import { type ScheduledPost, scheduledRoutes as r } from "./contract.ts";
import { publishNow } from "./publish.ts";
import { cancelScheduled, editScheduled, schedulePost } from "./schedule.ts";
import { findScheduled, scheduledOf, type ScheduledRow } from "./store.ts";

const present = (row: ScheduledRow): ScheduledPost => ({
  id: row.id,
  version: row.version,
  post: row.content,
  publish_at: rfc3339(row.publish_at),
  created_at: rfc3339(row.created_at),
  updated_at: rfc3339(row.updated_at),
});

const answer = (row: ScheduledRow) => ({ body: present(row), headers: { etag: etagOf(row.version) } });

export function serveScheduled(api: Api, { ground, reader }: Rooms): void {
  api.serve(r.listScheduled, async ({ viewer, query }) => {
    const after = placeIn("scheduled", query.cursor);
    const rows = await scheduledOf(ground.sql.pool, viewer.person_id, after, query.limit + 1);
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    const next_cursor =
      rows.length > query.limit && last ? encodeCursor(["scheduled", last.publish_at.getTime(), last.id]) : null;
    return { status: 200, body: { items: page.map(present), next_cursor } };
  });
  api.serve(r.schedulePost, async ({ viewer, body, idempotency_key }) => {
    const row = await schedulePost(ground, viewer, body, idempotency_key);
    const { headers, body: made } = answer(row);
    return { status: 201, body: made, headers: { ...headers, location: `/v1/scheduled/${row.id}` } };
  });
  api.serve(r.getScheduled, async ({ viewer, params }) => {
    const row = await findScheduled(ground.sql.pool, viewer.person_id, params.id);
    if (!row) throw notFound("scheduled");
    return { status: 200, ...answer(row) };
  });
  api.serve(r.editScheduled, async ({ viewer, params, body, header }) => ({
    status: 200,
    ...answer(await editScheduled(ground, viewer, params.id, body, header("if-match"))),
  }));
  api.serve(r.cancelScheduled, async ({ viewer, params }) => {
    await cancelScheduled(ground, viewer, params.id);
    return { status: 204 };
  });
  api.serve(r.publishScheduled, async ({ viewer, params }) => {
    const id = await publishNow(ground, viewer, params.id);
    const { post } = await reader.post(viewer, id);
    return {
      status: 201,
      json: await reader.present(viewer, post),
      headers: { etag: etagOf(post.post.version), location: `/v1/posts/${id}` },
    };
  });
}
