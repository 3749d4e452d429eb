/** The same over a Redis at a socket, through the clients that others have. Lines on stdin make it go on. */
import { once } from "node:events";
import { createInterface } from "node:readline";

import { createLimiter } from "@folkhus/limiter";
import { Redis } from "ioredis";
import { createClient } from "redis";

const path = process.argv[2];
const PATIENT_MS = 10_000;
const still = (burst_tokens, more = {}) => ({ burst_tokens, tokens_per_s: 0.001, ...more });
const rules = {
  person: still(30),
  closed: still(100, { when_away: "closed" }),
  share: still(90),
  window: { kind: "fixed", tokens: 30, window_ms: 3_600_000 },
  lent: still(30_000),
};
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

const one = new Redis({ path, retryStrategy: () => 20 });
one.on("error", () => {});
const other = createClient({ socket: { path, reconnectStrategy: () => 20 } });
other.on("error", () => {});
await other.connect();
const third = new Redis({ path, retryStrategy: () => 20 });
third.on("error", () => {});
for (const client of [one, third]) if (client.status !== "ready") await once(client, "ready");

const events = [];
const make = (redis, more = {}) =>
  createLimiter({
    rules,
    redis,
    name: "trial",
    answer_ms_max: PATIENT_MS,
    onAlone: () => events.push("alone"),
    ...more,
  });
const connections = [one, other, ([command, ...args]) => third.call(command, ...args)];
const limiters = connections.map((redis) => make(redis));
await Promise.all(limiters.map(({ ready }) => ready));

const granted = async (limiter, times, keys) => {
  const asked = Array.from({ length: times }, () => limiter.take(keys));
  return (await Promise.all(asked)).filter(({ allowed }) => allowed).length;
};
const result = { shared: [], windows: [] };
for (const limiter of limiters) {
  result.shared.push(await granted(limiter, 13, { person: "ada", closed: "ada" }));
  result.windows.push(await granted(limiter, 13, { window: "ada" }));
}
const borrowing = make(one, { leases: true });
await borrowing.ready;
let lent = 0;
for (let i = 0; i < 500; i++) lent += await granted(borrowing, 1, { lent: "ada" });
const { decisions, scripts } = borrowing.stats();
result.leases = { granted: lent, per_script: decisions / scripts };
await borrowing.close();
result.left = (await limiters[1].take({ lent: "ada" }, { cost_tokens: 0 })).remaining_tokens;

// Each beat counts the nodes: three of these, and the one that borrowed until it is forgotten.
while (limiters.some((limiter) => limiter.stats().nodes < 3)) await new Promise((resolve) => setTimeout(resolve, 20));
result.nodes_min = Math.min(...limiters.map((limiter) => limiter.stats().nodes));
result.events = events.length;

console.log("kill");
await lines.next();
result.away = [];
for (const limiter of limiters) {
  const nodes = limiter.stats().nodes;
  const [closed, share] = [await granted(limiter, 5, { closed: "bob" }), await granted(limiter, 60, { share: "bob" })];
  result.away.push({ closed, share, part: Math.floor(90 / nodes), is_alone: limiter.stats().is_alone });
}
console.log("start");
await lines.next();
while (limiters.some((limiter) => limiter.stats().is_alone)) await new Promise((resolve) => setTimeout(resolve, 20));
result.after = (await limiters[0].take({ share: "bob" }, { cost_tokens: 0 })).remaining_tokens;
for (const limiter of limiters) await limiter.close();
console.log(JSON.stringify(result));
process.exit(0);
