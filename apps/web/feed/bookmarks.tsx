import { Bookmark } from "lucide-react";

import { listBookmarks } from "#systems/feed/contract.ts";

import { Empty } from "../parts/empty.tsx";
import { NeedMe } from "../shell/need-me.tsx";
import { PageHeader } from "../shell/page-header.tsx";
import { PostList } from "./post-list.tsx";

export function BookmarksScreen() {
  return (
    <>
      <PageHeader title="Bookmarks" detail="Only you see these" />
      <div className="pt-2 sm:pt-3">
        <NeedMe>
          {() => (
            <PostList
              route={listBookmarks}
              empty={
                <Empty icon={<Bookmark />} title="Nothing kept yet">
                  Press the bookmark under a post, and you find it here again.
                </Empty>
              }
            />
          )}
        </NeedMe>
      </div>
    </>
  );
}
