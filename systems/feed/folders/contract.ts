import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zText, zTime } from "#kernel/wire.ts";

import { FOLDER_NAME_CHARS_MAX } from "./bounds.ts";

export * from "./bounds.ts";

export const zFolder = z
  .object({
    id: zIdOut<"folder">(),
    name: z.string(),
    bookmark_count: z.number(),
    created_at: zTime,
    /** Only where `post_id` was asked for: its bookmark is in this folder. */
    has_post: z.boolean().nullable(),
  })
  .meta({ id: "Folder" });
export type Folder = z.output<typeof zFolder>;

/** Which bookmarks: of one folder, or those of none. */
export const UNFILED = "unfiled";
export const zFolderAsked = z.union([z.literal(UNFILED), zId<"folder">()]);

const own = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const tag = "feed";
const params = z.strictObject({ id: zId<"folder">() });
const name = zText(FOLDER_NAME_CHARS_MAX, 1);

export const listFolders = defineRoute({
  method: "GET",
  path: "/v1/bookmarks/folders",
  summary: "Your folders of bookmarks, by name; all on one page",
  tag,
  access: own,
  query: z.strictObject({ post_id: zId<"post">().optional() }),
  answers: { 200: zPage(zFolder) },
});

export const createFolder = defineRoute({
  method: "POST",
  path: "/v1/bookmarks/folders",
  summary: "Make a folder for bookmarks",
  tag,
  access: write,
  body: z.strictObject({ name }),
  answers: { 201: zFolder },
  problems: ["folder.too_many", "folder.name_taken"],
});

export const patchFolder = defineRoute({
  method: "PATCH",
  path: "/v1/bookmarks/folders/{id}",
  summary: "Rename a folder",
  tag,
  access: write,
  params,
  body: z.strictObject({ name }),
  answers: { 200: zFolder },
  problems: ["folder.not_found", "folder.name_taken"],
});

export const deleteFolder = defineRoute({
  method: "DELETE",
  path: "/v1/bookmarks/folders/{id}",
  summary: "Delete a folder; its bookmarks stay, unfiled. For ten minutes it can be restored with them in it",
  tag,
  access: write,
  params,
  answers: { 204: null },
  problems: ["folder.not_found"],
});

export const restoreFolder = defineRoute({
  method: "POST",
  path: "/v1/bookmarks/folders/{id}/restore",
  summary: "Undo the deletion of a folder, within ten minutes",
  tag,
  access: write,
  params,
  answers: { 200: zFolder },
  problems: ["folder.not_found", "folder.name_taken", "folder.too_many"],
});

export const fileBookmark = defineRoute({
  method: "PUT",
  path: "/v1/posts/{id}/bookmark/folder",
  summary: "Keep a post in a folder, or with null in none; a bookmark that is not there yet is made",
  tag,
  access: write,
  params: z.strictObject({ id: zId<"post">() }),
  body: z.strictObject({ folder_id: zId<"folder">().nullable() }),
  answers: {
    200: z.object({ folder_id: zIdOut<"folder">().nullable(), was_in_folder_id: zIdOut<"folder">().nullable() }),
  },
  problems: ["post.not_found", "folder.not_found"],
});

export const folderRoutes = {
  listFolders,
  createFolder,
  patchFolder,
  deleteFolder,
  restoreFolder,
  fileBookmark,
} as const;
