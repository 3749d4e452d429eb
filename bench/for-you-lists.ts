import { cpus } from "node:os";

import { idAtMs, type PersonId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";

import { makeQueue } from "../systems/feed/foryou/refresh.ts";
import { insertQueue } from "../systems/feed/foryou/store.ts";
import { cpuSeconds, quantile } from "./feed-read/load.ts";
import { openDatabase } from "./peers-of-feed/database.ts";
import { openFeed } from "./peers-of-feed/house.ts";

/**
 * What a list of For you costs: to make it, by how many are followed, and to read a page of one that was made ahead.
 *
 *   bun bench/for-you-lists.ts [--people=20000] [--posts=100000] [--likes=500000] [--lists=100]
 *
 * A house of two weeks in its database, made by one seed; the house's own code in this process, without sockets. CPU is this process
 * and the database's.
 */
const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const PEOPLE = option("people", 20_000);
const POSTS = option("posts", 100_000);
const LIKES = option("likes", 500_000);
const LISTS = option("lists", 100);
const FOLLOWS = [20, 200, 1_000, 5_000] as const;
const DAYS = 14;

await using house = await openDatabase({ connections_max: 8 });
const { sql, clock } = house;
const { pool } = sql;

/** Authors are drawn with a few far ahead of the rest: n × u³. */
const first = idAtMs(clock.now() - DAYS * DAY_MS);
const step = (BigInt(DAYS * DAY_MS) << 22n) / BigInt(POSTS);
const person = (n: number) => `${1_000_000 + n}`;
await sql.tx(async (tx) => {
  await tx`SELECT setseed(0.42)`;
  await tx`INSERT INTO people_persons (id, handle, display_name, created_at)
    SELECT 1000000 + i, 'p' || i, 'Person ' || i, now() FROM generate_series(0, ${PEOPLE - 1}) i`;
  await tx`INSERT INTO people_counts (person_id) SELECT id FROM people_persons`;
  await tx`INSERT INTO feed_posts (id, author_id, text, audience, hashtags, created_at)
    SELECT ${first}::bigint + i * ${step}::bigint, 1000000 + floor(${PEOPLE} * power(random(), 3))::int, 'words ' || i, 'public',
      ARRAY['t' || floor(40 * random())::int], now() - ${DAYS} * interval '1 day' + i * (${DAYS} * interval '1 day' / ${POSTS})
    FROM generate_series(0, ${POSTS - 1}) i`;
  await tx`INSERT INTO feed_entries (actor_id, id, post_id) SELECT author_id, id, id FROM feed_posts`;
  await tx`INSERT INTO feed_likes (person_id, post_id, at)
    SELECT 1000000 + floor(${PEOPLE} * random())::int, p.id, least(now(), p.created_at + random() * interval '12 hours')
    FROM (SELECT ${first}::bigint + floor(${POSTS} * random())::bigint * ${step}::bigint AS id FROM generate_series(1, ${LIKES})) d
    JOIN feed_posts p USING (id) ON CONFLICT DO NOTHING`;
  await tx`INSERT INTO feed_counts (subject_id, likes) SELECT post_id, count(*) FROM feed_likes GROUP BY post_id`;
  await tx`INSERT INTO feed_for_you_pairs (post_id, other_id, weight, at)
    SELECT DISTINCT ON (a.post_id, b.post_id) a.post_id, b.post_id, 1, a.at FROM feed_likes a JOIN feed_likes b USING (person_id)
    WHERE a.post_id <> b.post_id AND abs(hashint8(a.post_id # b.post_id)) % 20 = 0`;
});
const viewers = FOLLOWS.map((follows, i) => ({
  follows,
  ids: Array.from({ length: Math.ceil(LISTS / FOLLOWS.length) }, (_, n) => person(100 + n * FOLLOWS.length + i)),
}));
for (const { follows, ids: who } of viewers) {
  await sql.tx(async (tx) => {
    await tx`SELECT setseed(0.7)`;
    await tx`INSERT INTO people_follows (follower_id, followee_id, at)
      SELECT v.id, f.id, now() FROM unnest(${tx.array(who, "BIGINT")}) v (id)
      CROSS JOIN LATERAL (SELECT id FROM people_persons WHERE id <> v.id ORDER BY random() LIMIT ${follows}) f`;
  });
}
await pool`VACUUM ANALYZE`;

const feed = await openFeed(house);
const { ground, queues } = feed.rooms.forYou;
console.log(
  `Bun ${Bun.version}, PostgreSQL ${house.version}, ${cpus().length} cores (${cpus()[0]?.model}), ${new Date().toISOString().slice(0, 10)}`,
);
console.log(`${PEOPLE} people, ${POSTS} posts and ${LIKES} likes of ${DAYS} days\n`);
console.log(
  "| follows | candidates kept | make a list: median ms | p95 ms | CPU ms | a page's ids from a kept list: median ms |",
);
console.log("|---:|---:|---:|---:|---:|---:|");
for (const { follows, ids: who } of viewers) {
  // One for the connections and plans; rings of the followed are loaded as each is first asked for, and that is counted.
  await makeQueue(ground, who[0]! as PersonId);
  const made_ms: number[] = [];
  const read_ms: number[] = [];
  let places = 0;
  const before = cpuOf();
  for (const id of who as PersonId[]) {
    const began = performance.now();
    const queue = await makeQueue(ground, id);
    await sql.tx((tx) => insertQueue(tx, queue));
    made_ms.push(performance.now() - began);
    places += queue.places.length;
  }
  const cpu_ms = ((cpuOf() - before) * 1_000) / who.length;
  for (const id of who as PersonId[]) {
    const began = performance.now();
    await queues.skeleton(id).read(null, 24);
    read_ms.push(performance.now() - began);
  }
  const ms = (of: number[], q: number) =>
    quantile(
      of.toSorted((a, b) => a - b),
      q,
    ).toFixed(1);
  console.log(
    `| ${follows} | ${Math.round(places / who.length)} | ${ms(made_ms, 0.5)} | ${ms(made_ms, 0.95)} | ${cpu_ms.toFixed(1)} | ${ms(read_ms, 0.5)} |`,
  );
}
const [size] = (await pool`SELECT avg(pg_column_size(q.*))::int AS bytes FROM feed_for_you_queues q`) as {
  bytes: number;
}[];
console.log(`\nA kept list takes ${size!.bytes} bytes.`);
await feed[Symbol.asyncDispose]();
process.exit(0);

/** Of this process and of the database with all its children, in seconds. */
function cpuOf(): number {
  return cpuSeconds([process.pid, house.pid]);
}
