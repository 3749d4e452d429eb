import type { Api } from "#ports/http/index.ts";

import { bookmark } from "../reactions/reactions.ts";
import type { ReadingGround } from "../reading/ground.ts";
import {
  createFolderNow,
  deleteFolderNow,
  fileBookmarkNow,
  folderNow,
  presentFolder,
  renameFolderNow,
  restoreFolderNow,
} from "./change.ts";
import { folderRoutes as r } from "./contract.ts";
import { foldersOf } from "./store.ts";

export function serveFolders(api: Api, ground: ReadingGround): void {
  api.serve(r.listFolders, async ({ viewer, query }) => {
    const rows = await foldersOf(ground.sql.pool, viewer.person_id, query.post_id ?? null);
    const items = rows.map((row) => presentFolder(row, query.post_id !== undefined));
    return { status: 200, body: { items, next_cursor: null } };
  });
  api.serve(r.createFolder, async ({ viewer, body }) => {
    const id = await createFolderNow(ground, viewer, body.name);
    return { status: 201, body: await folderNow(ground, viewer, id) };
  });
  api.serve(r.patchFolder, async ({ viewer, params, body }) => {
    await renameFolderNow(ground, viewer, params.id, body.name);
    return { status: 200, body: await folderNow(ground, viewer, params.id) };
  });
  api.serve(r.deleteFolder, async ({ viewer, params }) => {
    await deleteFolderNow(ground, viewer, params.id);
    return { status: 204 };
  });
  api.serve(r.restoreFolder, async ({ viewer, params }) => {
    await restoreFolderNow(ground, viewer, params.id);
    return { status: 200, body: await folderNow(ground, viewer, params.id) };
  });
  api.serve(r.fileBookmark, async ({ viewer, params, body }) => {
    // A folder that is not theirs is refused before anything is kept.
    if (body.folder_id !== null) await folderNow(ground, viewer, body.folder_id);
    const { post, rules } = await ground.reader.post(viewer, params.id);
    await bookmark(ground, viewer, post, rules);
    const was_in_folder_id = await fileBookmarkNow(ground, viewer, params.id, body.folder_id);
    return { status: 200, body: { folder_id: body.folder_id, was_in_folder_id } };
  });
}
