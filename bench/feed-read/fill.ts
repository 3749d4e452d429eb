import { RedisClient } from "bun";

import { EPOCH_MS } from "#kernel/ids.ts";
import type { Sql } from "#ports/sql/index.ts";
import { hashSecret } from "#systems/people/index.ts";

export interface Filled {
  /** Session secrets of the viewers, the busiest first. */
  secrets: string[];
  posts: number;
}

export interface Size {
  people: number;
  viewers: number;
  followees: number;
  posts: number;
  days: number;
}

const CHUNK = 20_000;
/** What a classic home keeps of each viewer (Mastodon: 400 to 800). */
const HOME_ENTRIES_MAX = 800;

/** mulberry32: the same house each time. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), state | 1);
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Draws 0 … n-1, the first ones most often: weight 1 / rank^power. */
export function zipf(n: number, power: number, random: () => number): () => number {
  const sums = new Float64Array(n);
  let sum = 0;
  for (let i = 0; i < n; i++) sums[i] = sum += 1 / (i + 1) ** power;
  return () => {
    const at = random() * sum;
    let low = 0;
    let high = n - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! < at) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const idAt = (ms: number, sequence = 0) => ((BigInt(ms - EPOCH_MS) << 22n) | BigInt(sequence)).toString();
const WORDS =
  "hej och välkommen till ett hus som vi äger tillsammans i kväll blir det musik på gården kom gärna with your own chairs and a cup we will bring coffee bread and songs from last summer".split(
    " ",
  );

function textOf(random: () => number): { text: string; hashtags: string[] } {
  // Between 20 and 400 characters, short ones more often.
  const chars = Math.round(20 * 20 ** random());
  let text = "";
  while (text.length < chars) text += `${WORDS[Math.floor(random() * WORDS.length)]} `;
  const tagged = random() < 0.2;
  const smiling = random() < 0.05;
  text = text.slice(0, chars).trim() + (tagged ? " #folkfest" : "") + (smiling ? " 🌻" : "");
  return { text, hashtags: tagged ? ["folkfest"] : [] };
}

async function inChunks<T>(rows: readonly T[], insert: (chunk: readonly T[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < rows.length; from += CHUNK) await insert(rows.slice(from, from + CHUNK));
}

/** A house of a month: people, sessions, follows, posts, likes, sums, and the homes in Redis as fan-out on write left them. */
export async function fill(sql: Sql, redis_url: string | null, size: Size, now_ms: number): Promise<Filled> {
  const { pool } = sql;
  const random = dice(20_261_121);
  const arr = (list: readonly (string | number)[], type: "BIGINT" | "TEXT" | "INTEGER") =>
    pool.array([...list] as string[], type);
  const began_ms = now_ms - size.days * 86_400_000;
  const people = Array.from({ length: size.people }, (_, i) => ({
    id: idAt(began_ms - 1_000_000 + i),
    handle: `p${i}`,
  }));
  await inChunks(
    people,
    (rows) => pool`
    INSERT INTO people_persons (id, handle, display_name, created_at)
    SELECT id, handle, 'Person ' || handle, now() FROM unnest(${arr(
      rows.map((p) => p.id),
      "BIGINT",
    )}, ${arr(
      rows.map((p) => p.handle),
      "TEXT",
    )}) AS t (id, handle)`,
  );

  await pool`INSERT INTO people_counts (person_id) SELECT id FROM people_persons`;

  const viewers = Array.from({ length: size.viewers }, () => people[Math.floor(random() * people.length)]!.id);
  const unique = [...new Set(viewers)];
  const secrets = unique.map(
    (id) => `fhs_${Buffer.from(new Bun.CryptoHasher("sha256").update(`bench ${id}`).digest()).toString("base64url")}`,
  );
  await sql.tx(async (tx) => {
    for (const [i, id] of unique.entries()) {
      await tx`INSERT INTO people_sessions (id, person_id, secret_hash, created_at, last_used_at, expires_at)
        VALUES (${idAt(now_ms - 10_000 + i)}, ${id}, ${Buffer.from(hashSecret(secrets[i]!))}, now(), now(), now() + interval '30 days')`;
    }
  });

  const popular = zipf(size.people, 0.8, random);
  const follows: [string, string][] = [];
  for (const id of unique) {
    const chosen = new Set<string>();
    while (chosen.size < size.followees) {
      const other = people[popular()]!.id;
      if (other !== id) chosen.add(other);
    }
    for (const other of chosen) follows.push([id, other]);
  }
  await inChunks(
    follows,
    (rows) => pool`
    INSERT INTO people_follows (follower_id, followee_id, at) SELECT a, b, now()
    FROM unnest(${arr(
      rows.map((f) => f[0]),
      "BIGINT",
    )}, ${arr(
      rows.map((f) => f[1]),
      "BIGINT",
    )}) AS t (a, b)`,
  );

  const writers = zipf(size.people, 0.6, random);
  const step_ms = (now_ms - began_ms - 60_000) / size.posts;
  const posts = Array.from({ length: size.posts }, (_, i) => ({
    id: idAt(Math.floor(began_ms + i * step_ms)),
    author_id: people[writers()]!.id,
    ms: Math.floor(began_ms + i * step_ms),
    ...textOf(random),
  }));
  await inChunks(
    posts,
    (rows) => pool`
    INSERT INTO feed_posts (id, author_id, text, audience, hashtags, created_at)
    SELECT id, author_id, txt, 'public', CASE WHEN tagged = 1 THEN '{folkfest}'::text[] ELSE '{}' END, to_timestamp(ms / 1000.0)
    FROM unnest(${arr(
      rows.map((p) => p.id),
      "BIGINT",
    )}, ${arr(
      rows.map((p) => p.author_id),
      "BIGINT",
    )}, ${arr(
      rows.map((p) => p.text),
      "TEXT",
    )},
      ${arr(
        rows.map((p) => p.hashtags.length),
        "INTEGER",
      )}, ${arr(
        rows.map((p) => p.ms),
        "BIGINT",
      )}) AS t (id, author_id, txt, tagged, ms)`,
  );
  await pool`INSERT INTO feed_entries (actor_id, id, post_id) SELECT author_id, id, id FROM feed_posts`;
  await pool`INSERT INTO feed_counts (subject_id, likes, reposts, comments)
    SELECT id, (random() * 40)::int, (random() * 5)::int, (random() * 9)::int FROM feed_posts WHERE id % 3 <> 0`;
  const whom = new Map<string, Set<string>>();
  for (const [id, other] of follows) whom.set(id, (whom.get(id) ?? new Set([id])).add(other));
  const newest = posts.toReversed();
  const homes = unique.map((id) => ({ id, posts: homeOf(newest, whom.get(id)!) }));
  // Each viewer liked a sixth of what stood high in their home, and kept a tenth of that.
  const likes = homes.flatMap((home) =>
    home.posts.slice(0, 300).flatMap((post) => (random() < 1 / 6 ? [{ person_id: home.id, post_id: post.id }] : [])),
  );
  await inChunks(
    likes,
    (rows) => pool`
    INSERT INTO feed_likes (person_id, post_id, at) SELECT a, b, now()
    FROM unnest(${arr(
      rows.map((l) => l.person_id),
      "BIGINT",
    )}, ${arr(
      rows.map((l) => l.post_id),
      "BIGINT",
    )}) AS t (a, b)`,
  );
  await pool`INSERT INTO feed_bookmarks (person_id, post_id, entry_id, at)
    SELECT person_id, post_id, row_number() OVER (), now() FROM feed_likes WHERE hashint8(post_id # person_id) % 10 = 0`;
  await pool.unsafe("VACUUM ANALYZE");

  if (redis_url === null) return { secrets, posts: posts.length };
  const redis = new RedisClient(redis_url);
  for (const home of homes) {
    await redis.send("ZADD", [`home:${home.id}`, ...home.posts.flatMap((post) => [String(post.ms), post.id])]);
  }
  redis.close();
  return { secrets, posts: posts.length };
}

/** What fan-out on write left in this home. */
function homeOf<P extends { author_id: string }>(newest: readonly P[], whom: ReadonlySet<string>): P[] {
  const home: P[] = [];
  for (const post of newest) {
    if (whom.has(post.author_id) && home.push(post) === HOME_ENTRIES_MAX) break;
  }
  return home;
}
