import type { Post } from "#systems/feed/contract.ts";

import { openCompose } from "../shell/compose.ts";

/** What everybody may read, or what stands in a space, for that space. The house has the last word. */
export const mayQuote = (post: Pick<Post, "audience" | "space">): boolean =>
  post.audience === "space" || (post.audience === "public" && post.space?.visibility !== "private");

/** Opens the composer with this post in it; what stands in a space is quoted there. */
export function quote(post: Post): void {
  const { id, author, text, content_warning } = post;
  openCompose({
    quote: { id, author, text: content_warning ?? text },
    ...(post.audience === "space" && post.space ? { space: post.space } : {}),
  });
}
