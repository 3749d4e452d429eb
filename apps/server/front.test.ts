import { expect, test } from "bun:test";

import { createVirtualClock } from "#ports/clock/index.ts";
import { createApi, DEFAULT_LIMITS, type Idempotency } from "#ports/http/index.ts";
import { createLocalLimiter } from "#ports/limiter/index.ts";
import { createLoad } from "#ports/load/index.ts";

import { createFront, type FrontNeeds } from "./front.ts";

/** A house whose places are all taken, and whose database makes it wait. */
async function fullHouse() {
  const clock = createVirtualClock();
  const turns: (() => void)[] = [];
  const load = createLoad({
    clock,
    afterTurn: (work) => turns.push(work),
    memory: { bytes_max: 100, rss: () => 1, free: () => 1 },
    probe: () => new Promise(() => {}),
  });
  for (let i = 0; i < 141; i++) expect(load.enter("critical", 60_000)).toBeNull();
  const endTurn = () => {
    for (const work of turns.splice(0)) work();
  };
  endTurn();
  await clock.advance(5_000);
  let asked = 0;
  const api = createApi({
    authenticate: async () => (asked++, null),
    limiter: createLocalLimiter({ clock, keys_max: 1_000 }),
    limits: DEFAULT_LIMITS,
    idempotency: {} as Idempotency,
    clock,
    load,
    trusted_proxies: 0,
    requestId: () => crypto.randomUUID(),
    onServed: () => {},
  });
  const says = (text: string) => async () => new Response(text);
  const front = createFront({
    api,
    clock,
    load,
    addressOf: (_request: Request, peer_address: string) => peer_address,
    onServed: () => {},
    metrics: { text: async () => "metrics", contentType: "text/plain", served: () => {} },
    metrics_token: null,
    ready: says("ready"),
    cost: { route: "GET /", cost_tokens: 1 },
    page: says("page"),
    embed: says("embed"),
    about: { title: "", version: "", description: "" },
  } as Partial<FrontNeeds> as FrontNeeds);
  const get = (path: string, more: RequestInit = {}) =>
    front(
      new Request(`http://house.test${path}`, { headers: { authorization: "Bearer a" }, ...more }),
      () => "127.0.0.1",
    );
  return { clock, load, get, endTurn, asked: () => asked };
}

test("SV20: where all places are taken a page waits for its turn and is refused before anybody is asked who they are; probes and metrics are answered", async () => {
  const { clock, load, get, endTurn, asked } = await fullHouse();
  const page = get("/feed");
  await clock.advance(100);
  expect(load.stats().waiting).toBe(1);
  expect(await Promise.all(["/healthz", "/readyz", "/metrics"].map(async (path) => (await get(path)).text()))).toEqual([
    "ok",
    "ready",
    "metrics",
  ]);
  const before = asked();
  await clock.advance(1_000);
  const refused = await page;
  expect([refused.status, asked() - before, refused.headers.has("retry-after")]).toEqual([503, 0, true]);
  while (load.stats().in_flight > 0) load.leave("critical");
  endTurn();
  expect(await (await get("/feed")).text()).toBe("page");
  expect([asked() - before, load.stats().in_flight]).toEqual([1, 0]);
});
