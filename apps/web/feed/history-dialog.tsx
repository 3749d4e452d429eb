import { useInfiniteQuery } from "@tanstack/react-query";

import { listPostEdits, type Post, type PostEdit } from "#systems/feed/contract.ts";

import { Sheet } from "../parts/dialog.tsx";
import { Empty } from "../parts/empty.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { wholeTime } from "../parts/time.tsx";
import { askPages } from "../shell/house.ts";

export default function HistoryDialog({ post, close }: { post: Post; close: () => void }) {
  const pages = useInfiniteQuery(askPages(listPostEdits, { params: { id: post.id } }));
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Versions of this post">
      <div className="px-6 pb-6">
        <PagedList<PostEdit>
          pages={pages}
          what="versions"
          keyOf={(edit) => String(edit.version)}
          skeleton={<Skeleton className="h-16" />}
          empty={<Empty title="There is only this one" />}
          end={null}
          className="divide-y divide-line"
        >
          {(edit) => (
            <div className="py-4" role="listitem">
              <p className="text-xs font-semibold text-ink-3">
                Version {edit.version} · {wholeTime(edit.at)}
              </p>
              {edit.content_warning !== null && (
                <p dir="auto" className="mt-1 text-sm font-semibold">
                  Warning: {edit.content_warning}
                </p>
              )}
              <p dir="auto" className="mt-1 text-sm whitespace-pre-wrap">
                {edit.text}
              </p>
              {edit.poll_options !== null && (
                <p dir="auto" className="mt-1 text-sm text-ink-2">
                  Poll: {edit.poll_options.join(" · ")}
                </p>
              )}
            </div>
          )}
        </PagedList>
      </div>
    </Sheet>
  );
}
