import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Bookmark, Ellipsis, FolderOpen, FolderPlus, PencilLine, Trash2 } from "lucide-react";
import { useState } from "react";

import { type Folder, listBookmarks, listFolders, UNFILED } from "#systems/feed/contract.ts";

import { IconButton } from "../parts/button.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { Empty } from "../parts/empty.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { TabLinks } from "../parts/tab-links.tsx";
import { ask } from "../shell/house.ts";
import { NeedMe } from "../shell/need-me.tsx";
import { PageHeader } from "../shell/page-header.tsx";
import { removeFolder } from "./folders/filing.ts";
import { FolderForm } from "./folders/folder-form.tsx";
import { PostList } from "./post-list.tsx";

export function BookmarksScreen() {
  const [form, setForm] = useState<Folder | "new" | null>(null);
  return (
    <>
      <PageHeader title="Bookmarks" detail="Only you see these">
        <IconButton label="New folder" onClick={() => setForm("new")}>
          <FolderPlus className="size-5.5" />
        </IconButton>
      </PageHeader>
      <NeedMe>{() => <Bookmarks edit={setForm} />}</NeedMe>
      {form !== null && (
        <Sheet
          open
          onOpenChange={(open) => !open && setForm(null)}
          title={form === "new" ? "A new folder" : "Rename the folder"}
        >
          <div className="px-6 pt-2 pb-6">
            <FolderForm {...(form === "new" ? {} : { folder: form })} done={() => setForm(null)} />
          </div>
        </Sheet>
      )}
    </>
  );
}

function Bookmarks({ edit }: { edit: (folder: Folder) => void }) {
  const { folder } = useSearch({ from: "/bookmarks" });
  const folders = useQuery(ask(listFolders)).data?.items ?? [];
  const open = folders.find(({ id }) => id === folder);
  return (
    <>
      {folders.length > 0 && (
        <div className="flex items-center">
          <div className="min-w-0 flex-1">
            <TabLinks
              label="Folders"
              tabs={[
                { to: "/bookmarks", label: "All", on: folder === undefined },
                ...folders.map(({ id, name }) => ({
                  to: "/bookmarks" as const,
                  search: { folder: id },
                  label: name,
                  on: folder === id,
                })),
                { to: "/bookmarks", search: { folder: UNFILED }, label: "In no folder", on: folder === UNFILED },
              ]}
            />
          </div>
          {open && (
            <LazyMenu
              entries={() => [
                { label: "Rename the folder", icon: <PencilLine />, run: () => edit(open) },
                "line",
                {
                  label: "Delete the folder",
                  detail: "What is in it stays kept",
                  icon: <Trash2 />,
                  danger: true,
                  run: () => void removeFolder(open),
                },
              ]}
              trigger={
                <IconButton label={`More about ${open.name}`}>
                  <Ellipsis className="size-5" />
                </IconButton>
              }
            />
          )}
        </div>
      )}
      <div className={folders.length > 0 ? "" : "pt-2 sm:pt-3"}>
        <PostList
          key={folder ?? "all"}
          route={listBookmarks}
          asked={{ query: folder === undefined ? {} : { folder } }}
          empty={
            folder === undefined ? (
              <Empty icon={<Bookmark />} title="Nothing kept yet">
                Press the bookmark under a post, and you find it here again. Hold it down to choose a folder.
              </Empty>
            ) : (
              <Empty icon={<FolderOpen />} title={folder === UNFILED ? "All is in folders" : "Nothing in here yet"}>
                {folder === UNFILED
                  ? "Every bookmark of yours has its place."
                  : "Hold the bookmark under a post, or use its menu, to put it here."}
              </Empty>
            )
          }
        />
      </div>
    </>
  );
}
