/**
 * The home feed without sockets: what a read costs inside the house, by the number of people followed.
 *
 *   bun bench/feed-inside.ts [--followees=20,200,1000,5000] [--people=20000] [--posts=200000] [--reads=20000] [--strategy=pull]
 *
 * µs of CPU of this process for one call of the API in it: session, limiter, rules, 20 posts, JSON.
 */
import { createSystemClock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import { createFeed, type FeedMedia, serveFeed } from "#systems/feed/index.ts";
import { createSpaces } from "#systems/spaces/index.ts";

import { fill, zipf } from "./feed-read/fill.ts";
import { cpuSeconds, median, quantile } from "./feed-read/load.ts";
import { openStand } from "./feed-read/server.ts";
import { openDatabase } from "./peers-of-feed/database.ts";

const option = (name: string, otherwise: string) =>
  process.argv.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
const sizes = option("followees", "20,200,1000,5000").split(",").map(Number);
const reads = Number(option("reads", "20000"));
const people = Number(option("people", "20000"));
const posts = Number(option("posts", "200000"));
const clock = createSystemClock();
const none = async () => {};
const media: FeedMedia = {
  videoCards: async () => new Map(),
  imageCards: async () => new Map(),
  claimForPost: none,
  hidePost: none,
  showPost: none,
  releasePost: none,
};

for (const followees of sizes) {
  const viewers = Math.max(50, Math.min(2_000, Math.floor(400_000 / followees)));
  await using house = await openDatabase({ connections_max: 4 });
  const { secrets } = await fill(house.sql, null, { people, viewers, followees, posts, days: 30 }, clock.now());
  process.env.BENCH_TARGET = JSON.stringify(house.target);
  const stand = await openStand();
  const spaces = await createSpaces(stand);
  const feed = await createFeed({
    ...stand,
    spaces,
    media,
    jobs: { define() {} } as Pick<Jobs, "define"> as Jobs,
    timeline: option("strategy", "pull") as "pull",
  });
  serveFeed(stand.api, feed);
  const next = zipf(secrets.length, 0.9, () => clock.random());
  const read = async (i: number) => {
    const request = new Request("http://127.0.0.1/v1/feeds/home?limit=20", {
      headers: { authorization: `Bearer ${secrets[i]!}` },
    });
    const response = await stand.api.fetch(request, "127.0.0.1");
    if (response.status !== 200) throw new Error(`${response.status} ${await response.text()}`);
    return (await response.arrayBuffer()).byteLength;
  };
  let bytes = 0;
  for (let i = 0; i < secrets.length; i++) bytes += await read(i);
  for (let i = 0; i < reads / 4; i++) await read(next());
  const took: number[] = [];
  const us: number[] = [];
  for (let round = 0; round < 5; round++) {
    const before = cpuSeconds([process.pid]);
    for (let i = 0; i < reads / 5; i++) {
      const from = performance.now();
      await read(next());
      took.push(performance.now() - from);
    }
    us.push(((cpuSeconds([process.pid]) - before) * 1e6) / (reads / 5));
  }
  took.sort((a, b) => a - b);
  const { rings } = feed.stats();
  console.log(
    `${followees} followed, ${secrets.length} viewers: ${median(us).toFixed(0)} µs of CPU a read (${Math.round(bytes / secrets.length)} bytes); p50 ${quantile(took, 0.5).toFixed(3)} p99 ${quantile(took, 0.99).toFixed(3)} ms; rings ${rings.rings}, ${rings.keys} ids, ${(rings.held_bytes / rings.keys).toFixed(2)} bytes each`,
  );
  await feed[Symbol.asyncDispose]();
  await spaces[Symbol.asyncDispose]();
  await stand.people[Symbol.asyncDispose]();
  await stand.log[Symbol.asyncDispose]();
  await stand.sql[Symbol.asyncDispose]();
}
process.exit(0);
