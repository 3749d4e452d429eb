import { lessForYou, type Post, undoLessForYou } from "#systems/feed/contract.ts";

import { call, queries } from "../../shell/house.ts";
import { createOverlay } from "../../shell/overlay.ts";
import { sorry } from "../../shell/toasts.ts";

/** What was just asked to be less of, by the id of the post or of its author. `at` is the post whose place says so. */
export const lessAsked = createOverlay<{ at: string | null }>();

const idOf = (post: Post, kind: "post" | "author") => (kind === "post" ? post.id : post.author.id);
const stale = () => void queries.invalidateQueries({ queryKey: ["/v1/feeds/for-you/less"] });

/** Holds at once; the place says so, with the way back. */
export async function askLess(post: Post, kind: "post" | "author"): Promise<void> {
  const id = idOf(post, kind);
  lessAsked.patch(id, { at: post.id });
  try {
    await call(lessForYou, { body: { post_id: post.id, kind } });
    stale();
  } catch (error) {
    lessAsked.patch(id, { at: null });
    sorry(error);
  }
}

export async function undoLess(post: Post, kind: "post" | "author"): Promise<void> {
  const id = idOf(post, kind);
  lessAsked.patch(id, { at: null });
  try {
    await call(undoLessForYou, { params: { kind, id } });
    stale();
  } catch (error) {
    lessAsked.patch(id, { at: post.id });
    sorry(error);
  }
}
