/**
 * What the rule book costs a request: `takeLimits` with rule sets of the house (published, with tiers, counted) beside three fixed
 * buckets for every route, in one process and in turns; medians of the rounds. In the process's own limiter, for Redis is the same for both.
 *
 *   bun bench/limits.ts [rounds] [requests]
 */
import { cpus, loadavg } from "node:os";

import type { SignedIn, Viewer } from "#kernel/viewer.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { type LimitBook, plainBook, takeLimits } from "#ports/http/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { limitsRoutes as r } from "#systems/limits/contract.ts";
import { DEFAULT_RULE_SET } from "#systems/limits/index.ts";
import { testLimits } from "#systems/limits/testing.ts";

const rounds = Number(process.argv[2] ?? 9);
const requests = Number(process.argv[3] ?? 100_000);
const PEOPLE = 2_000;

await using house = await testLimits();
await using node = await house.node();
const root = await house.person("root", "admin");
const clock = createSystemClock();
const scopes = ["read", "write"] as const;
const people = Array.from({ length: PEOPLE }, (_, i): SignedIn => ({
  kind: "person",
  person_id: String(1_000 + i),
  handle: `p${i}`,
  role: "member",
  suspended: false,
  credential: { kind: i % 2 === 0 ? "token" : "session", id: String(9_000 + i) },
  scopes,
}));

async function publish(rules: object[]): Promise<LimitBook> {
  const made = await node.client.call(r.createSet, { token: root.token, body: { set: { rules } } });
  if (made.status !== 201) throw new Error(`the set was refused: ${made.code}`);
  const instead_of = (await node.client.call(r.inForce, { token: root.token })).body.version;
  const params = { version: made.body.version };
  await node.client.call(r.publishSet, { token: root.token, params, body: { instead_of } });
  return node.limits.book;
}

/** So much that nobody is refused: what is asked for is the price of passing. */
const wide = { kind: "bucket", burst_tokens: 1_000_000_000, tokens_per_s: 1_000_000_000 } as const;
const more = ["person", "route", "global", "person", "route", "global", "person", "route", "global", "global"].map(
  (level, i) => ({ id: `r${i}`, level, limit: wide, ...(i % 5 === 4 ? { mode: "shadow" } : {}) }),
);
const own = DEFAULT_RULE_SET.rules.map((rule) => ({ ...rule, limit: wide, tiers: {} }));
const fixed = { name: "x", burst_tokens: 1_000_000_000, tokens_per_s: 1_000_000_000 };
const plain = plainBook({
  address: { ...fixed, name: "address" },
  person: { ...fixed, name: "person" },
  token: { ...fixed, name: "token" },
});

async function one(book: LimitBook, limiter: ReturnType<typeof createLocalLimiter>): Promise<number> {
  const began = process.cpuUsage();
  for (let i = 0; i < requests; i++) {
    const viewer: Viewer = people[i % PEOPLE]!;
    await takeLimits(limiter, book, { route: "GET /v1/people/me", cost_tokens: 1, viewer, address: "192.0.2.1" });
  }
  const used = process.cpuUsage(began);
  return (used.user + used.system) / requests;
}

const median = (of: number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!;
console.log(
  `${cpus().length} × ${cpus()[0]?.model}, Bun ${Bun.version}, load ${loadavg()[0]!.toFixed(1)}, ${rounds} rounds of ${requests} requests in turns`,
);
const limiter = createLocalLimiter({ clock, keys_max: 100_000 });
const sets: [string, () => Promise<LimitBook>][] = [
  ["three fixed buckets, as before", async () => plain],
  ["the house's own rule set", () => publish(own)],
  ["12 rules, 11 a request, 2 of them shadows", () => publish([...own, ...more].slice(0, 12))],
];
const took = sets.map((): number[] => []);
for (let round = 0; round <= rounds; round++)
  for (const [i, [, open]] of sets.entries()) {
    const us = await one(await open(), limiter);
    // The first round warms up.
    if (round > 0) took[i]!.push(us);
  }
const base = median(took[0]!);
for (const [i, [name]] of sets.entries()) {
  const us = median(took[i]!);
  console.log(`${name.padEnd(44)} ${us.toFixed(2)} µs CPU a request, ${(us - base).toFixed(2)} more`);
}
