import { forbidden, Problem } from "#kernel/errors.ts";
import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import { may } from "#systems/people/index.ts";

import type { FeedEvent } from "../events.ts";
import type { Ground } from "../ground.ts";
import { findPosts } from "../posts/store.ts";
import { resourceOf, type Rules } from "../reading/rules.ts";

/** Where the words that quote will stand. */
export interface QuotingPlace {
  audience: Audience;
  space_id: SpaceId | null;
}

/**
 * A quote shows a post to the writer's readers, so only what everybody may read is quoted, as with passing on; or what
 * stands in a space, by a post for the same space.
 * @returns who wrote the quoted post
 * @throws Problem 404 `post.quote_not_found` also where it is not for this writer, 403 `post.may_not_quote`
 */
export async function checkQuote(
  ground: Pick<Ground, "sql" | "people" | "spaces">,
  rules: Rules,
  quote_id: PostId,
  place: QuotingPlace,
): Promise<PersonId> {
  const [post] = await findPosts(ground.sql.pool, [quote_id]);
  if (!post || post.hidden_at !== null) throw gone();
  const [people, spaces] = await Promise.all([
    ground.people.cards([post.author_id]),
    post.space_id === null ? null : ground.spaces.cards([post.space_id]),
  ]);
  const author = people.get(post.author_id);
  const space = post.space_id === null ? null : (spaces?.get(post.space_id) ?? null);
  if (!author || (post.space_id !== null && !space)) throw gone();
  const resource = resourceOf(post, author, space);
  if (!may(rules.facts, "read", resource).ok) throw gone();
  const inItsSpace = post.space_id !== null && place.audience === "space" && place.space_id === post.space_id;
  const mayBeReadThere = post.audience === "space" || post.audience === "public";
  if (inItsSpace && mayBeReadThere) return post.author_id;
  const decision = may(rules.facts, "repost", resource);
  if (!decision.ok) {
    throw forbidden(
      "Only what everybody may read is quoted, or what stands in a space by a post for that space.",
      "post.may_not_quote",
    );
  }
  return post.author_id;
}

const gone = () =>
  new Problem(404, "post.quote_not_found", "The post that you want to quote is not there, or it is not for you.");

/** For the author of the quoted post; null where they quote themselves. */
export function quotedEvent(
  quoting: { post_id: PostId; author_id: PersonId },
  quoted_id: PostId,
  quoted_author_id: PersonId,
): FeedEvent | null {
  if (quoted_author_id === quoting.author_id) return null;
  return { type: "feed.quoted", version: 1, data: { ...quoting, quoted_id, quoted_author_id } };
}
