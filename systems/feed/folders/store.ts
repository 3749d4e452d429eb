import type { Id, PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export type FolderId = Id<"folder">;

export interface FolderRow {
  id: FolderId;
  person_id: PersonId;
  name: string;
  created_at: Date;
  deleted_at: Date | null;
}

export interface CountedFolderRow extends FolderRow {
  bookmark_count: number;
  has_post: boolean;
}

/** Living ones by name; the bookmark of `post_id` is looked for in each. */
export async function foldersOf(
  db: Query,
  person_id: PersonId,
  post_id: PostId | null,
  only: FolderId | null = null,
): Promise<CountedFolderRow[]> {
  return (await db`
    SELECT f.*,
      (SELECT count(*) FROM feed_bookmarks b WHERE b.folder_id = f.id)::int AS bookmark_count,
      EXISTS (SELECT FROM feed_bookmarks b WHERE b.person_id = ${person_id} AND b.post_id = ${post_id}::bigint AND b.folder_id = f.id) AS has_post
    FROM feed_folders f
    WHERE f.person_id = ${person_id} AND f.deleted_at IS NULL AND (${only}::bigint IS NULL OR f.id = ${only}::bigint)
    ORDER BY lower(f.name), f.id`) as CountedFolderRow[];
}

/** The row, deleted or not, held until the transaction ends; null where it is not this person's. */
export async function lockFolder(tx: Query, person_id: PersonId, id: FolderId): Promise<FolderRow | null> {
  const [row] = (await tx`
    SELECT * FROM feed_folders WHERE id = ${id} AND person_id = ${person_id} FOR UPDATE`) as FolderRow[];
  return row ?? null;
}

export async function countFolders(tx: Query, person_id: PersonId): Promise<{ living: number; deleted: number }> {
  const [row] = (await tx`
    SELECT count(*) FILTER (WHERE deleted_at IS NULL)::int AS living, count(*) FILTER (WHERE deleted_at IS NOT NULL)::int AS deleted
    FROM feed_folders WHERE person_id = ${person_id}`) as { living: number; deleted: number }[];
  return row!;
}

/** @returns false where the name is taken */
export async function insertFolder(tx: Query, row: FolderRow): Promise<boolean> {
  const made = await tx`
    INSERT INTO feed_folders (id, person_id, name, created_at) VALUES (${row.id}, ${row.person_id}, ${row.name}, ${row.created_at})
    ON CONFLICT (person_id, lower(name)) WHERE deleted_at IS NULL DO NOTHING`;
  return made.count === 1;
}

export async function isFolderNameTaken(tx: Query, person_id: PersonId, name: string, but: FolderId): Promise<boolean> {
  const [row] = (await tx`
    SELECT EXISTS (SELECT FROM feed_folders WHERE person_id = ${person_id} AND lower(name) = lower(${name}) AND id <> ${but}
      AND deleted_at IS NULL) AS taken`) as { taken: boolean }[];
  return row!.taken;
}

export async function updateFolder(tx: Query, row: FolderRow): Promise<void> {
  await tx`UPDATE feed_folders SET name = ${row.name}, deleted_at = ${row.deleted_at} WHERE id = ${row.id}`;
}

/** For good: those deleted before `before`. What was in them is unfiled from then on also by its row. */
export async function purgeFolders(tx: Query, person_id: PersonId, before: Date): Promise<void> {
  await tx`DELETE FROM feed_folders WHERE person_id = ${person_id} AND deleted_at <= ${before}`;
}

/** @returns where it was before (null: in none), or undefined where there is no such bookmark */
export async function moveBookmark(
  tx: Query,
  person_id: PersonId,
  post_id: PostId,
  folder_id: FolderId | null,
): Promise<FolderId | null | undefined> {
  const [row] = (await tx`
    WITH before AS (SELECT folder_id FROM feed_bookmarks WHERE person_id = ${person_id} AND post_id = ${post_id} FOR UPDATE)
    UPDATE feed_bookmarks b SET folder_id = ${folder_id} FROM before
    WHERE b.person_id = ${person_id} AND b.post_id = ${post_id}
    RETURNING (SELECT f.id FROM feed_folders f WHERE f.id = before.folder_id AND f.deleted_at IS NULL) AS was`) as {
    was: FolderId | null;
  }[];
  return row?.was;
}
