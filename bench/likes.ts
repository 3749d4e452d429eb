/**
 * Many likes of one post at once, and an unrelated write beside them.
 *
 *   bun bench/likes.ts [--people=40000] [--rounds=5] [--at-once=2000] [--seconds=4] [--peer=1]
 *
 * The house's own code in one process, without sockets: each like is what the route does after its caller is known (may they,
 * row, step, event, commit, the exact sum for the answer).
 * The likers are people who were here before, so their relations are in memory; each likes each round's post once. Its acknowledgement comes after the commit, and Postgres flushes
 * each commit. An unrelated write is a bookmark of another post, 50 a second, alone and beside the flood. The peer is the classic
 * transaction on the same database: INSERT of the like and UPDATE of the post's counter, 16 connections.
 */
import { cpus } from "node:os";

import type { PersonId, PostId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import * as reactions from "../systems/feed/reactions/reactions.ts";
import { cpuSeconds, median, quantile } from "./feed-read/load.ts";
import { openDatabase } from "./peers-of-feed/database.ts";
import { openFeed } from "./peers-of-feed/house.ts";

const option = (name: string, otherwise: number) =>
  Number(process.argv.find((arg) => arg.startsWith(`--${name}=`))?.split("=")[1] ?? otherwise);
const PEOPLE = option("people", 40_000);
const ROUNDS = option("rounds", 5);
const AT_ONCE = option("at-once", 2_000);
const ALONE_MS = option("seconds", 4) * 1_000;
const PEER_LIKES = option("peer-likes", 20_000);
const WRITES_PER_S = 50;
const RATE_PER_S = option("rate", 20_000);

await using house = await openDatabase({ connections_max: 8 });
const { sql, ids } = house;
const feed = await openFeed(house);
const { ground, reader } = feed.rooms;

const { pool } = sql;
if (process.argv.includes("--no-key"))
  await sql.pool.unsafe("ALTER TABLE feed_likes DROP CONSTRAINT feed_likes_post_id_fkey");
const author = ids.next<"person">();
await pool`INSERT INTO people_persons (id, handle, display_name, created_at) VALUES (${author}, 'author', 'Author', now())`;
await pool`INSERT INTO people_counts (person_id) VALUES (${author})`;
const post = async (): Promise<PostId> => {
  const id = ids.next<"post">();
  await pool`INSERT INTO feed_posts (id, author_id, text, audience, created_at) VALUES (${id}, ${author}, 'hello', 'public', now())`;
  return id;
};
const person = (n: number): SignedIn => ({
  kind: "person",
  person_id: `${1_000_000 + n}` as PersonId,
  handle: `p${n}`,
  role: "member",
  suspended: false,
  credential: { kind: "session", id: "1" },
  scopes: ["read", "write"],
});

/** As the route does it. */
async function likeOnce(who: SignedIn, id: PostId): Promise<number> {
  const { post, rules } = await reader.post(who, id);
  await reactions.like(ground, who, post, rules);
  return (await ground.exactSums(id)).likes;
}

const others = await Promise.all(Array.from({ length: 500 }, post));
let marked = 0;
async function writes(until: () => boolean): Promise<number[]> {
  const took: Promise<number>[] = [];
  const began = performance.now();
  for (let i = 0; !until(); i++) {
    const due = began + (i * 1_000) / WRITES_PER_S;
    const wait = due - performance.now();
    if (wait > 1) await Bun.sleep(wait);
    const from = Math.min(performance.now(), due);
    took.push(
      (async () => {
        const who = person(10_000_000 + marked++);
        const { post, rules } = await reader.post(who, others[marked % others.length]!);
        await reactions.bookmark(ground, who, post, rules);
        return performance.now() - from;
      })(),
    );
  }
  return (await Promise.all(took)).toSorted((a, b) => a - b);
}
const within = (ms: number) => {
  const end = performance.now() + ms;
  return () => performance.now() > end;
};

await writes(within(1_000));
const alone = await writes(within(ALONE_MS));

async function flood(hot: PostId, likes: number, from: number): Promise<number> {
  let next = 0;
  let highest = 0;
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      while (next < likes) highest = Math.max(highest, await likeOnce(person(from + next++), hot));
    }),
  );
  return highest;
}
/** Everybody reads a post, as who likes does; what is known of a reader is known for a minute. */
const lobby = await post();
async function enter() {
  for (let n = 0; n < PEOPLE; n += 50)
    await Promise.all(Array.from({ length: 50 }, (_, i) => reader.post(person(n + i), lobby)));
}
await enter();
await flood(await post(), 20_000, 0);

const working = process.argv.includes("--work") ? feed.work() : null;
const per_s: number[] = [];
const cpu_us: number[] = [];
const own_us: number[] = [];
const beside: number[] = [];
let lost = 0;
for (let round = 0; round < ROUNDS; round++) {
  await enter();
  const hot = await post();
  let done = false;
  const cpu_before = cpuSeconds([process.pid, house.pid]);
  const own_before = cpuSeconds([process.pid]);
  const began = performance.now();
  const writing = writes(() => done);
  const highest = await flood(hot, PEOPLE, 0);
  per_s.push(PEOPLE / ((performance.now() - began) / 1_000));
  cpu_us.push(((cpuSeconds([process.pid, house.pid]) - cpu_before) * 1e6) / PEOPLE);
  own_us.push(((cpuSeconds([process.pid]) - own_before) * 1e6) / PEOPLE);
  done = true;
  beside.push(...(await writing));
  const [row] = (await pool`SELECT count(*)::int AS n FROM feed_likes WHERE post_id = ${hot}`) as { n: number }[];
  lost +=
    Math.abs(PEOPLE - row!.n) + Math.abs(PEOPLE - highest) + Math.abs(PEOPLE - (await ground.exactSums(hot)).likes);
}
beside.sort((a, b) => a - b);
/** At a fixed rate, whatever the answers take. @returns ms of each, sorted */
async function stream(hot: PostId, likes: number, per_s: number): Promise<number[]> {
  const took: Promise<number>[] = [];
  const from = performance.now();
  for (let i = 0; i < likes; i++) {
    const due = from + (i * 1_000) / per_s;
    if (due - performance.now() > 0.5) await Bun.sleep(1);
    took.push(likeOnce(person(i), hot).then(() => performance.now() - due));
  }
  return (await Promise.all(took)).toSorted((a, b) => a - b);
}
const at_rate: number[] = [];
const beside_rate: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  await enter();
  const hot = await post();
  let done = false;
  const writing = writes(() => done);
  at_rate.push(...(await stream(hot, PEOPLE, RATE_PER_S)));
  done = true;
  beside_rate.push(...(await writing));
  lost += Math.abs(PEOPLE - (await ground.exactSums(hot)).likes);
}
at_rate.sort((a, b) => a - b);
beside_rate.sort((a, b) => a - b);
const [steps] = (await pool`SELECT count(*)::int AS n FROM feed_count_deltas`) as { n: number }[];
const stats = ground.likes.stats();

const peer_post = await post();
await pool.unsafe(
  "CREATE TABLE peer_likes (person_id bigint, post_id bigint, at timestamptz, PRIMARY KEY (person_id, post_id))",
);
await pool.unsafe("CREATE TABLE peer_counts (post_id bigint PRIMARY KEY, likes bigint NOT NULL)");
await pool`INSERT INTO peer_counts VALUES (${peer_post}, 0)`;
await using many = house.more(16);
let peer_next = 0;
const pids = [process.pid, house.pid];
const peer_cpu = cpuSeconds(pids);
const peer_began = performance.now();
await Promise.all(
  Array.from({ length: 16 }, async () => {
    while (peer_next < PEER_LIKES) {
      const n = peer_next++;
      await many.tx(async (tx) => {
        await tx`INSERT INTO peer_likes VALUES (${n}, ${peer_post}, now())`;
        await tx`UPDATE peer_counts SET likes = likes + 1 WHERE post_id = ${peer_post}`;
      });
    }
  }),
);
const peer_s = (performance.now() - peer_began) / 1_000;
const peer_cpu_s = cpuSeconds(pids) - peer_cpu;

const ms = (n: number) => n.toFixed(2);
console.log(
  `${cpus().length} × ${cpus()[0]?.model}; Bun ${Bun.version}, PostgreSQL ${house.version}, fsync ${house.fsync}`,
);
console.log(
  `likes of one post: ${ROUNDS} × ${PEOPLE}, lost ${lost}; ${median(per_s).toFixed(0)} per s; ${median(cpu_us).toFixed(1)} µs of CPU each, ${median(own_us).toFixed(1)} of them in this process, which makes the load too`,
);
console.log(
  `batches ${stats.batches}, ${(stats.items / stats.batches).toFixed(0)} likes each; steps left to sum: ${steps!.n}`,
);
console.log(
  `classic transaction: ${(PEER_LIKES / peer_s).toFixed(0)} per s; ${((peer_cpu_s * 1e6) / PEER_LIKES).toFixed(1)} µs each; ours ${(median(per_s) / (PEER_LIKES / peer_s)).toFixed(1)}× per s, ${((peer_cpu_s * 1e6) / PEER_LIKES / median(cpu_us)).toFixed(1)}× per CPU s`,
);
console.log(
  `unrelated write, ms: alone p50 ${ms(median(alone))} p99 ${ms(quantile(alone, 0.99))} (${alone.length}); beside as many likes as go p50 ${ms(median(beside))} p99 ${ms(quantile(beside, 0.99))} (${beside.length})`,
);
console.log(
  `at ${RATE_PER_S} likes per s: like p50 ${ms(median(at_rate))} p99 ${ms(quantile(at_rate, 0.99))} ms; unrelated write p50 ${ms(median(beside_rate))} p99 ${ms(quantile(beside_rate, 0.99))} ms (${beside_rate.length})`,
);
working?.[Symbol.dispose]();
await feed[Symbol.asyncDispose]();
process.exit(0);
