/**
 * Three times as many requests as can be served, with an upstream that fails 30 % of what it is asked: what is still served, how fast,
 * and how often the upstream is asked for one request. Ours beside the same without its gate, a Hono app that takes all that comes,
 * and Fastify behind @fastify/under-pressure. Each server in a process of its own, in turns; its capacity is taken just before its
 * storm, so that both had the same machine. The storm does not wait for answers and counts from when a request should
 * have been sent; whoever has no answer in 1 s has left.
 *
 *   npm install --prefix bench/peers
 *   bun bench/overload.ts [rounds] [seconds] [seed]
 */
import { mkdtempSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";

import { createUniform } from "./overload/chance.ts";
import type { Came } from "./overload/storm.ts";

const rounds = Number(process.argv[2] ?? 3);
const seconds = Number(process.argv[3] ?? 15);
const seed = Number(process.argv[4] ?? 7);
const only = process.env.BENCH_ONLY?.split(";");
const CAPACITY_S = 6;
const AT_ONCE = 8;
const OVERLOAD = 3;
const FAILS = 0.3;
const here = join(import.meta.dirname, "overload");
const root = join(import.meta.dirname, "..");

const forNode = join(mkdtempSync(join(tmpdir(), "folkhus-bench-")), "pressure.mjs");
const built = await Bun.build({ entrypoints: [join(here, "pressure.mjs")], target: "node", format: "esm" });
await Bun.write(forNode, await built.outputs[0]!.text());

const bun = (file: string) => [process.execPath, join(here, file)];
const SERVERS: Record<string, { argv: string[]; env?: Record<string, string> }> = {
  ours: { argv: bun("ours.ts") },
  "ours without its gate": { argv: bun("ours.ts"), env: { BENCH_GATE: "none" } },
  "Hono, takes all": { argv: bun("hono.ts") },
  "Fastify, under-pressure 100 ms (Node)": { argv: ["node", forNode] },
  "Fastify, under-pressure 1000 ms (Node)": { argv: ["node", forNode], env: { BENCH_LOOP_DELAY_MS: "1000" } },
};

/** Fails by a seed and not by turns: tries that come in step would meet the same turn. */
const chance = createUniform(seed);
let calls = 0;
let firsts = 0;
const upstream = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  async fetch(request) {
    calls += 1;
    if (request.url.endsWith("?first")) firsts += 1;
    const fails = chance() < FAILS;
    await Bun.sleep(5);
    return new Response(fails ? "no" : "yes", { status: fails ? 500 : 200 });
  },
});

async function storm(origin: string, mode: "closed" | "open", amount: number, s: number, round: number): Promise<Came> {
  const child = Bun.spawn(
    [process.execPath, join(here, "storm.ts"), origin, mode, String(amount), String(s), String(seed + round)],
    {
      stdout: "pipe",
      stderr: "inherit",
      env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: "65000" },
    },
  );
  return JSON.parse(await new Response(child.stdout).text()) as Came;
}

interface Round {
  capacity: number;
  came: Came;
  goodput: number;
  /** Calls of the upstream for each first one. */
  tries: number;
  /** The same for each request that was served: what was done for callers who had left is done for nobody. */
  for_one: number;
}

async function run({ argv, env }: (typeof SERVERS)[string], round: number): Promise<Round> {
  const child = Bun.spawn(argv, {
    cwd: root,
    stdout: "pipe",
    stderr: "inherit",
    env: { ...process.env, ...env, NODE_ENV: "production", BENCH_UPSTREAM: upstream.url.href },
  });
  try {
    let said = "";
    for await (const chunk of child.stdout) {
      said += new TextDecoder().decode(chunk);
      if (said.includes("\n")) break;
    }
    const origin = `http://127.0.0.1:${/ready (\d+)/.exec(said)![1]}`;
    await storm(origin, "closed", AT_ONCE, 2, round);
    const closed = await storm(origin, "closed", AT_ONCE, CAPACITY_S, round);
    const capacity = closed.good / closed.seconds;
    calls = firsts = 0;
    const came = await storm(origin, "open", OVERLOAD * capacity, seconds, round);
    if (process.env.BENCH_STATS) console.log(await (await fetch(`${origin}/stats`)).text());
    return {
      capacity,
      came,
      goodput: came.good / seconds / capacity,
      tries: calls / Math.max(1, firsts),
      for_one: calls / Math.max(1, came.good),
    };
  } finally {
    child.kill();
    await child.exited;
  }
}

const median = (of: number[]) => of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!;
const percent = (share: number) => `${(share * 100).toFixed(0)} %`;

console.log(
  `${cpus().length} × ${cpus()[0]?.model}, Bun ${Bun.version}, seed ${seed}, ${rounds} rounds of ${seconds} s in turns, load ${loadavg()[0]!.toFixed(1)}`,
);
const results = new Map<string, Round[]>();
for (let round = 0; round < rounds; round++) {
  for (const [name, server] of Object.entries(SERVERS)) {
    if (only && !only.includes(name)) continue;
    const result = await run(server, round);
    results.set(name, [...(results.get(name) ?? []), result]);
  }
}
await upstream.stop(true);

console.log(
  "| | capacity, requests/s | goodput at 3 × | of capacity | worst round | p50, p99 ms | refused | after p50, p99 ms | given up | calls of the upstream ÷ first ones | ÷ served | critical, act, read, spare |",
);
console.log("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
for (const [name, all] of results) {
  const of = (pick: (round: Round) => number) => median(all.map(pick));
  const by = (priority: string) =>
    percent(of(({ came }) => came.by[priority]!.good / Math.max(1, came.by[priority]!.asked)));
  console.log(
    `| ${name} | ${of((r) => r.capacity).toFixed(0)} | ${of((r) => r.came.good / seconds).toFixed(0)} | ${percent(of((r) => r.goodput))} | ${percent(
      Math.min(...all.map((r) => r.goodput)),
    )} | ${of((r) => r.came.p50_ms).toFixed(0)}, ${of((r) => r.came.p99_ms).toFixed(0)} | ${percent(
      of((r) => r.came.refused / r.came.asked),
    )} | ${of((r) => r.came.refused_p50_ms).toFixed(0)}, ${of((r) => r.came.refused_p99_ms).toFixed(0)} | ${percent(of((r) => r.came.lost / r.came.asked))} | ${of((r) => r.tries).toFixed(2)} | ${of((r) => r.for_one).toFixed(2)} | ${["critical", "act", "read", "spare"].map(by).join(", ")} |`,
  );
}
