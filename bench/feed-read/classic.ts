import { RedisClient } from "bun";

import type { PostId } from "#kernel/ids.ts";
import { encodeCursor } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import { homeFeed, type Post } from "#systems/feed/contract.ts";

import { listen, openStand } from "./server.ts";

/**
 * The classic home, as well as we can write it: a sorted set per home in Redis, filled on write; then one prepared statement
 * that brings the posts, their authors, their sums, what the viewer did to each, and drops what they may not see.
 * Redis by Bun's native client, which pipelines by itself.
 */
const { sql, api } = await openStand();
const redis = new RedisClient(process.env.BENCH_REDIS!);
await redis.connect();
const SLACK = 4;

interface Row {
  id: PostId;
  text: string;
  audience: Post["audience"];
  hashtags: string[];
  mention_ids: string[];
  mention_handles: string[];
  version: number;
  created_at: Date;
  edited_at: Date | null;
  author_id: string;
  handle: string;
  display_name: string;
  likes: number;
  reposts: number;
  comments: number;
  views: number;
  liked: boolean;
  reposted: boolean;
  bookmarked: boolean;
}

api.serve(homeFeed, async ({ viewer, query }) => {
  const me = viewer.person_id;
  const ids = (await redis.send("ZREVRANGE", [`home:${me}`, "0", String(query.limit + SLACK)])) as string[];
  const rows: Row[] = await sql.pool`
    SELECT p.id, p.text, p.audience, p.hashtags, p.mention_ids, p.mention_handles, p.version, p.created_at, p.edited_at,
      p.author_id, a.handle, a.display_name,
      coalesce(c.likes, 0)::int AS likes, coalesce(c.reposts, 0)::int AS reposts, coalesce(c.comments, 0)::int AS comments, coalesce(c.views, 0)::int AS views,
      EXISTS (SELECT FROM feed_likes WHERE person_id = ${me} AND post_id = p.id) AS liked,
      EXISTS (SELECT FROM feed_reposts WHERE person_id = ${me} AND post_id = p.id) AS reposted,
      EXISTS (SELECT FROM feed_bookmarks WHERE person_id = ${me} AND post_id = p.id) AS bookmarked
    FROM feed_posts p JOIN people_persons a ON a.id = p.author_id LEFT JOIN feed_counts c ON c.subject_id = p.id
    WHERE p.id = ANY(${sql.pool.array(ids, "BIGINT")}) AND p.deleted_at IS NULL AND a.suspended_at IS NULL AND a.deleted_at IS NULL
      AND (p.audience = 'public' OR p.author_id = ${me} OR (p.audience = 'followers'
        AND EXISTS (SELECT FROM people_follows WHERE follower_id = ${me} AND followee_id = p.author_id)))
      AND NOT EXISTS (SELECT FROM people_blocks WHERE blocker_id = ${me} AND blocked_id = p.author_id)
      AND NOT EXISTS (SELECT FROM people_blocks WHERE blocker_id = p.author_id AND blocked_id = ${me})
      AND NOT EXISTS (SELECT FROM people_mutes WHERE muter_id = ${me} AND muted_id = p.author_id)
    ORDER BY p.id DESC LIMIT ${query.limit + 1}`;
  const items = rows.slice(0, query.limit).map((row): Post => ({
    id: row.id,
    author: {
      id: row.author_id,
      handle: row.handle,
      display_name: row.display_name,
      avatar: null,
      suspended: false,
      limited: false,
      private: false,
    },
    space: null,
    video: null,
    images: [],
    text: row.text,
    mentions: row.mention_ids.map((id, i) => ({ id, handle: row.mention_handles[i]! })),
    hashtags: row.hashtags,
    audience: row.audience,
    created_at: rfc3339(row.created_at),
    edited_at: row.edited_at && rfc3339(row.edited_at),
    imported_at: null,
    version: row.version,
    hidden: false,
    counts: { likes: row.likes, reposts: row.reposts, comments: row.comments, views: row.views, quotes: 0 },
    viewer: { liked: row.liked, reposted: row.reposted, bookmarked: row.bookmarked, own: row.author_id === me },
    reposted_by: null,
    entry_id: row.id,
    filtered: null,
    content_warning: null,
    sensitive: false,
    quote: null,
    poll: null,
    link: null,
  }));
  const next_cursor = rows.length > query.limit ? encodeCursor(["home", items.at(-1)!.id]) : null;
  return { status: 200, body: { items, next_cursor } };
});
process.on("SIGTERM", () => process.exit(0));
listen(api);
