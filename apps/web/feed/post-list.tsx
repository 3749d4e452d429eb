import { useInfiniteQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import type { Route } from "#kernel/contract.ts";
import type { Post } from "#systems/feed/contract.ts";

import type { Asked } from "../client.ts";
import { PagedList } from "../parts/paged-list.tsx";
import { PostSkeleton } from "../parts/skeleton.tsx";
import { askPages } from "../shell/house.ts";
import { PostCard } from "./post-card.tsx";

export const POST_GAP = "space-y-2 sm:space-y-3";

/** Any list of posts: a route that answers pages of them, and what to say when there are none. */
export function PostList<R extends Route>({
  route,
  asked,
  empty,
  end,
}: {
  route: R;
  asked?: Pick<Asked<R>, "params" | "query">;
  empty: ReactNode;
  end?: ReactNode;
}) {
  const pages = useInfiniteQuery(askPages(route, asked));
  return (
    <PagedList<Post>
      pages={pages as Parameters<typeof PagedList<Post>>[0]["pages"]}
      what="posts"
      role="feed"
      keyOf={(post) => `${post.id}${post.reposted_by ? `-${post.reposted_by.id}` : ""}`}
      className={POST_GAP}
      empty={empty}
      end={end}
      skeleton={
        <div className={POST_GAP}>
          <PostSkeleton />
          <PostSkeleton media />
          <PostSkeleton />
        </div>
      }
    >
      {(post) => <PostCard post={post} />}
    </PagedList>
  );
}
