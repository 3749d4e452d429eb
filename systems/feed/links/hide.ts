import { forbidden, notFound } from "#kernel/errors.ts";
import type { PostId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { type FeedEvent, tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { lockPost } from "../posts/store.ts";
import { setLinkHidden } from "./store.ts";

/**
 * The author of a post takes the card of its link away, or brings it back. Again changes nothing.
 * @throws Problem 404, 403 `post.not_yours`
 */
export async function hideLink(ground: Ground, viewer: SignedIn, id: PostId, hidden: boolean): Promise<void> {
  const event = await ground.sql.tx(async (tx): Promise<FeedEvent | null> => {
    const row = await lockPost(tx, id);
    if (!row || row.deleted_at !== null) throw notFound("post");
    if (row.author_id !== viewer.person_id)
      throw forbidden("Only its author decides which card a post shows.", "post.not_yours");
    if ((row.link_hidden_at !== null) === hidden) return null;
    await setLinkHidden(tx, id, hidden ? new Date(ground.clock.now()) : null);
    const type = hidden ? "feed.link_hidden" : "feed.link_shown";
    const told: FeedEvent = { type, version: 1, data: { post_id: id, author_id: row.author_id } };
    await tell(ground.log, tx, told);
    return told;
  });
  if (event) ground.happened(event);
}
