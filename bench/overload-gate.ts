/**
 * What the gate costs a request, and what a refusal costs: a route of the API that does nothing, called in this process 50 a turn, without
 * the gate, with it, and with one that is behind; CPU µs of a request, medians of the rounds in turns.
 *
 *   bun bench/overload-gate.ts [rounds] [requests]
 */
import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";
import { Problem } from "#kernel/errors.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createApi, DEFAULT_LIMITS, type Idempotency } from "#ports/http/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLoad, type Load } from "#ports/load/index.ts";

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
  answers: { 200: z.object({ ok: z.boolean() }) },
});

function apiWith(load: Load | null) {
  const api = createApi({
    authenticate: async () => null,
    limiter: createLocalLimiter({ clock, keys_max: 1_000 }),
    limits: { ...DEFAULT_LIMITS, address: { name: "address", burst_tokens: 100_000_000, tokens_per_s: 1_000_000 } },
    idempotency: {} as Idempotency,
    clock,
    trusted_proxies: 0,
    ...(load ? { load } : {}),
    requestId: () => crypto.randomUUID(),
    onServed: () => {},
  });
  api.serve(route, async () => ({ status: 200, body: { ok: true } }));
  return api;
}

using load = createLoad({ clock });
const refusing: Load = {
  ...load,
  stage: "calm",
  enter() {
    throw new Problem(503, "load.busy", "The house has more to do than it can, so this was not begun.", {
      retry_after_s: 2,
    });
  },
};
const apis = { "without the gate": apiWith(null), "with it": apiWith(load), "a refusal": apiWith(refusing) };
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
