import { useQuery } from "@tanstack/react-query";
import { FolderPlus } from "lucide-react";
import { useState } from "react";

import { type Folder, listFolders, type Post } from "#systems/feed/contract.ts";

import { Button } from "../../parts/button.tsx";
import { CheckRow } from "../../parts/check-row.tsx";
import { Sheet } from "../../parts/dialog.tsx";
import { Failed } from "../../parts/empty.tsx";
import { plural } from "../../parts/numbers.ts";
import { Loading, RowSkeleton } from "../../parts/skeleton.tsx";
import { ask } from "../../shell/house.ts";
import { sorry } from "../../shell/toasts.ts";
import { file } from "./filing.ts";
import { FolderForm } from "./folder-form.tsx";

/** Where a bookmark is kept: one folder or none. A press holds at once and closes. */
export default function FolderSheet({ post, close }: { post: Pick<Post, "id">; close: () => void }) {
  const asked = useQuery({ ...ask(listFolders, { query: { post_id: post.id } }), staleTime: 0 });
  const [making, setMaking] = useState(false);
  const folders = asked.data?.items ?? [];
  const choose = (folder: Folder | null) => {
    close();
    file(post.id, folder).catch(sorry);
  };
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Keep in a folder">
      <div className="px-3 pt-1 pb-3">
        {asked.isPending ? (
          <>
            <Loading what="your folders" />
            <RowSkeleton />
            <RowSkeleton />
          </>
        ) : asked.isError ? (
          <Failed error={asked.error} retry={() => void asked.refetch()} />
        ) : (
          <div role="radiogroup" aria-label="Folder">
            <CheckRow
              one
              label="No folder"
              detail="Among all bookmarks"
              on={folders.every((folder) => !folder.has_post)}
              press={() => choose(null)}
            />
            {folders.map((folder) => (
              <CheckRow
                one
                key={folder.id}
                label={folder.name}
                detail={plural(folder.bookmark_count, "bookmark")}
                on={folder.has_post ?? false}
                press={() => choose(folder)}
              />
            ))}
          </div>
        )}
      </div>
      <div className="sticky bottom-0 border-t border-line bg-surface px-6 py-4">
        {making ? (
          <FolderForm done={choose} />
        ) : (
          <Button look="soft" className="w-full" onClick={() => setMaking(true)}>
            <FolderPlus className="size-4.5" /> New folder
          </Button>
        )}
      </div>
    </Sheet>
  );
}
