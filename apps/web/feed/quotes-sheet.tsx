import { useInfiniteQuery } from "@tanstack/react-query";
import { TextQuote } from "lucide-react";
import type { ComponentType } from "react";

import { listQuotes, type Post } from "#systems/feed/contract.ts";

import { Sheet } from "../parts/dialog.tsx";
import { Empty } from "../parts/empty.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { PostSkeleton } from "../parts/skeleton.tsx";
import { askPages } from "../shell/house.ts";

/** Who wrote about this post, and what. */
export default function QuotesSheet({
  post,
  Card,
  close,
}: {
  post: Post;
  /** How a post looks; the card itself hands it down, for its menu is what opens this. */
  Card: ComponentType<{ post: Post }>;
  close: () => void;
}) {
  const pages = useInfiniteQuery(askPages(listQuotes, { params: { id: post.id } }));
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Quotes" wide tall>
      <div className="flex-1 bg-birch px-0 py-3 sm:px-4">
        <PagedList
          pages={pages}
          what="quotes"
          role="feed"
          keyOf={(item) => item.id}
          className="grid gap-3"
          skeleton={<PostSkeleton />}
          empty={
            <Empty icon={<TextQuote />} title="Nobody quoted this yet">
              Whoever writes about this post with words of their own is found here.
            </Empty>
          }
        >
          {(item) => <Card post={item} />}
        </PagedList>
      </div>
    </Sheet>
  );
}
