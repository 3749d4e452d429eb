import type { Post } from "#systems/feed/contract.ts";

import { queries } from "../shell/house.ts";

/** Puts one's new post on top of the lists where it belongs, without asking for them anew. */
export function shownOnTop(post: Post) {
  interface Pages {
    pages: { items: Post[]; next_cursor: string | null }[];
    pageParams: unknown[];
  }
  const mine = (key: readonly unknown[]) => {
    const params = key[1] as { handle?: string; space?: string } | undefined;
    if (key[0] === "/v1/feeds/home") return true;
    if (key[0] === "/v1/feeds/discover") return post.audience === "public";
    if (key[0] === "/v1/people/{handle}/posts")
      return params?.handle === post.author.handle && (key[2] as { only?: string }).only === undefined;
    return key[0] === "/v1/spaces/{space}/posts" && params?.space === post.space?.slug;
  };
  queries.setQueriesData<Pages>(
    { predicate: (query) => query.queryKey[3] === "pages" && mine(query.queryKey) },
    (data) => {
      const [first, ...rest] = data?.pages ?? [];
      if (!data || !first || first.items.some((item) => item.id === post.id)) return data;
      return { ...data, pages: [{ ...first, items: [post, ...first.items] }, ...rest] };
    },
  );
}
