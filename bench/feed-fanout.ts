/**
 * What one post costs by the number of its author's followers: the house, which fans nothing out, beside ZADD and a trim per
 * follower in Redis.
 *
 *   bun bench/feed-fanout.ts [--followers=10000] [--many=1000000] [--posts=1500] [--redis-posts=20] [--kept=400] [--reads=6000]
 *
 * Ours is the whole write (may they, row, entry, event, commit, this process's rings, and its reading of the log), CPU of this
 * process and of Postgres; then the same with all groups of the feed at work behind it, until they have caught up; then the part of it
 * that is the fan-out: the step into memory alone. Every follower's next page shows the post, which is looked at. Redis gets ZADD + ZREMRANGEBYRANK per follower, 500 followers
 * in a pipeline, to homes that are full; CPU of Redis and of the one who sends. Then a home that follows the author of a
 * million, beside one that follows somebody with none, read in turns.
 */
import { cpus } from "node:os";

import { RedisClient } from "bun";

import type { PersonId, PostId } from "#kernel/ids.ts";

import { createPost } from "../systems/feed/posts/write.ts";
import { homeSkeleton } from "../systems/feed/reading/skeleton.ts";
import { cpuSeconds, median } from "./feed-read/load.ts";
import { openDatabase } from "./peers-of-feed/database.ts";
import { openFeed, signedIn } from "./peers-of-feed/house.ts";

const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const FOLLOWERS = option("followers", 10_000);
const MANY = option("many", 1_000_000);
const POSTS = option("posts", 1_500);
const REDIS_POSTS = option("redis-posts", 20);
const KEPT = option("kept", 400);
const READS = option("reads", 6_000);
const PIPELINE = 500;

await using house = await openDatabase({ connections_max: 4 });
const { pool } = house.sql;
const AUTHORS = { none: "1001", some: "1002", many: "1003" };
const FIRST = 10_000_000;
await pool`INSERT INTO people_persons (id, handle, display_name, created_at)
  SELECT i, 'p' || i, 'Person ' || i, now() FROM generate_series(1000, 1300) i`;
await pool`INSERT INTO people_persons (id, handle, display_name, created_at)
  SELECT ${FIRST}::bigint + i, 'f' || i, 'Follower ' || i, now() FROM generate_series(0, ${MANY}::int) i`;
await pool`INSERT INTO people_counts (person_id) SELECT id FROM people_persons`;
await pool`INSERT INTO people_follows (follower_id, followee_id, at)
  SELECT ${FIRST}::bigint + i, ${AUTHORS.many}::bigint, now() FROM generate_series(0, ${MANY}::int - 1) i`;
await pool`INSERT INTO people_follows (follower_id, followee_id, at)
  SELECT ${FIRST}::bigint + i, ${AUTHORS.some}::bigint, now() FROM generate_series(0, ${FOLLOWERS}::int - 1) i`;
await pool.unsafe("VACUUM ANALYZE people_follows; ");
const feed = await openFeed(house);
const { ground, reader, timeline } = feed.rooms;

async function write(author: string, posts: number): Promise<number> {
  const before = cpuSeconds([process.pid, house.pid]);
  for (let i = 0; i < posts; i++)
    await createPost(ground, signedIn(author), { text: `Hello, number ${i}`, audience: "public" }, null);
  return (cpuSeconds([process.pid, house.pid]) - before) / posts;
}
for (const author of Object.values(AUTHORS)) await write(author, POSTS / 3);
const cost = { none: [] as number[], some: [] as number[], many: [] as number[] };
for (let round = 0; round < 5; round++)
  for (const name of ["none", "some", "many"] as const) cost[name].push(await write(AUTHORS[name], POSTS / 5));

/** What the feed does afterwards as well: sums, shorts, polls, neighbours for For you. */
const GROUPS = ["feed.counts", "feed.shorts", "feed.polls", "feed.for_you"];
const working = feed.work();
const behind: number[] = [];
for (let round = 0; round < 4; round++) {
  const from = cpuSeconds([process.pid, house.pid]);
  await write(AUTHORS.some, POSTS / 5);
  for (const group of GROUPS) await ground.log.caughtUp("feed", group);
  if (round > 0) behind.push((cpuSeconds([process.pid, house.pid]) - from) / (POSTS / 5));
}
working[Symbol.dispose]();

/** The next page of a sample of followers has it first. */
const newest = await createPost(ground, signedIn(AUTHORS.many), { text: "for all", audience: "public" }, null);
for (let i = 0; i < MANY; i += Math.floor(MANY / 200)) {
  const viewer = signedIn(`${FIRST + i}`);
  const page = await home(viewer.person_id);
  if (!page.startsWith(`{"items":[{"id":"${newest}"`))
    throw new Error(`follower ${i} does not see ${newest}: ${page.slice(0, 300)}`);
}

async function home(viewer_id: PersonId): Promise<string> {
  const give_up = { throwIfAborted() {} };
  return reader.list(
    signedIn(viewer_id),
    (rules) => homeSkeleton(timeline, viewer_id, rules),
    { limit: 20 },
    "feed",
    give_up,
  );
}

// Two readers of 200 people each, who differ in one: the author of a million, or one of nobody.
const plain_reader = `${FIRST + MANY}` as PersonId;
const fan = `${FIRST + MANY - 1}` as PersonId;
await pool`DELETE FROM people_follows WHERE follower_id IN (${plain_reader}, ${fan})`;
for (const [reader_id, other] of [
  [plain_reader, AUTHORS.none],
  [fan, AUTHORS.many],
])
  await pool`INSERT INTO people_follows (follower_id, followee_id, at) SELECT ${reader_id}, i, now()
    FROM (SELECT i FROM generate_series(1010, 1208) i UNION ALL SELECT ${other}::bigint) f (i)`;
for (let id = 1010; id <= 1208; id++) await write(`${id}`, 3);
const read = { plain: [] as number[], fan: [] as number[] };
for (let round = 0; round < 60; round++)
  for (const [name, id] of [
    ["plain", plain_reader],
    ["fan", fan],
  ] as const) {
    const from = process.cpuUsage();
    for (let i = 0; i < READS / 20; i++) await home(id);
    const { user, system } = process.cpuUsage(from);
    if (round > 9) read[name].push((user + system) / (READS / 20));
  }

/** The fan-out's part, with the author's ring in memory: an entry that is known from now on, and is taken away again. */
const STEPS = 100_000;
const steps_from = process.cpuUsage();
for (let i = 0; i < STEPS; i++) {
  const place = { post_id: house.ids.next<"post">(), author_id: AUTHORS.many as PersonId };
  const data = { ...place, audience: "public", space_id: null, video_id: null, image_ids: [], quotes_id: null };
  ground.happened({ type: "feed.post_created", version: 1, data: { ...data, mention_ids: [] } });
  ground.happened({ type: "feed.post_deleted", version: 1, data: { ...data, deleted_by: place.author_id } });
}
const step = process.cpuUsage(steps_from);
const step_us = (step.user + step.system) / STEPS / 2;

const port = 20_000 + Math.floor(Math.random() * 20_000);
const server = Bun.spawn(
  ["redis-server", "--port", `${port}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", house.home],
  { stdout: "ignore" },
);
while ((await Bun.$`redis-cli -p ${port} ping`.quiet().nothrow()).exitCode !== 0) await Bun.sleep(20);
const redis = new RedisClient(`redis://127.0.0.1:${port}`);
const full = Array.from({ length: KEPT }, (_, i) => [`${i}`, `${300_000_000_000_000_000n + BigInt(i)}`]).flat();
for (let from = 0; from < FOLLOWERS; from += PIPELINE)
  await Promise.all(Array.from({ length: PIPELINE }, (_, i) => redis.send("ZADD", [`home:${from + i}`, ...full])));
const before = cpuSeconds([process.pid, server.pid]);
for (let post = 0; post < REDIS_POSTS; post++) {
  const id = `${400_000_000_000_000_000n + BigInt(post)}` as PostId;
  for (let from = 0; from < FOLLOWERS; from += PIPELINE) {
    const sent: Promise<unknown>[] = [];
    for (let i = from; i < Math.min(FOLLOWERS, from + PIPELINE); i++)
      sent.push(
        redis.send("ZADD", [`home:${i}`, `${KEPT + post}`, id]),
        redis.send("ZREMRANGEBYRANK", [`home:${i}`, "0", `-${KEPT + 1}`]),
      );
    await Promise.all(sent);
  }
}
const redis_s = (cpuSeconds([process.pid, server.pid]) - before) / REDIS_POSTS;

const version = /v=(\S+)/.exec(await Bun.$`redis-server --version`.text())?.[1];
const ms = (s: number) => (s * 1_000).toFixed(2);
console.log(
  `${cpus().length} × ${cpus()[0]?.model}; Bun ${Bun.version}, PostgreSQL ${house.version}, Redis ${version}; medians`,
);
console.log(`| ms of CPU for one post | folkhus | ZADD + trim per follower | ratio |\n|---|---:|---:|---:|`);
console.log(`| no followers | ${ms(median(cost.none))} | | |`);
console.log(
  `| ${FOLLOWERS} followers | ${ms(median(cost.some))} | ${ms(redis_s)} | ${(redis_s / median(cost.some)).toFixed(0)}× |`,
);
console.log(
  `| ${MANY} followers | ${ms(median(cost.many))} | ${ms((redis_s * MANY) / FOLLOWERS)} (reckoned) | ${((redis_s * MANY) / FOLLOWERS / median(cost.many)).toFixed(0)}× |`,
);
console.log(
  `${FOLLOWERS} followers and all that follows behind it (${GROUPS.join(", ")}): ${ms(median(behind))} ms, ${(redis_s / median(behind)).toFixed(0)}×; the step into memory alone ${step_us.toFixed(2)} µs, ${((redis_s * 1e6) / step_us).toFixed(0)}×`,
);
console.log(
  `a home of 200 that follows the author of ${MANY}: ${median(read.fan).toFixed(1)} µs a read, without them ${median(read.plain).toFixed(1)} (${((median(read.fan) / median(read.plain) - 1) * 100).toFixed(1)} %)`,
);
redis.close();
server.kill();
await server.exited;
await feed[Symbol.asyncDispose]();
await house[Symbol.asyncDispose]();
process.exit(0);
