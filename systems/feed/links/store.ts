import type { Id, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export type LinkId = Id<"link">;

export interface LinkRow {
  id: LinkId;
  url: string;
  state: "waiting" | "ready" | "none";
  image_name: string | null;
  fresh_until: Date;
}

/**
 * The row of an address, made where there is none, and there until the transaction ends: `deleteUnused` passes it by.
 * `fresh_until` of a new one has passed already.
 */
export async function linkAt(tx: Query, id: LinkId, url: string, at: Date): Promise<LinkRow> {
  for (;;) {
    const [made] = (await tx`
      INSERT INTO feed_links (id, url, fresh_until, created_at) VALUES (${id}, ${url}, ${at}, ${at})
      ON CONFLICT (url) DO NOTHING RETURNING id, url, state, image_name, fresh_until`) as LinkRow[];
    if (made) return made;
    const [row] = (await tx`
      SELECT id, url, state, image_name, fresh_until FROM feed_links WHERE url = ${url} FOR KEY SHARE`) as LinkRow[];
    // It went between the two: then the next turn makes it.
    if (row) return row;
  }
}

export async function findLink(db: Query, id: LinkId): Promise<LinkRow | null> {
  const [row] =
    (await db`SELECT id, url, state, image_name, fresh_until FROM feed_links WHERE id = ${id}`) as LinkRow[];
  return row ?? null;
}

export interface Card {
  title: string;
  description: string | null;
  site: string;
  image_name: string | null;
  image_width: number | null;
  image_height: number | null;
}

export async function markReady(tx: Query, id: LinkId, card: Card, at: Date, fresh_until: Date): Promise<void> {
  await tx`
    UPDATE feed_links SET state = 'ready', reason = NULL, title = ${card.title}, description = ${card.description}, site = ${card.site},
      image_name = ${card.image_name}, image_width = ${card.image_width}, image_height = ${card.image_height},
      looked_at = ${at}, fresh_until = ${fresh_until} WHERE id = ${id}`;
}

/** What was shown before goes: the page is not what it was. */
export async function markNone(tx: Query, id: LinkId, reason: string, at: Date, fresh_until: Date): Promise<void> {
  await tx`
    UPDATE feed_links SET state = 'none', reason = ${reason}, title = NULL, description = NULL, site = NULL,
      image_name = NULL, image_width = NULL, image_height = NULL, looked_at = ${at}, fresh_until = ${fresh_until} WHERE id = ${id}`;
}

/** The newest first. */
export async function postsNaming(db: Query, id: LinkId, posts_max: number): Promise<PostId[]> {
  const rows = (await db`
    SELECT id FROM feed_posts WHERE link_id = ${id} ORDER BY id DESC LIMIT ${posts_max}`) as { id: PostId }[];
  return rows.map((row) => row.id);
}

export async function setLinkHidden(tx: Query, post_id: PostId, at: Date | null): Promise<void> {
  await tx`UPDATE feed_posts SET link_hidden_at = ${at} WHERE id = ${post_id}`;
}

/** Addresses that nothing names and nobody asked for since. @returns those that went */
export async function deleteUnused(db: Query, before: Date, links_max: number): Promise<LinkId[]> {
  const rows = (await db`
    DELETE FROM feed_links WHERE id IN (
      SELECT l.id FROM feed_links l WHERE l.fresh_until < ${before}
        AND NOT EXISTS (SELECT FROM feed_posts p WHERE p.link_id = l.id)
        AND NOT EXISTS (SELECT FROM feed_link_uses u WHERE u.link_id = l.id) ORDER BY l.fresh_until LIMIT ${links_max} FOR UPDATE SKIP LOCKED)
    RETURNING id`) as { id: LinkId }[];
  return rows.map((row) => row.id);
}

export async function addUse(tx: Query, id: LinkId, holder: string): Promise<void> {
  await tx`INSERT INTO feed_link_uses (link_id, holder) VALUES (${id}, ${holder}) ON CONFLICT DO NOTHING`;
}

export async function dropUse(tx: Query, id: LinkId, holder: string): Promise<void> {
  await tx`DELETE FROM feed_link_uses WHERE link_id = ${id} AND holder = ${holder}`;
}

/** Who shows it besides posts, the newest first. */
export async function usesOf(db: Query, id: LinkId, uses_max: number): Promise<string[]> {
  const rows = (await db`
    SELECT holder FROM feed_link_uses WHERE link_id = ${id} ORDER BY length(holder) DESC, holder DESC LIMIT ${uses_max}`) as {
    holder: string;
  }[];
  return rows.map((row) => row.holder);
}

export interface ReadyLink extends Card {
  id: LinkId;
  url: string;
}

export async function readyLinks(db: Query, ids: readonly LinkId[]): Promise<ReadyLink[]> {
  if (ids.length === 0) return [];
  return (await db`
    SELECT id, url, title, description, site, image_name, image_width, image_height FROM feed_links
    WHERE state = 'ready' AND id = ANY(${db.array([...ids], "BIGINT")})`) as ReadyLink[];
}
