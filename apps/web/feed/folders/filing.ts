import { deleteFolder, fileBookmark, type Folder, restoreFolder } from "#systems/feed/contract.ts";

import { call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { doings } from "../reactions.ts";

/** Folders and what is in them are asked anew when they are next looked at; what is looked at now, now. */
export const foldersChanged = () =>
  queries.invalidateQueries({
    predicate: ({ queryKey }) => typeof queryKey[0] === "string" && queryKey[0].startsWith("/v1/bookmarks"),
  });

/** Keeps a post in a folder (null: in none) at once; the way back puts it where it was. */
export async function file(post_id: string, folder: Pick<Folder, "id" | "name"> | null): Promise<void> {
  doings.patch(post_id, { bookmarked: true });
  const params = { id: post_id };
  const { was_in_folder_id } = await call(fileBookmark, { params, body: { folder_id: folder?.id ?? null } });
  void foldersChanged();
  if (was_in_folder_id === (folder?.id ?? null)) return;
  say(folder ? `Kept in “${folder.name}”.` : "Kept, in no folder.", async () => {
    await call(fileBookmark, { params, body: { folder_id: was_in_folder_id } });
    await foldersChanged();
  });
}

/** Deletes a folder at once; its bookmarks stay. */
export async function removeFolder(folder: Pick<Folder, "id" | "name">): Promise<void> {
  const params = { id: folder.id };
  try {
    await call(deleteFolder, { params });
  } catch (error) {
    sorry(error);
    return;
  }
  void foldersChanged();
  say(`“${folder.name}” is deleted. What was in it is still kept.`, async () => {
    await call(restoreFolder, { params });
    await foldersChanged();
  });
}
