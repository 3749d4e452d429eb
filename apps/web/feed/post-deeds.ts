import { detachQuote, hidePostLink, type Post, showPostLink } from "#systems/feed/contract.ts";

import { call } from "../shell/house.ts";
import { say } from "../shell/toasts.ts";
import { doings } from "./reactions.ts";

/** Takes the card of a link away from one's own post; it can be brought back. */
export async function hideLink(post: Post): Promise<void> {
  doings.patch(post.id, { shown: { link: null } });
  try {
    await call(hidePostLink, { params: { id: post.id } });
  } catch (error) {
    doings.patch(post.id, { shown: { link: post.link } });
    throw error;
  }
  say("The card is gone; the link stays.", async () => {
    const { link } = await call(showPostLink, { params: { id: post.id } });
    doings.patch(post.id, { shown: { link } });
  });
}

/** Takes one's own post out of one that quotes it. */
export async function detach(post: Post): Promise<void> {
  const quoted = post.quote?.post;
  if (!quoted) return;
  await call(detachQuote, { params: { id: quoted.id, quote_id: post.id } });
  doings.patch(post.id, { shown: { quote: { state: "gone", post: null } } });
  say("Your post does not stand in it any more.");
}
