import type { Id, ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

export type ExportId = Id<"export">;

export interface ExportRow {
  id: ExportId;
  person_id: PersonId;
  state: "working" | "ready" | "failed" | "gone";
  origin: string;
  progress: number;
  posts: number;
  files: number;
  left_out: number;
  size_bytes: number | null;
  reason: string | null;
  created_at: Date;
  ready_at: Date | null;
  expires_at: Date | null;
}

const EXPORT = `id, person_id, state, origin, progress, posts, files, left_out, size_bytes::float8 AS size_bytes, reason, created_at,
  ready_at, expires_at`;

/** @returns false where one is being made already */
export async function insertExport(
  tx: Query,
  row: Pick<ExportRow, "id" | "person_id" | "origin" | "created_at">,
): Promise<boolean> {
  const made = await tx`INSERT INTO feed_exports (id, person_id, state, origin, created_at)
    VALUES (${row.id}, ${row.person_id}, 'working', ${row.origin}, ${row.created_at})
    ON CONFLICT (person_id) WHERE state = 'working' DO NOTHING`;
  return made.count === 1;
}

export async function findExport(db: Query, id: ExportId): Promise<ExportRow | null> {
  const [row] = (await db`SELECT ${db.unsafe(EXPORT)} FROM feed_exports WHERE id = ${id}`) as ExportRow[];
  return row ?? null;
}

export async function exportsOf(db: Query, person_id: PersonId, exports_max: number): Promise<ExportRow[]> {
  return (await db`SELECT ${db.unsafe(EXPORT)} FROM feed_exports WHERE person_id = ${person_id}
    ORDER BY id DESC LIMIT ${exports_max}`) as ExportRow[];
}

export async function setExportProgress(db: Query, id: ExportId, progress: number): Promise<void> {
  await db`UPDATE feed_exports SET progress = ${Math.min(1, progress)} WHERE id = ${id} AND state = 'working'`;
}

export async function setExportReady(
  tx: Query,
  id: ExportId,
  made: { posts: number; files: number; left_out: number; size_bytes: number; ready_at: Date; expires_at: Date },
): Promise<boolean> {
  const set =
    await tx`UPDATE feed_exports SET state = 'ready', progress = 1, posts = ${made.posts}, files = ${made.files},
      left_out = ${made.left_out}, size_bytes = ${made.size_bytes}, ready_at = ${made.ready_at}, expires_at = ${made.expires_at}
    WHERE id = ${id} AND state = 'working'`;
  return set.count === 1;
}

export async function endExport(
  db: Query,
  id: ExportId,
  state: "failed" | "gone",
  reason: string | null,
): Promise<void> {
  await db`UPDATE feed_exports SET state = ${state}, reason = ${reason?.slice(0, 500) ?? null}
    WHERE id = ${id} AND state IN ('working', 'ready')`;
}

/** Ready ones that a newer one took the place of. */
export async function olderExports(db: Query, person_id: PersonId, than: ExportId): Promise<ExportId[]> {
  const rows =
    (await db`SELECT id FROM feed_exports WHERE person_id = ${person_id} AND state = 'ready' AND id < ${than}`) as {
      id: ExportId;
    }[];
  return rows.map((row) => row.id);
}

export async function expiredExports(db: Query, now: Date): Promise<ExportId[]> {
  const rows = (await db`SELECT id FROM feed_exports WHERE state = 'ready' AND expires_at <= ${now} LIMIT 1000`) as {
    id: ExportId;
  }[];
  return rows.map((row) => row.id);
}

/** Of whom something is kept: archives, imports. */
export async function movingPeople(db: Query, after: string, people_max: number): Promise<PersonId[]> {
  const rows = (await db`SELECT person_id FROM (
      SELECT person_id FROM feed_exports WHERE person_id > ${after}::bigint
      UNION SELECT person_id FROM feed_imports WHERE person_id > ${after}::bigint) p
    ORDER BY person_id LIMIT ${people_max}`) as { person_id: PersonId }[];
  return rows.map((row) => row.person_id);
}

/** Their account has gone. @returns the archives whose files are to go */
export async function forgetMoving(
  tx: Query,
  person_ids: readonly PersonId[],
): Promise<{ exports: ExportId[]; imports: string[] }> {
  const people = tx.array([...person_ids], "BIGINT");
  const exports = (await tx`DELETE FROM feed_exports WHERE person_id = ANY(${people}) RETURNING id`) as {
    id: ExportId;
  }[];
  await tx`DELETE FROM feed_imported_posts WHERE person_id = ANY(${people})`;
  await tx`DELETE FROM feed_import_lines WHERE import_id IN (SELECT id FROM feed_imports WHERE person_id = ANY(${people}))`;
  const imports = (await tx`DELETE FROM feed_imports WHERE person_id = ANY(${people}) RETURNING id`) as {
    id: string;
  }[];
  return { exports: exports.map((row) => row.id), imports: imports.map((row) => row.id) };
}

export interface OwnPostRow {
  id: PostId;
  text: string;
  audience: Audience;
  space_id: SpaceId | null;
  video_id: VideoId | null;
  image_ids: ImageId[];
  hashtags: string[];
  content_warning: string | null;
  sensitive: boolean;
  quote_id: PostId | null;
  version: number;
  created_at: Date;
  edited_at: Date | null;
  poll: { options: string[]; votes: string[]; multiple: boolean; ends_at: string } | null;
  edits: { version: number; text: string; audience: Audience; at: string }[];
  source: string | null;
}

/** The oldest first, each with what stood there before. */
export async function ownPosts(
  db: Query,
  person_id: PersonId,
  after: string,
  posts_max: number,
): Promise<OwnPostRow[]> {
  return (await db`
    SELECT p.id, p.text, p.audience, p.space_id, p.video_id, p.image_ids, p.hashtags, p.content_warning, p.sensitive, p.quote_id,
      p.version, p.created_at, p.edited_at, to_jsonb(pl) AS poll, i.source,
      coalesce((SELECT jsonb_agg(jsonb_build_object('version', e.version, 'text', e.text, 'audience', e.audience, 'at', e.at) ORDER BY e.version)
        FROM feed_post_edits e WHERE e.post_id = p.id), '[]') AS edits
    FROM feed_posts p LEFT JOIN feed_polls pl ON pl.post_id = p.id AND pl.removed_at IS NULL
      LEFT JOIN feed_imported_posts i ON i.post_id = p.id
    WHERE p.author_id = ${person_id} AND p.id > ${after}::bigint AND p.deleted_at IS NULL
    ORDER BY p.id LIMIT ${posts_max}`) as OwnPostRow[];
}

export interface OwnCommentRow {
  id: string;
  post_id: PostId;
  parent_id: string | null;
  text: string;
  content_warning: string | null;
  sensitive: boolean;
  created_at: Date;
  edited_at: Date | null;
}

export async function ownComments(
  db: Query,
  person_id: PersonId,
  after: string,
  rows_max: number,
): Promise<OwnCommentRow[]> {
  return (await db`SELECT id, post_id, parent_id, text, content_warning, sensitive, created_at, edited_at FROM feed_comments
    WHERE author_id = ${person_id} AND id > ${after}::bigint AND deleted_at IS NULL ORDER BY id LIMIT ${rows_max}`) as OwnCommentRow[];
}

export interface OwnActRow {
  post_id: PostId;
  at: Date;
}

export async function ownActs(
  db: Query,
  what: "likes" | "bookmarks" | "reposts",
  person_id: PersonId,
  after: string,
  rows_max: number,
): Promise<OwnActRow[]> {
  const page =
    what === "likes"
      ? db`SELECT post_id, at FROM feed_likes WHERE person_id = ${person_id} AND post_id > ${after}::bigint ORDER BY post_id LIMIT ${rows_max}`
      : what === "bookmarks"
        ? db`SELECT post_id, at FROM feed_bookmarks WHERE person_id = ${person_id} AND post_id > ${after}::bigint ORDER BY post_id LIMIT ${rows_max}`
        : db`SELECT post_id, at FROM feed_reposts WHERE person_id = ${person_id} AND post_id > ${after}::bigint ORDER BY post_id LIMIT ${rows_max}`;
  return (await page) as OwnActRow[];
}

/** Bookmarks that stand in a folder, by its name. */
export async function filedBookmarks(
  db: Query,
  person_id: PersonId,
  rows_max: number,
): Promise<{ name: string; post_id: PostId }[]> {
  return (await db`SELECT f.name, b.post_id FROM feed_bookmarks b JOIN feed_folders f ON f.id = b.folder_id AND f.deleted_at IS NULL
    WHERE b.person_id = ${person_id} ORDER BY lower(f.name), b.entry_id LIMIT ${rows_max}`) as {
    name: string;
    post_id: PostId;
  }[];
}
