import { notFound, Problem } from "#kernel/errors.ts";
import { isId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor } from "#kernel/paging.ts";
import { MOMENT_MS_MAX, rfc3339 } from "#kernel/time.ts";
import type { Api } from "#ports/http/index.ts";

import type { Rooms } from "../index.ts";
import { etagOf } from "../policy.ts";
import { type Draft, draftsRoutes as r } from "./contract.ts";
import { createDraft, saveDraft, throwDraftAway } from "./drafts.ts";
import { type DraftRow, draftsOf, findDraft } from "./store.ts";

const present = (row: DraftRow): Draft => ({
  id: row.id,
  version: row.version,
  content: row.content,
  failed: row.failed_code === null ? null : { code: row.failed_code, detail: row.failed_detail ?? "" },
  created_at: rfc3339(row.created_at),
  updated_at: rfc3339(row.updated_at),
});

const answer = (row: DraftRow) => ({ body: present(row), headers: { etag: etagOf(row.version) } });

/** Where a list ordered by a moment and an id goes on. @throws Problem 400 `cursor.invalid` */
export function placeIn(list: string, cursor: string | undefined): { at: Date; id: string } | null {
  if (cursor === undefined) return null;
  const [name, ms, id] = decodeCursor(cursor, ["string", "number", "string"]) as [string, number, string];
  if (name === list && Number.isInteger(ms) && Math.abs(ms) <= MOMENT_MS_MAX && isId(id))
    return { at: new Date(ms), id };
  throw new Problem(400, "cursor.invalid", "This cursor is of another list. Start this list from its beginning.");
}

export function serveDrafts(api: Api, { ground }: Rooms): void {
  api.serve(r.listDrafts, async ({ viewer, query }) => {
    const rows = await draftsOf(ground.sql.pool, viewer.person_id, placeIn("drafts", query.cursor), query.limit + 1);
    const page = rows.slice(0, query.limit);
    const last = page.at(-1);
    const next_cursor =
      rows.length > query.limit && last ? encodeCursor(["drafts", last.updated_at.getTime(), last.id]) : null;
    return { status: 200, body: { items: page.map(present), next_cursor } };
  });
  api.serve(r.createDraft, async ({ viewer, body, idempotency_key }) => {
    const row = await createDraft(ground, viewer, body, idempotency_key);
    const { headers, body: made } = answer(row);
    return { status: 201, body: made, headers: { ...headers, location: `/v1/drafts/${row.id}` } };
  });
  api.serve(r.getDraft, async ({ viewer, params }) => {
    const row = await findDraft(ground.sql.pool, viewer.person_id, params.id);
    if (!row) throw notFound("draft");
    return { status: 200, ...answer(row) };
  });
  api.serve(r.saveDraft, async ({ viewer, params, body, header }) => ({
    status: 200,
    ...answer(await saveDraft(ground, viewer, params.id, body, header("if-match"))),
  }));
  api.serve(r.deleteDraft, async ({ viewer, params }) => {
    await throwDraftAway(ground, viewer, params.id);
    return { status: 204 };
  });
}
