/**
 * Limits while Redis is killed, stands still and comes back, and what they add to a request. Two nodes in this process, each with
 * its own connection; four levels a request.
 *
 *   bun bench/limiter-away.ts [seconds]
 */
import { cpus } from "node:os";

import { createRedis, createRedisLimiter } from "#engines/redis/index.ts";
import { testRedis } from "#engines/redis/testing.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createLocalLimiter, type LimitClaim, type Limiter, type LimitRule } from "#ports/limiter/index.ts";

const seconds = Number(process.argv[2] ?? 4);
const clock = createSystemClock();
const NODES = 2;
const PACE_MS = 2;
await using opened = new AsyncDisposableStack();
const server = opened.use(await testRedis());
let houses = 0;

function house(leases: boolean) {
  const name = `away${houses++}`;
  return Array.from({ length: NODES }, () => {
    const redis = opened.use(createRedis({ url: server.url, clock, away_ms_max: 250 }));
    const needs = { redis, clock, house: name, keys_max: 10_000, liveNodes: async () => NODES, leases };
    return opened.use(createRedisLimiter(needs));
  });
}
const percentile = (of: number[], part: number) => of.toSorted((a, b) => a - b)[Math.floor(part * (of.length - 1))]!;
const three = (of: number[]) => [0.5, 0.99, 1].map((part) => percentile(of, part).toFixed(3)).join(" / ");
const levels = (rule: (name: string) => LimitRule): LimitClaim[] =>
  ["address", "person", "token", "house"].map((name) => ({ key: name, rule: rule(name), cost_tokens: 1 }));

/** Each node is asked so often, evenly as far as the machine lets it. @returns ms that each waited, how many were granted, and when the last was asked */
async function asked(nodes: Limiter[], claims: LimitClaim[], ms: number, per_s: number) {
  const waits: number[] = [];
  let granted = 0;
  const start = performance.now();
  let issued = 0;
  let last_at = start;
  const under_way = new Set<Promise<void>>();
  for (let now = start; now < start + ms; now = performance.now()) {
    for (; issued < ((now - start) * per_s) / 1_000; issued++)
      for (const node of nodes) {
        const began = (last_at = performance.now());
        const one = node.take(claims).then(({ allowed }) => {
          waits.push(performance.now() - began);
          if (allowed) granted++;
        });
        under_way.add(one);
        void one.finally(() => under_way.delete(one));
      }
    await Bun.sleep(PACE_MS);
  }
  await Promise.all(under_way);
  return { waits, granted, last_at };
}

console.log(`${cpus().length} × ${cpus()[0]?.model}, Bun ${Bun.version}; waits are p50 / p99 / worst ms`);
const wide = levels((name) => ({ name, burst_tokens: 1_000_000, tokens_per_s: 100_000 }));
const kinds: [string, Limiter[]][] = [
  ["in the process", [opened.use(createLocalLimiter({ clock, keys_max: 1_000 }))]],
  ["Redis, each asks", house(false)],
  ["Redis, leases", house(true)],
];
for (const [name, nodes] of kinds) {
  await asked(nodes, wide, 500, 500);
  console.log(`  a request waits, ${name}: ${three((await asked(nodes, wide, seconds * 1_000, 500)).waits)}`);
}

// Three times as many as are allowed.
const rate = 200;
const offered: LimitRule = { name: "share", burst_tokens: 1_000, tokens_per_s: rate };
for (const leases of [false, true]) {
  const nodes = house(leases);
  await Promise.all(nodes.map(({ ready }) => ready));
  const began = performance.now();
  const scripts = () => nodes.reduce((sum, node) => sum + node.stats().scripts, 0);
  const before = scripts();
  const { granted, waits } = await asked(
    nodes,
    [{ key: "k", rule: offered, cost_tokens: 1 }],
    seconds * 1_000,
    3 * rate,
  );
  const per_command = (waits.length / (scripts() - before)).toFixed(1);
  const most = offered.burst_tokens + (rate * (performance.now() - began)) / 1_000;
  console.log(
    `  ${leases ? "leases" : "each asks"}: ${granted} granted of ${most.toFixed(0)} allowed: ${((100 * granted) / most - 100).toFixed(2)} % over; ${per_command} decisions a command`,
  );
}

const nodes = house(false);
await Promise.all(nodes.map(({ ready }) => ready));
const policies: [string, LimitRule][] = [
  ["open", { name: "open", burst_tokens: 10, tokens_per_s: 0.001, when_away: "open" }],
  ["closed", { name: "closed", burst_tokens: 10, tokens_per_s: 0.001, when_away: "closed" }],
  ["share", { name: "share", burst_tokens: 1_000, tokens_per_s: rate }],
];
for (const [how, away, back] of [
  ["killed", () => server.kill(), () => server.start()],
  ["standing still", async () => server.freeze(), async () => server.thaw()],
] as const) {
  for (const [name, rule] of policies) {
    await away();
    const began = performance.now();
    const key = `${how} ${name}`;
    const { waits, granted } = await asked(nodes, [{ key, rule, cost_tokens: 1 }], seconds * 1_000, 3 * rate);
    const spent_s = (performance.now() - began) / 1_000;
    const specified = name === "open" ? waits.length : name === "closed" ? 0 : 1_000 + rate * spent_s;
    await back();
    const healing = performance.now();
    while (nodes.some((node) => node.stats().is_alone)) await Bun.sleep(2);
    const healed_ms = performance.now() - healing;
    const after = await asked(nodes, [{ key, rule, cost_tokens: 1 }], 500, 3 * rate);
    // Nobody asked while it healed, and what came after the last request nobody wanted.
    const came_back = (rate * (after.last_at - healing)) / 1_000;
    const all = `${granted + after.granted} of ${Math.round(specified + came_back)} in all`;
    const more =
      name === "share"
        ? `; ${after.granted} granted in the next 0.5 s, ${came_back.toFixed(1)} came back until then; ${all}`
        : "";
    console.log(
      `  ${how}, ${name}: ${granted} granted, ${Math.round(specified)} specified; waited ${three(waits)}; back after ${healed_ms.toFixed(0)} ms${more}`,
    );
  }
}
