import { notFound } from "#kernel/errors.ts";
import { isId, type PersonId } from "#kernel/ids.ts";
import type { Comment, Post } from "#systems/feed/index.ts";

import { commented } from "../entities/statuses.ts";
import type { StatusEntity } from "../entities/types.ts";
import type { Asked, Desk } from "./endpoint.ts";

/**
 * A status is a post, a repost or a comment. All their ids come from one generator, so one number names one thing and nothing has
 * to be written into it (decision 24).
 */
export type Found =
  | { kind: "post"; post: Post }
  | { kind: "repost"; key: string; person_id: PersonId; post: Post }
  | { kind: "comment"; comment: Comment; post: Post };

/** What this caller may see under this id. @throws Problem 404 `status.not_found` */
export async function findStatus(asked: Asked, { ground: { feed } }: Desk, id: string): Promise<Found> {
  if (!isId(id)) throw notFound("status");
  const { windows } = feed;
  const readPost = async (post_id: string) => (await windows.posts(asked.viewer, [post_id])).get(post_id);
  const post = await readPost(id);
  if (post) return { kind: "post", post };
  const commented = (await windows.comments(asked.viewer, [id])).get(id);
  if (commented) return { kind: "comment", ...commented };
  const repost = await windows.repost(id);
  if (repost) {
    // As it stands, or does not, on the page of whoever passed it on.
    const { person_id } = repost;
    const place = { key: id, post_id: repost.post_id, reposter_id: person_id };
    const of = await windows.arrived(asked.viewer, { list: "person", person_id }, place);
    if (of) return { kind: "repost", key: id, person_id, post: of };
  }
  throw notFound("status");
}

export async function presentFound(asked: Asked, { statuses }: Desk, found: Found): Promise<StatusEntity> {
  if (found.kind === "comment") {
    const posts = new Map([[found.post.id, commented(found.post)]]);
    return (await statuses.comments(asked.shown, [found.comment], posts))[0]!;
  }
  const placed = found.kind === "repost" ? { post: found.post, key: found.key } : { post: found.post };
  return (await statuses.of(asked.shown, [placed]))[0]!;
}
