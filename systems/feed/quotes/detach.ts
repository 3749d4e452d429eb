import { forbidden, notFound } from "#kernel/errors.ts";
import type { PostId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { type FeedEvent, tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { lockPost } from "../posts/store.ts";
import type { HydratedPost } from "../reading/hydrate.ts";
import { stepQuotes } from "./count.ts";
import { markDetached } from "./store.ts";

/**
 * Takes one's own post out of a post that quotes it: there it shows as gone from then on. Again changes nothing.
 * @throws Problem 403 `post.not_yours`, 404 `post.not_found` where that post does not quote this one
 */
export async function detachQuote(ground: Ground, viewer: SignedIn, quoted: HydratedPost, id: PostId): Promise<void> {
  if (quoted.post.author_id !== viewer.person_id)
    throw forbidden("Only the author of a post takes it out of posts that quote it.", "post.not_yours");
  const event = await ground.sql.tx(async (tx): Promise<FeedEvent | null> => {
    const row = await lockPost(tx, id);
    if (!row || row.deleted_at !== null || row.quote_id !== quoted.post.id) throw notFound("post");
    if (row.quote_detached_at !== null) return null;
    await markDetached(tx, id, quoted.post.id, viewer.person_id, new Date(ground.clock.now()));
    await stepQuotes(tx, row, { ...row, quote_detached_at: new Date(ground.clock.now()) });
    const told: FeedEvent = {
      type: "feed.quote_detached",
      version: 1,
      data: {
        post_id: id,
        author_id: row.author_id,
        quoted_id: quoted.post.id,
        quoted_author_id: viewer.person_id,
      },
    };
    await tell(ground.log, tx, told);
    return told;
  });
  if (event) ground.happened(event);
}
