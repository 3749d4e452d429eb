/** Ours: routes of the API behind the gate, tries within a budget. `BENCH_GATE=none` leaves the gate out, and nothing else. */
import { z } from "zod";

import { defineRoute, PRIORITIES } from "#kernel/contract.ts";
import { createRetryBudget } from "#kernel/retry-budget.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createLoad } from "#ports/load/index.ts";

import { apiBehind } from "./api.ts";
import { PATHS, upstream, work } from "./work.ts";

const clock = createSystemClock();
const budget = createRetryBudget({ percent_max: 10, floor: 3 });
const load = process.env.BENCH_GATE === "none" ? null : createLoad({ clock });
const api = apiBehind(load, clock);

async function withinBudget(): Promise<boolean> {
  budget.first(clock.monotonic());
  for (let attempt = 0; ; attempt++) {
    try {
      await upstream(attempt === 0);
      return true;
    } catch {
      if (!budget.again(clock.monotonic())) return false;
      await clock.sleep(clock.random() * 20);
    }
  }
}

for (const priority of PRIORITIES) {
  const route = defineRoute({
    method: "GET",
    path: PATHS[priority],
    summary: priority,
    tag: "bench",
    access: { who: "anyone", scope: "read" },
    priority,
    answers: { 200: z.object({ status: z.enum(["complete", "partial"]), sum: z.string() }) },
  });
  api.serve(route, async () => ({ status: 200, body: await work(withinBudget) }));
}

const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: (request) =>
    request.url.endsWith("/stats")
      ? Response.json({ cpu: process.cpuUsage(), ...load?.stats() })
      : api.fetch(request, "127.0.0.1"),
});
console.log(`ready ${server.port}`);
