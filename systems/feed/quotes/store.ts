import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

const TOP = "9223372036854775807";

/** Living posts that quote this one, newest first; those that it was taken out of are missing. */
export async function quotesOf(
  db: Query,
  quoted_id: PostId,
  below: string | null,
  posts_max: number,
): Promise<PostId[]> {
  const rows = (await db`
    SELECT id FROM feed_posts WHERE quote_id = ${quoted_id} AND quote_detached_at IS NULL AND deleted_at IS NULL
      AND id < ${below ?? TOP}::bigint ORDER BY id DESC LIMIT ${posts_max}`) as { id: PostId }[];
  return rows.map((row) => row.id);
}

/** It stays out of that post, whatever is edited there. */
export async function markDetached(tx: Query, id: PostId, quoted_id: PostId, by: PersonId, at: Date): Promise<void> {
  await tx`UPDATE feed_posts SET quote_detached_at = ${at}, quote_detached_by = ${by} WHERE id = ${id}`;
  await tx`
    INSERT INTO feed_quotes_detached (post_id, quoted_id, by_id, at) VALUES (${id}, ${quoted_id}, ${by}, ${at}) ON CONFLICT DO NOTHING`;
}

/** Whether its author took this post out of that one before. */
export async function wasDetached(db: Query, id: PostId, quoted_id: PostId): Promise<boolean> {
  const [row] = (await db`
    SELECT EXISTS (SELECT FROM feed_quotes_detached WHERE post_id = ${id} AND quoted_id = ${quoted_id}) AS was`) as {
    was: boolean;
  }[];
  return row!.was;
}
