/**
 * rate-limiter-flexible as its pages show it. Plain JavaScript, for it runs on Node too.
 *   node flexible.mjs memory decisions keys   |   node flexible.mjs redis socket decisions at_once
 */
import { createRequire } from "node:module";

const require = createRequire(new URL("../peers/package.json", import.meta.url));
const { RateLimiterMemory, RateLimiterRedis } = require("rate-limiter-flexible");
const LEVELS = ["address", "person", "token", "house"];
const wide = { points: 1_000_000_000, duration: 3_600 };

async function measured(decisions, at_once, decide) {
  let next = 0;
  const one = async () => {
    while (next < decisions) await decide(next++);
  };
  const before = process.cpuUsage();
  const began = performance.now();
  await Promise.all(Array.from({ length: at_once }, one));
  const { user, system } = process.cpuUsage(before);
  return { cpu_s: (user + system) / 1e6, wall_s: (performance.now() - began) / 1_000 };
}

async function memory([decisions, keys]) {
  const of = LEVELS.map((keyPrefix) => new RateLimiterMemory({ ...wide, keyPrefix }));
  const names = Array.from({ length: keys }, (_, i) => `192.0.2.${i}`);
  const one = (i) => of[0].consume(names[i % keys], 1);
  const four = async (i) => {
    for (const level of of) await level.consume(names[i % keys], 1);
  };
  await measured(decisions, 1, one);
  return { one: await measured(decisions, 1, one), four: await measured(decisions, 1, four) };
}

async function redis([socket, decisions, at_once]) {
  const client = new (require("ioredis").Redis)({ path: socket, enableOfflineQueue: true });
  const of = LEVELS.map((keyPrefix) => new RateLimiterRedis({ ...wide, storeClient: client, keyPrefix }));
  const four = (i) => Promise.all(of.map((level) => level.consume(`k${i % 1_000}`, 1)));
  await measured(20_000, Number(at_once), four);
  console.log("ready");
  await new Promise((resolve) => process.stdin.once("data", resolve));
  const took = await measured(Number(decisions), Number(at_once), four);
  // One more request, of whom one level refuses: what do the others lose?
  const none = new RateLimiterRedis({ points: 1, duration: 3_600, storeClient: client, keyPrefix: "none" });
  await none.consume(`n${process.pid}`, 1);
  const before = (await of[0].get(`drained${process.pid}`))?.consumedPoints ?? 0;
  for (let i = 0; i < 10; i++)
    await Promise.allSettled([
      ...of.map((one) => one.consume(`drained${process.pid}`, 1)),
      none.consume(`n${process.pid}`, 1),
    ]);
  const drained = ((await of[0].get(`drained${process.pid}`))?.consumedPoints ?? 0) - before;
  await client.quit();
  return { ...took, drained };
}

const [what, ...rest] = process.argv.slice(2);
console.log(JSON.stringify(await (what === "memory" ? memory(rest.map(Number)) : redis(rest))));
process.exit(0);
