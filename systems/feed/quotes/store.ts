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

export async function markDetached(tx: Query, id: PostId, by: PersonId, at: Date): Promise<void> {
  await tx`UPDATE feed_posts SET quote_detached_at = ${at}, quote_detached_by = ${by} WHERE id = ${id}`;
}
