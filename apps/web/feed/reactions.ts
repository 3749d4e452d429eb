import {
  bookmarkPost,
  deletePost,
  likePost,
  type Post,
  type PostViewer,
  repostPost,
  restorePost,
  unbookmarkPost,
  unlikePost,
  unrepostPost,
} from "#systems/feed/contract.ts";

import { call, queries } from "../shell/house.ts";
import { createOverlay, useOverlaid } from "../shell/overlay.ts";
import { say, sorry } from "../shell/toasts.ts";
import { createToggle } from "../shell/toggle.ts";

/** What the viewer did to posts just now. */
interface Doings {
  liked: boolean;
  reposted: boolean;
  bookmarked: boolean;
  gone: boolean;
  /** The whole post as it came back from an edit. */
  edited: Post;
  /** Parts of it that changed without an edit. */
  shown: Partial<Pick<Post, "images" | "link" | "quote">>;
  comments_added: number;
}
export type Reaction = "liked" | "reposted" | "bookmarked";

export const doings = createOverlay<Doings>();

const toggleOf = (
  field: Reaction,
  on: typeof likePost | typeof repostPost | typeof bookmarkPost,
  off: typeof unlikePost | typeof unrepostPost | typeof unbookmarkPost,
) =>
  createToggle({
    send: async (id, wish) => await call(wish ? on : off, { params: { id } }),
    show: (id, wish) => doings.patch(id, { [field]: wish }),
    failed: sorry,
  });

const toggles = {
  liked: toggleOf("liked", likePost, unlikePost),
  reposted: toggleOf("reposted", repostPost, unrepostPost),
  bookmarked: toggleOf("bookmarked", bookmarkPost, unbookmarkPost),
};

export function react(post: Post, field: Reaction, on: boolean) {
  void toggles[field].set(post.id, on, !on);
  if (field === "reposted")
    say(on ? "Passed on to those who follow you." : "No longer passed on.", () => react(post, "reposted", !on));
  if (field === "bookmarked") {
    say(on ? "Kept in your bookmarks." : "Taken out of your bookmarks.", () => react(post, "bookmarked", !on));
    void queries.invalidateQueries({ queryKey: ["/v1/bookmarks"], refetchType: "none" });
  }
}

/** Deletes at once and keeps the way back open: the house holds what was deleted for ten minutes. */
export async function removePost(post: Post) {
  doings.patch(post.id, { gone: true });
  try {
    await call(deletePost, { params: { id: post.id } });
  } catch (error) {
    doings.patch(post.id, { gone: false });
    throw error;
  }
  say("Post deleted.", async () => {
    await call(restorePost, { params: { id: post.id } });
    doings.patch(post.id, { gone: false });
  });
}

/** The post as its viewer should see it, their own last presses included; null when they deleted it. */
export function usePost(post: Post): Post | null {
  const done = useOverlaid<Partial<Doings>>(doings, post.id, {});
  if (done.gone) return null;
  const base = {
    ...(done.edited && done.edited.version > post.version ? { ...done.edited, reposted_by: post.reposted_by } : post),
    ...done.shown,
  };
  if (!base.viewer) return base;
  const viewer: PostViewer = {
    ...base.viewer,
    liked: done.liked ?? base.viewer.liked,
    reposted: done.reposted ?? base.viewer.reposted,
    bookmarked: done.bookmarked ?? base.viewer.bookmarked,
  };
  const step = (now: boolean, told: boolean) => Number(now) - Number(told);
  return {
    ...base,
    viewer,
    counts: {
      ...base.counts,
      likes: Math.max(0, base.counts.likes + step(viewer.liked, base.viewer.liked)),
      reposts: Math.max(0, base.counts.reposts + step(viewer.reposted, base.viewer.reposted)),
      comments: Math.max(0, base.counts.comments + (done.comments_added ?? 0)),
    },
  };
}
