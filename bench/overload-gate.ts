/**
 * What the gate costs a request, and what a refusal costs: a route of the API that does nothing, called in this process 50 a turn, without
 * the gate, with it, and with one that refuses; CPU µs of a request, medians of the rounds in turns.
 *
 *   bun bench/overload-gate.ts [rounds] [requests]
 */
import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createLoad, type Load, MEMORY_LOOK_MS } from "#ports/load/index.ts";

import { apiBehind } from "./overload/api.ts";

const rounds = Number(process.argv[2] ?? 9);
const requests = Number(process.argv[3] ?? 20_000);
const A_TURN = 50;
const clock = createSystemClock();

const route = defineRoute({
  method: "GET",
  path: "/v1/nothing",
  summary: "Nothing",
  tag: "bench",
  access: { who: "anyone", scope: "read" },
  priority: "spare",
  answers: { 200: z.object({ ok: z.boolean() }) },
});

function nothing(load: Load | null) {
  const api = apiBehind(load, clock);
  api.serve(route, async () => ({ status: 200, body: { ok: true } }));
  return api;
}

using load = createLoad({ clock });
/** Short of memory, so what is spare is refused by the same way as in any other need. */
using full = createLoad({ clock, memory: { bytes_max: 1, rss: () => 1, free: () => 1 } });
await clock.sleep(2 * MEMORY_LOOK_MS);
const apis = { "without the gate": nothing(null), "with it": nothing(load), "a refusal": nothing(full) };
const took = new Map<string, number[]>();
for (let round = 0; round <= rounds; round++) {
  for (const [name, api] of Object.entries(apis)) {
    const before = process.cpuUsage();
    for (let i = 0; i < requests; i++) {
      await api.fetch(new Request("http://house.test/v1/nothing"), "127.0.0.1");
      if (i % A_TURN === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const { user, system } = process.cpuUsage(before);
    // The first round is for the compiler.
    if (round > 0) took.set(name, [...(took.get(name) ?? []), (user + system) / requests]);
  }
}
console.log(`Bun ${Bun.version}, ${rounds} rounds of ${requests} requests`);
for (const [name, us] of took)
  console.log(`${name}: ${us.toSorted((a, b) => a - b)[Math.floor(us.length / 2)]!.toFixed(1)} µs`);
