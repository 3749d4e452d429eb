import { conflict, notFound, Problem } from "#kernel/errors.ts";
import { decodeCursor, encodeCursor } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";

import * as b from "./bounds.ts";
import { type Export, type Import, movingRoutes as r } from "./contract.ts";
import { linesIn } from "./csv.ts";
import { archiveName, EXPORT_JOB, exportFolder } from "./export.ts";
import * as imports from "./imports-store.ts";
import type { MovingGround } from "./index.ts";
import { LIST_JOB } from "./lists.ts";
import { importBlob, POSTS_JOB } from "./posts.ts";
import * as store from "./store.ts";
import { UNDO_JOB } from "./undo.ts";

export function serveMoving(api: Api, ground: MovingGround): void {
  serveExports(api, ground);
  serveImports(api, ground);
}

function serveExports(api: Api, { sql, jobs, clock, ids, blobs }: MovingGround): void {
  const present = (row: store.ExportRow, { handle }: SignedIn): Export => {
    const { id, posts, files, left_out, size_bytes, reason, created_at, expires_at } = row;
    const is_over = row.state === "ready" && expires_at !== null && expires_at.getTime() <= clock.now();
    const state = is_over ? "gone" : row.state;
    const url =
      state === "ready" && expires_at !== null
        ? blobs.urlSigned(archiveName(id), {
            expires_at_ms: expires_at.getTime(),
            download_as: `${handle}-${rfc3339(created_at).slice(0, 10)}.zip`,
          })
        : null;
    return {
      id,
      state,
      progress: row.progress,
      posts,
      files,
      left_out,
      size_bytes,
      reason,
      created_at: rfc3339(created_at),
      expires_at: expires_at === null ? null : rfc3339(expires_at),
      url,
    };
  };

  api.serve(r.startExport, async ({ viewer, origin }) => {
    const id = ids.next<"export">();
    const { person_id } = viewer;
    const begun = await sql.tx(async (tx) => {
      if (
        !(await store.insertExport(tx, {
          id,
          person_id,
          origin: origin.slice(0, 300),
          created_at: new Date(clock.now()),
        }))
      )
        return false;
      await jobs.enqueue(tx, EXPORT_JOB, { export_id: id }, { tenant: person_id, unique_key: `${EXPORT_JOB}:${id}` });
      return true;
    });
    if (!begun) throw conflict("export.running", "An archive is being made for you. Wait for it, or delete it first.");
    return { status: 202, body: present((await store.findExport(sql.pool, id))!, viewer) };
  });
  api.serve(r.listExports, async ({ viewer }) => {
    const rows = await store.exportsOf(sql.pool, viewer.person_id, b.EXPORTS_LISTED_MAX);
    return { status: 200, body: { items: rows.map((row) => present(row, viewer)), next_cursor: null } };
  });
  api.serve(r.deleteExport, async ({ viewer, params }) => {
    const row = await store.findExport(sql.pool, params.id);
    if (row?.person_id !== viewer.person_id) throw notFound("export");
    // First said, then done: a job under way sees it and cleans up after itself.
    await store.endExport(sql.pool, params.id, "gone", null);
    await blobs.deletePrefix(exportFolder(params.id));
    return { status: 204 };
  });
}

function serveImports(api: Api, ground: MovingGround): void {
  const { sql, jobs, clock, ids, blobs } = ground;
  const present = (row: imports.ToldImport): Import => ({
    id: row.id,
    kind: row.kind,
    state: row.state,
    filename: row.filename,
    lines: row.lines,
    lines_done: row.lines_done,
    taken: row.taken,
    there: row.there,
    left: row.left,
    reason: row.reason,
    created_at: rfc3339(row.created_at),
    ended_at: row.ended_at === null ? null : rfc3339(row.ended_at),
    undone_at: row.undone_at === null ? null : rfc3339(row.undone_at),
  });
  /** @throws Problem 404 for another's */
  async function told({ person_id }: SignedIn, id: imports.ImportId): Promise<Import> {
    const [row] = await imports.toldImports(sql.pool, person_id, id, 1);
    if (!row) throw notFound("import");
    return present(row);
  }
  const running = () =>
    conflict("import.running", "You are bringing something along already. Let it come to its end, or undo it first.");
  const clean = (filename: string) =>
    filename
      .replaceAll(/\p{Cc}/gu, "")
      .toWellFormed()
      .trim();

  api.serve(r.startImport, async ({ viewer, body, origin }) => {
    const id = ids.next<"import">();
    const { person_id } = viewer;
    const row = { id, person_id, filename: clean(body.filename), created_at: new Date(clock.now()) };
    if (body.kind !== "posts") {
      const lines = linesIn(body.csv, b.CSV_LINES_MAX).length;
      if (lines === 0) throw new Problem(422, "import.empty", "There is no line in this list. Choose another file.");
      if (lines > b.CSV_LINES_MAX)
        throw new Problem(422, "import.too_many_lines", `A list has ${b.CSV_LINES_MAX} lines at most. Split it.`);
      const csv = body.csv.replaceAll("\u0000", "").toWellFormed();
      const begun = await sql.tx(async (tx) => {
        const whole = {
          ...row,
          kind: body.kind,
          state: "working",
          audience: null,
          multipart_id: null,
          csv,
          lines,
        } as const;
        if (!(await imports.insertImport(tx, whole))) return false;
        const payload = { import_id: id, host: new URL(origin).host };
        await jobs.enqueue(tx, LIST_JOB, payload, { tenant: person_id, unique_key: `${LIST_JOB}:${id}` });
        return true;
      });
      if (!begun) throw running();
      return { status: 201, body: { import: await told(viewer, id), upload: null } };
    }
    const part_size_bytes = b.ARCHIVE_PART_BYTES;
    const name = importBlob(id);
    const { multipart_id } = await blobs.multipart.create(name, {
      media_type: "application/octet-stream",
      part_size_bytes,
    });
    const whole = {
      ...row,
      kind: "posts",
      state: "waiting",
      audience: body.audience,
      multipart_id,
      csv: null,
      lines: 0,
    } as const;
    if (!(await imports.insertImport(sql.pool, whole))) {
      await blobs.multipart.abort(name, multipart_id);
      throw running();
    }
    const parts = [];
    const expires_at_ms = clock.now() + b.ARCHIVE_WAIT_MS;
    for (let n = 1, from = 0; from < body.size_bytes; n++, from += part_size_bytes) {
      const size_bytes = Math.min(part_size_bytes, body.size_bytes - from);
      const url = await blobs.multipart.signPart(name, multipart_id, n, size_bytes, expires_at_ms);
      parts.push({ part_number: n, url, size_bytes });
    }
    return { status: 201, body: { import: await told(viewer, id), upload: { part_size_bytes, parts } } };
  });

  api.serve(r.beginImport, async ({ viewer, params, body, origin }) => {
    const row = await imports.findImport(sql.pool, params.id);
    if (row?.person_id !== viewer.person_id) throw notFound("import");
    if (row.state !== "waiting" || row.multipart_id === null)
      throw conflict("import.not_waiting", "This import does not wait for an archive.");
    await blobs.multipart.complete(importBlob(row.id), row.multipart_id, body.parts);
    await sql.tx(async (tx) => {
      if (!(await imports.setImportState(tx, row.id, ["waiting"], "working", { at: new Date(clock.now()) }))) return;
      const payload = { import_id: row.id, host: new URL(origin).host };
      await jobs.enqueue(tx, POSTS_JOB, payload, { tenant: row.person_id, unique_key: `${POSTS_JOB}:${row.id}` });
    });
    return { status: 202, body: await told(viewer, row.id) };
  });

  api.serve(r.listImports, async ({ viewer }) => {
    const rows = await imports.toldImports(sql.pool, viewer.person_id, null, b.IMPORTS_LISTED_MAX);
    return { status: 200, body: { items: rows.map(present), next_cursor: null } };
  });
  api.serve(r.getImport, async ({ viewer, params }) => ({ status: 200, body: await told(viewer, params.id) }));
  api.serve(r.listImportLines, async ({ viewer, params, query }) => {
    const { kind } = await told(viewer, params.id);
    const after = query.cursor === undefined ? 0 : lineOf(query.cursor);
    const rows = await imports.linesOf(sql.pool, params.id, query.outcome ?? null, after, query.limit + 1);
    const page = rows.slice(0, query.limit);
    const items = page.map(({ n, outcome, subject, detail, result_id, undone_at }) => ({
      n,
      outcome,
      subject,
      detail,
      post_id: kind === "posts" || kind === "bookmarks" ? result_id : null,
      undone: undone_at !== null,
    }));
    return {
      status: 200,
      body: { items, next_cursor: rows.length > query.limit ? encodeCursor([page.at(-1)!.n]) : null },
    };
  });
  api.serve(r.undoImport, async ({ viewer, params }) => {
    await told(viewer, params.id);
    await sql.tx(async (tx) => {
      const row = (await imports.lockImport(tx, params.id))!;
      if (row.state === "undoing") return;
      if (row.state === "undone") throw conflict("import.nothing_to_undo", "This import was taken back already.");
      if (row.state !== "working" && row.state !== "waiting" && (await imports.isBusy(tx, row.person_id)))
        throw running();
      await imports.setImportState(tx, row.id, [row.state], "undoing", { at: new Date(clock.now()) });
      if (row.state === "waiting" && row.multipart_id !== null)
        await blobs.multipart.abort(importBlob(row.id), row.multipart_id);
      await jobs.enqueue(
        tx,
        UNDO_JOB,
        { import_id: row.id },
        { tenant: row.person_id, unique_key: `${UNDO_JOB}:${row.id}` },
      );
    });
    return { status: 202, body: await told(viewer, params.id) };
  });
}

/** @throws Problem 400 `cursor.invalid` */
function lineOf(cursor: string): number {
  const n = Number(decodeCursor(cursor, ["number"])[0]);
  if (Number.isInteger(n) && n >= 1 && n <= b.IMPORT_POSTS_MAX) return n;
  throw new Problem(400, "cursor.invalid", "This cursor is not one that we gave. Start the list from its beginning.");
}
