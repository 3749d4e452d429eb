import type { Id, PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { PostRow } from "../posts/store.ts";
import type { ListKind } from "./contract.ts";

export type ImportId = Id<"import">;
export type ImportKind = ListKind | "posts";

export interface ImportRow {
  id: ImportId;
  person_id: PersonId;
  kind: ImportKind;
  state: "waiting" | "working" | "done" | "failed" | "undoing" | "undone";
  audience: "public" | "followers" | "private" | null;
  filename: string;
  multipart_id: string | null;
  csv: string | null;
  lines: number;
  lines_done: number;
  reason: string | null;
  created_at: Date;
  ended_at: Date | null;
  undone_at: Date | null;
}

export interface ToldImport extends ImportRow {
  taken: number;
  there: number;
  left: number;
}

export interface LineRow {
  n: number;
  outcome: "taken" | "there" | "left";
  subject: string;
  detail: string | null;
  result_id: string | null;
  /** The list of people in which a line put somebody. */
  about_id: string | null;
  /** That list was not there before. */
  made: boolean;
  undone_at: Date | null;
}

const LINE_COLUMNS = "n, outcome, subject, detail, result_id, about_id, made, undone_at";

/** @returns false where another is not at its end */
export async function insertImport(
  tx: Query,
  row: Pick<
    ImportRow,
    "id" | "person_id" | "kind" | "state" | "audience" | "filename" | "multipart_id" | "csv" | "lines" | "created_at"
  >,
): Promise<boolean> {
  const made =
    await tx`INSERT INTO feed_imports (id, person_id, kind, state, audience, filename, multipart_id, csv, lines, created_at)
    VALUES (${row.id}, ${row.person_id}, ${row.kind}, ${row.state}, ${row.audience}, ${row.filename}, ${row.multipart_id},
      ${row.csv}, ${row.lines}, ${row.created_at})
    ON CONFLICT (person_id) WHERE state IN ('waiting', 'working', 'undoing') DO NOTHING`;
  return made.count === 1;
}

export async function findImport(db: Query, id: ImportId): Promise<ImportRow | null> {
  const [row] = (await db`SELECT * FROM feed_imports WHERE id = ${id}`) as ImportRow[];
  return row ?? null;
}

export async function lockImport(tx: Query, id: ImportId): Promise<ImportRow | null> {
  const [row] = (await tx`SELECT * FROM feed_imports WHERE id = ${id} FOR UPDATE`) as ImportRow[];
  return row ?? null;
}

/** Newest first, with how their lines ended. */
export async function toldImports(
  db: Query,
  person_id: PersonId,
  id: ImportId | null,
  imports_max: number,
): Promise<ToldImport[]> {
  return (await db`
    SELECT i.id, i.person_id, i.kind, i.state, i.audience, i.filename, NULL AS multipart_id, NULL AS csv, i.lines, i.lines_done,
      i.reason, i.created_at, i.ended_at, i.undone_at, coalesce(l.taken, 0)::int AS taken, coalesce(l.there, 0)::int AS there,
      coalesce(l.left_, 0)::int AS "left"
    FROM feed_imports i LEFT JOIN LATERAL (
      SELECT count(*) FILTER (WHERE outcome = 'taken') AS taken, count(*) FILTER (WHERE outcome = 'there') AS there,
        count(*) FILTER (WHERE outcome = 'left') AS left_ FROM feed_import_lines WHERE import_id = i.id) l ON true
    WHERE i.person_id = ${person_id} AND (${id}::bigint IS NULL OR i.id = ${id}::bigint)
    ORDER BY i.id DESC LIMIT ${imports_max}`) as ToldImport[];
}

export async function linesOf(
  db: Query,
  id: ImportId,
  outcome: LineRow["outcome"] | null,
  after: number,
  lines_max: number,
): Promise<LineRow[]> {
  return (await db`SELECT ${db.unsafe(LINE_COLUMNS)} FROM feed_import_lines
    WHERE import_id = ${id} AND n > ${after} AND (${outcome}::text IS NULL OR outcome = ${outcome}::text) ORDER BY n LIMIT ${lines_max}`) as LineRow[];
}

/** The last word on a line counts: an attempt that was cut off is told anew. */
export async function putLine(
  tx: Query,
  id: ImportId,
  line: Pick<LineRow, "n" | "outcome" | "subject" | "detail" | "result_id"> &
    Partial<Pick<LineRow, "about_id" | "made">>,
): Promise<void> {
  const { about_id = null, made = false } = line;
  await tx`INSERT INTO feed_import_lines (import_id, n, outcome, subject, detail, result_id, about_id, made)
    VALUES (${id}, ${line.n}, ${line.outcome}, ${line.subject.slice(0, 300)}, ${line.detail?.slice(0, 300) ?? null}, ${line.result_id},
      ${about_id}, ${made})
    ON CONFLICT (import_id, n) DO UPDATE SET outcome = excluded.outcome, detail = excluded.detail, result_id = excluded.result_id,
      about_id = excluded.about_id, made = excluded.made`;
}

export async function lineAt(db: Query, id: ImportId, n: number): Promise<LineRow | null> {
  const [row] = (await db`
    SELECT ${db.unsafe(LINE_COLUMNS)} FROM feed_import_lines WHERE import_id = ${id} AND n = ${n}`) as LineRow[];
  return row ?? null;
}

/** Those for which something was made to put their result in; of one import never more than somebody may have lists. */
export async function makingLines(db: Query, id: ImportId): Promise<LineRow[]> {
  return (await db`SELECT ${db.unsafe(LINE_COLUMNS)} FROM feed_import_lines
    WHERE import_id = ${id} AND made AND about_id IS NOT NULL ORDER BY n LIMIT 1000`) as LineRow[];
}

export async function isBookmarked(db: Query, person_id: PersonId, post_id: PostId): Promise<boolean> {
  const rows = await db`SELECT 1 FROM feed_bookmarks WHERE person_id = ${person_id} AND post_id = ${post_id}`;
  return rows.length > 0;
}

/** A post of theirs that came along from this address elsewhere. */
export async function broughtAlong(db: Query, person_id: PersonId, source: string): Promise<PostId | null> {
  const [row] = (await db`
    SELECT post_id FROM feed_imported_posts WHERE person_id = ${person_id} AND source = ${source}`) as {
    post_id: PostId;
  }[];
  return row?.post_id ?? null;
}

export async function hasTaken(db: Query, id: ImportId, n: number): Promise<boolean> {
  const rows = await db`SELECT 1 FROM feed_import_lines WHERE import_id = ${id} AND n = ${n} AND outcome = 'taken'`;
  return rows.length > 0;
}

export async function setLinesDone(tx: Query, id: ImportId, lines_done: number, lines: number): Promise<boolean> {
  const set = await tx`UPDATE feed_imports SET lines_done = ${lines_done}, lines = greatest(lines, ${lines})
    WHERE id = ${id} AND state = 'working'`;
  return set.count === 1;
}

export async function setImportState(
  tx: Query,
  id: ImportId,
  from: readonly ImportRow["state"][],
  to: ImportRow["state"],
  how: { at: Date; reason?: string | null },
): Promise<boolean> {
  const set =
    await tx`UPDATE feed_imports SET state = ${to}, reason = coalesce(${how.reason?.slice(0, 500) ?? null}, reason),
      ended_at = CASE WHEN ${to} IN ('done', 'failed') THEN ${how.at}::timestamptz ELSE ended_at END,
      undone_at = CASE WHEN ${to} = 'undone' THEN ${how.at}::timestamptz ELSE undone_at END,
      csv = CASE WHEN ${to} IN ('done', 'failed', 'undone') THEN NULL ELSE csv END
    WHERE id = ${id} AND state = ANY(${tx.array([...from], "TEXT")})`;
  return set.count === 1;
}

export async function waitingTooLong(db: Query, before: Date): Promise<ImportRow[]> {
  return (await db`SELECT * FROM feed_imports WHERE state = 'waiting' AND created_at < ${before} LIMIT 100`) as ImportRow[];
}

/** @returns false where this very post of elsewhere is here already */
export async function insertImported(
  tx: Query,
  row: { post_id: PostId; import_id: ImportId; person_id: PersonId; source: string; imported_at: Date },
): Promise<boolean> {
  const made = await tx`INSERT INTO feed_imported_posts (post_id, import_id, person_id, source, imported_at)
    VALUES (${row.post_id}, ${row.import_id}, ${row.person_id}, ${row.source}, ${row.imported_at})
    ON CONFLICT (person_id, source) DO NOTHING`;
  return made.count === 1;
}

export async function isImported(db: Query, person_id: PersonId, source: string): Promise<boolean> {
  const rows = await db`SELECT 1 FROM feed_imported_posts WHERE person_id = ${person_id} AND source = ${source}`;
  return rows.length > 0;
}

/** A living post of this person: their archive is read in the house in which it was made. */
export async function isOwnPost(db: Query, person_id: PersonId, id: string): Promise<boolean> {
  const rows = await db`SELECT 1 FROM feed_posts WHERE id = ${id} AND author_id = ${person_id} AND deleted_at IS NULL`;
  return rows.length > 0;
}

/** Whether anything has this id: posts, comments and entries never share one. */
export async function isTakenId(db: Query, id: string): Promise<boolean> {
  const [row] =
    (await db`SELECT EXISTS (SELECT 1 FROM feed_posts WHERE id = ${id}) OR EXISTS (SELECT 1 FROM feed_comments WHERE id = ${id})
    OR EXISTS (SELECT 1 FROM feed_reposts WHERE entry_id = ${id}) AS taken`) as { taken: boolean }[];
  return row!.taken;
}

export async function insertOldPost(
  tx: Query,
  row: Pick<
    PostRow,
    | "id"
    | "author_id"
    | "text"
    | "audience"
    | "video_id"
    | "image_ids"
    | "hashtags"
    | "content_warning"
    | "sensitive"
    | "created_at"
  >,
): Promise<void> {
  await tx`INSERT INTO feed_posts (id, author_id, text, audience, video_id, image_ids, hashtags, content_warning, sensitive, created_at)
    VALUES (${row.id}, ${row.author_id}, ${row.text}, ${row.audience}, ${row.video_id}, ${tx.array(row.image_ids, "BIGINT")},
      ${tx.array(row.hashtags, "TEXT")}, ${row.content_warning}, ${row.sensitive}, ${row.created_at})`;
}

/** What an import made and nobody took back yet. */
export async function importedPosts(db: Query, id: ImportId, posts_max: number): Promise<PostId[]> {
  const rows =
    (await db`SELECT post_id FROM feed_imported_posts WHERE import_id = ${id} ORDER BY post_id LIMIT ${posts_max}`) as {
      post_id: PostId;
    }[];
  return rows.map((row) => row.post_id);
}

export async function forgetImported(tx: Query, import_id: ImportId, post_id: PostId, at: Date): Promise<void> {
  await tx`DELETE FROM feed_imported_posts WHERE post_id = ${post_id}`;
  await tx`UPDATE feed_import_lines SET undone_at = ${at} WHERE import_id = ${import_id} AND result_id = ${post_id}`;
}

export async function setLineUndone(tx: Query, id: ImportId, n: number, at: Date): Promise<void> {
  await tx`UPDATE feed_import_lines SET undone_at = ${at} WHERE import_id = ${id} AND n = ${n}`;
}

/** Another import of theirs is not at its end. */
export async function isBusy(db: Query, person_id: PersonId): Promise<boolean> {
  const rows =
    await db`SELECT 1 FROM feed_imports WHERE person_id = ${person_id} AND state IN ('waiting', 'working', 'undoing')`;
  return rows.length > 0;
}
