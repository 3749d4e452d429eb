/**
 * A made-up graph whose followers follow a power law: does it fit this machine, and does it answer?
 *
 *   bun bench/feed-graph.ts [--people=1000000] [--follows=50000000] [--posts=2000000] [--readers=2000] [--reads=6000] [--strategy=pull]
 *
 * People, follows and posts are made by SQL in a cluster of the bench's own, keys and indexes afterwards (about 7 GB of disk at full size; deleted at the
 * end). Then readers, drawn from everybody, read their home: cold, and warm; and the most followed and the least write posts, after each of which a
 * follower's next page is looked at. Prints the time of each step, the size of the tables, and the memory of this process and of Postgres.
 */
import { readdirSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

import { EPOCH_MS, type PersonId } from "#kernel/ids.ts";

import { createPost } from "../systems/feed/posts/write.ts";
import { homeSkeleton } from "../systems/feed/reading/skeleton.ts";
import { cpuSeconds, quantile } from "./feed-read/load.ts";
import { openDatabase } from "./peers-of-feed/database.ts";
import { openFeed, signedIn } from "./peers-of-feed/house.ts";

const text = (name: string) => process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
const option = (name: string, otherwise: number) => Number(text(name) ?? otherwise);
const PEOPLE = option("people", 1_000_000);
const FOLLOWS = option("follows", 50_000_000);
const POSTS = option("posts", 2_000_000);
const READERS = option("readers", 2_000);
const READS = option("reads", 6_000);
const began = performance.now();
const say = (line: string) => console.log(`${((performance.now() - began) / 1_000).toFixed(0).padStart(5)} s  ${line}`);

await using house = await openDatabase({ connections_max: 4 });
const { pool } = house.sql;
const now_ms = house.clock.now();

/**
 * Whom the n-th follow of somebody goes to: rank = people^u, so that the first are followed by very many and most by few; by
 * numbers that are made of the follow's own, in the database, without a byte sent.
 */
const draw = (a: string, b: string) =>
  `((hashint8extended(${a}, 11) # hashint8extended(${b}, 12)) & 1048575) / 1048576.0`;
const mean = FOLLOWS / PEOPLE;
await pool.unsafe(`INSERT INTO people_persons (id, handle, display_name, created_at)
  SELECT 1000000 + i, 'p' || i, 'Person ' || i, now() FROM generate_series(1, ${PEOPLE}) i`);
await pool.unsafe("INSERT INTO people_counts (person_id) SELECT id FROM people_persons");
say(`${PEOPLE} people`);
const keys = (await pool.unsafe(`SELECT conname, pg_get_constraintdef(oid) AS def FROM pg_constraint
  WHERE conrelid = 'people_follows'::regclass AND contype IN ('f', 'p')`)) as { conname: string; def: string }[];
const indexes = (await pool.unsafe(`SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'people_follows'
  AND indexname NOT IN (SELECT conname FROM pg_constraint)`)) as { indexname: string; indexdef: string }[];
for (const { conname } of keys) await pool.unsafe(`ALTER TABLE people_follows DROP CONSTRAINT ${conname}`);
for (const { indexname } of indexes) await pool.unsafe(`DROP INDEX ${indexname}`);
// How many each follows is uneven too: most some tens, few thousands.
const PORTION = Math.max(1, Math.ceil(PEOPLE / 20));
for (let from = 1; from <= PEOPLE; from += PORTION) {
  await pool.unsafe(`INSERT INTO people_follows (follower_id, followee_id, at)
    SELECT DISTINCT 1000000 + i, 1000000 + whom, now() FROM (
      SELECT i, least(${PEOPLE}, greatest(1, floor(power(${PEOPLE}::float8, ${draw("i", "n")}))::int)) AS whom
      FROM generate_series(${from}, ${Math.min(PEOPLE, from + PORTION - 1)}) i
      CROSS JOIN LATERAL generate_series(1, least(5000, greatest(1, (${mean} * 0.75 / power(1.0 - ${draw("i", "7")} * 0.999, 0.45))::int))) n
    ) f WHERE whom <> i`);
}
say("follows");
for (const { conname, def } of keys.toSorted((a) => (a.def.startsWith("PRIMARY") ? -1 : 1)))
  await pool.unsafe(`ALTER TABLE people_follows ADD CONSTRAINT ${conname} ${def}`);
for (const { indexdef } of indexes) await pool.unsafe(indexdef);
say("their keys and indexes");
const first_ms = now_ms - 30 * 86_400_000 - EPOCH_MS;
const step_ms = (30 * 86_400_000) / POSTS;
await pool.unsafe(`INSERT INTO feed_posts (id, author_id, text, audience, created_at)
  SELECT (${first_ms}::bigint + (i * ${step_ms}::float8)::bigint) << 22 | (i & 4095), 1000000 + least(${PEOPLE}, greatest(1, floor(power(${PEOPLE}::float8, sqrt(${draw("i", "3")})))::int)),
    'Hello, this is post number ' || i, 'public', to_timestamp((${first_ms + EPOCH_MS}::bigint + (i * ${step_ms}::float8)::bigint) / 1000.0)
  FROM generate_series(1, ${POSTS}) i`);
await pool.unsafe("INSERT INTO feed_entries (actor_id, id, post_id) SELECT author_id, id, id FROM feed_posts");
say(`${POSTS} posts`);
await pool.unsafe("ANALYZE");
const [facts] = (await pool.unsafe(`SELECT (SELECT count(*) FROM people_follows)::int AS follows,
  pg_size_pretty(pg_total_relation_size('people_follows')) AS follows_size, pg_size_pretty(pg_database_size(current_database())) AS all_size,
  (SELECT max(n) FROM (SELECT count(*) AS n FROM people_follows GROUP BY followee_id) f)::int AS followers_max,
  (SELECT max(n) FROM (SELECT count(*) AS n FROM people_follows GROUP BY follower_id) f)::int AS followees_max,
  (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM (SELECT count(*) AS n FROM people_follows GROUP BY followee_id) f)::int AS followers_median`)) as {
  follows: number;
  follows_size: string;
  all_size: string;
  followers_max: number;
  followees_max: number;
  followers_median: number;
}[];
say(
  `${facts!.follows} follows, ${facts!.follows_size} with their indexes, ${facts!.all_size} in all; the most followed has ${facts!.followers_max} followers, half have at most ${facts!.followers_median}; whoever follows most follows ${facts!.followees_max}`,
);

const feed = await openFeed(house, { timeline: (text("strategy") ?? "pull") as "pull" });
const { reader, timeline } = feed.rooms;
const readers = Array.from(
  { length: READERS },
  () => `${1_000_000 + 1 + Math.floor(house.clock.random() * PEOPLE)}` as PersonId,
);
const pageOf = (id: PersonId): Promise<string> =>
  reader.list(signedIn(id), (rules) => homeSkeleton(timeline, id, rules), { limit: 20 }, "feed", {
    throwIfAborted() {},
  });
async function home(id: PersonId): Promise<number> {
  const from = performance.now();
  const page = await pageOf(id);
  if (!page.startsWith('{"items":[')) throw new Error(page.slice(0, 200));
  return performance.now() - from;
}
async function measure(what: string, ids: readonly PersonId[]) {
  const own = cpuSeconds([process.pid]);
  const theirs = cpuSeconds([house.pid]);
  const took: number[] = [];
  for (const id of ids) took.push(await home(id));
  took.sort((a, b) => a - b);
  const us = (s: number) => ((s * 1e6) / ids.length).toFixed(0);
  say(
    `${what}: p50 ${quantile(took, 0.5).toFixed(2)} p99 ${quantile(took, 0.99).toFixed(2)} ms; ${us(cpuSeconds([process.pid]) - own)} µs of CPU here and ${us(cpuSeconds([house.pid]) - theirs)} in Postgres a read`,
  );
}
await measure(`${READERS} homes, cold`, readers);
await measure(
  `${READS} homes, warm`,
  Array.from({ length: READS }, (_, i) => readers[i % READERS]!),
);
const POSTS_EACH = 100;
async function write(what: string, author: string) {
  const [follower] =
    (await pool`SELECT follower_id AS id FROM people_follows WHERE followee_id = ${author} ORDER BY 1 LIMIT 1`) as {
      id: PersonId;
    }[];
  const before = cpuSeconds([process.pid, house.pid]);
  const took: number[] = [];
  let newest = "";
  for (let i = 0; i < POSTS_EACH; i++) {
    const from = performance.now();
    newest = await createPost(feed.rooms.ground, signedIn(author), { text: `Number ${i}`, audience: "public" }, null);
    took.push(performance.now() - from);
  }
  const cpu_ms = ((cpuSeconds([process.pid, house.pid]) - before) * 1_000) / POSTS_EACH;
  took.sort((a, b) => a - b);
  if (follower && !(await pageOf(follower.id)).includes(`"id":"${newest}"`))
    throw new Error(`${newest} is not in a follower's home`);
  say(
    `${what}: a post took ${cpu_ms.toFixed(2)} ms of CPU, here and in Postgres; p50 ${quantile(took, 0.5).toFixed(2)} p99 ${quantile(took, 0.99).toFixed(2)} ms`,
  );
}
const [ends] =
  (await pool.unsafe(`SELECT (array_agg(followee_id ORDER BY n DESC))[1] AS most, (array_agg(followee_id ORDER BY n))[1] AS least
  FROM (SELECT followee_id, count(*) AS n FROM people_follows GROUP BY 1) f`)) as { most: string; least: string }[];
for (const round of ["first", "again"]) {
  await write(`the least followed, ${round}`, ends!.least);
  await write(`the most followed, ${round}`, ends!.most);
}
const { rings } = feed.stats();
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
say(
  `${rings.rings} rings, ${rings.keys} ids, ${(rings.held_bytes / 2 ** 20).toFixed(1)} MiB; this process ${mib(process.memoryUsage.rss())}, Postgres ${mib(memoryOf(house.pid))}, of ${mib(totalmem())}`,
);
console.log(`${cpus().length} × ${cpus()[0]?.model}; Bun ${Bun.version}, PostgreSQL ${house.version}`);
await feed[Symbol.asyncDispose]();
await house[Symbol.asyncDispose]();
process.exit(0);

/** Proportional set size of a process and its children: shared pages are counted once. */
function memoryOf(pid: number): number {
  let kib = 0;
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      if (Number(name) !== pid && parent !== pid) continue;
      kib += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${name}/smaps_rollup`, "utf8"))?.[1] ?? 0);
    } catch {
      // It ended meanwhile.
    }
  }
  return kib * 1_024;
}
