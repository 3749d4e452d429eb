import { conflict, notFound } from "#kernel/errors.ts";
import type { PostId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { UNDO_MS_MAX } from "../bounds.ts";
import { DELETED_MAX } from "../lists/bounds.ts";
import type { ReadingGround } from "../reading/ground.ts";
import { type ReadingEventName, tellReading } from "../wishes/events.ts";
import { lockWishes } from "../wishes/store.ts";
import { FOLDERS_MAX } from "./bounds.ts";
import type { Folder } from "./contract.ts";
import * as store from "./store.ts";

/** Folders are their owner's alone. Deleting one never deletes a bookmark. */

export const presentFolder = (row: store.CountedFolderRow, asked_for_post = false): Folder => ({
  id: row.id,
  name: row.name,
  bookmark_count: row.bookmark_count,
  created_at: rfc3339(row.created_at),
  has_post: asked_for_post ? row.has_post : null,
});

/** @throws Problem 404 `folder.not_found` */
export async function folderNow(ground: ReadingGround, viewer: SignedIn, id: store.FolderId): Promise<Folder> {
  const [row] = await store.foldersOf(ground.sql.pool, viewer.person_id, null, id);
  if (!row) throw notFound("folder");
  return presentFolder(row);
}

const tooMany = () =>
  conflict("folder.too_many", `You have ${FOLDERS_MAX} folders, which is the most. Delete one first.`);
const nameTaken = () => conflict("folder.name_taken", "You have a folder of this name. Choose another.");

/** @throws Problem 409 `folder.too_many`, `folder.name_taken` */
export async function createFolderNow(ground: ReadingGround, viewer: SignedIn, name: string): Promise<store.FolderId> {
  const id = ground.ids.next<"folder">();
  const { person_id } = viewer;
  await ground.sql.tx(async (tx) => {
    await lockWishes(tx, person_id);
    await purgeOld(ground, tx, viewer);
    if ((await store.countFolders(tx, person_id)).living >= FOLDERS_MAX) throw tooMany();
    const row = { id, person_id, name, created_at: new Date(ground.clock.now()), deleted_at: null };
    if (!(await store.insertFolder(tx, row))) throw nameTaken();
    await tellReading(ground.log, tx, "folder_made", person_id, id);
  });
  return id;
}

async function purgeOld({ clock }: ReadingGround, tx: Query, { person_id }: SignedIn): Promise<void> {
  const { deleted } = await store.countFolders(tx, person_id);
  if (deleted > 0)
    await store.purgeFolders(tx, person_id, new Date(clock.now() - (deleted >= DELETED_MAX ? 0 : UNDO_MS_MAX)));
}

async function changeFolder(
  ground: ReadingGround,
  viewer: SignedIn,
  id: store.FolderId,
  name: ReadingEventName,
  change: (tx: Query, row: store.FolderRow) => Promise<store.FolderRow | null>,
): Promise<void> {
  await ground.sql.tx(async (tx) => {
    await lockWishes(tx, viewer.person_id);
    const row = await store.lockFolder(tx, viewer.person_id, id);
    if (!row) throw notFound("folder");
    const next = await change(tx, row);
    if (!next) return;
    if (next.deleted_at === null && (await store.isFolderNameTaken(tx, viewer.person_id, next.name, id)))
      throw nameTaken();
    await store.updateFolder(tx, next);
    await tellReading(ground.log, tx, name, viewer.person_id, id);
  });
}

const living = (row: store.FolderRow): store.FolderRow => {
  if (row.deleted_at !== null) throw notFound("folder");
  return row;
};

/** @throws Problem 404 `folder.not_found`, 409 `folder.name_taken` */
export const renameFolderNow = (ground: ReadingGround, viewer: SignedIn, id: store.FolderId, name: string) =>
  changeFolder(ground, viewer, id, "folder_changed", async (_tx, row) => ({ ...living(row), name }));

export const deleteFolderNow = (ground: ReadingGround, viewer: SignedIn, id: store.FolderId) =>
  changeFolder(ground, viewer, id, "folder_deleted", async (tx, row) => {
    await purgeOld(ground, tx, viewer);
    return { ...living(row), deleted_at: new Date(ground.clock.now()) };
  });

/** @throws Problem 404 when the time to undo is over, 409 where its name or place was taken meanwhile */
export const restoreFolderNow = (ground: ReadingGround, viewer: SignedIn, id: store.FolderId) =>
  changeFolder(ground, viewer, id, "folder_restored", async (tx, row) => {
    if (row.deleted_at === null) return null;
    if (row.deleted_at.getTime() <= ground.clock.now() - UNDO_MS_MAX) throw notFound("folder");
    if ((await store.countFolders(tx, viewer.person_id)).living >= FOLDERS_MAX) throw tooMany();
    return { ...row, deleted_at: null };
  });

/**
 * Moves the bookmark of a post that was just found (or made). @returns where it was before
 * @throws Problem 404 `folder.not_found`, `post.not_found`
 */
export const fileBookmarkNow = (
  ground: ReadingGround,
  viewer: SignedIn,
  post_id: PostId,
  folder_id: store.FolderId | null,
): Promise<store.FolderId | null> =>
  ground.sql.tx(async (tx) => {
    if (folder_id !== null) {
      const folder = await store.lockFolder(tx, viewer.person_id, folder_id);
      if (!folder) throw notFound("folder");
      living(folder);
    }
    const was = await store.moveBookmark(tx, viewer.person_id, post_id, folder_id);
    if (was === undefined) throw notFound("post");
    if (was !== folder_id) await tellReading(ground.log, tx, "bookmark_moved", viewer.person_id, post_id);
    return was;
  });
