import type { CommentId, PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

export const setPostHidden = (tx: Query, id: PostId, by: PersonId | null, at: Date) =>
  tx`UPDATE feed_posts SET hidden_at = ${by === null ? null : at}, hidden_by = ${by} WHERE id = ${id}`;

export const setCommentHidden = (tx: Query, id: CommentId, by: PersonId | null, at: Date) =>
  tx`UPDATE feed_comments SET hidden_at = ${by === null ? null : at}, hidden_by = ${by} WHERE id = ${id}`;

export const setPlace = (tx: Query, id: PostId, place: { audience: Audience; space_id: SpaceId | null }) =>
  tx`UPDATE feed_posts SET audience = ${place.audience}, space_id = ${place.space_id} WHERE id = ${id}`;

export const setMarks = (tx: Query, id: PostId, marks: Marks, by: PersonId | null) => tx`
  UPDATE feed_posts SET sensitive = ${marks.sensitive}, content_warning = ${marks.content_warning}, marked_by = ${by}
  WHERE id = ${id}`;

export interface Marks {
  sensitive: boolean;
  content_warning: string | null;
}

/** Of a comment, with what its post says of where it stands. */
export interface CommentPlace {
  id: CommentId;
  post_id: PostId;
  author_id: PersonId;
  text: string;
  created_at: Date;
  edited_at: Date | null;
  deleted_at: Date | null;
  hidden_at: Date | null;
  space_id: SpaceId | null;
  audience: Audience;
}

export async function findCommentPlace(db: Query, id: CommentId): Promise<CommentPlace | null> {
  const [row] = (await db`
    SELECT c.id, c.post_id, c.author_id, c.text, c.created_at, c.edited_at, c.deleted_at, c.hidden_at, p.space_id, p.audience
    FROM feed_comments c JOIN feed_posts p ON p.id = c.post_id WHERE c.id = ${id}`) as CommentPlace[];
  return row ?? null;
}
