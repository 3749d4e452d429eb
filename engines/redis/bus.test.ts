import { afterAll, describe, expect, test } from "bun:test";

import type { Json } from "#kernel/json.ts";
import { busContract } from "#ports/bus/contract.suite.ts";
import { createSystemClock } from "#ports/clock/index.ts";

import { createRedis, createRedisBus, type RedisBus } from "./index.ts";
import { REDIS_SERVER, type TestRedis, testRedis } from "./testing.ts";

/** Redis is a program of the system; the house needs none. Where it is not installed, this says so and tests nothing. */
describe.skipIf(REDIS_SERVER === null)("the bus on Redis", () => {
  const opened = new AsyncDisposableStack();
  afterAll(() => opened.disposeAsync());
  const clock = createSystemClock();
  let shared: Promise<TestRedis> | null = null;
  const server = () => (shared ??= testRedis().then((redis) => opened.use(redis)));

  async function open(house = "h1", to: TestRedis | null = null): Promise<RedisBus> {
    const { url } = to ?? (await server());
    const redis = opened.use(createRedis({ url, clock, command_ms_max: 2_000 }));
    const bus = opened.use(createRedisBus({ redis, url, clock, house }));
    await bus.connected();
    return bus;
  }
  busContract("in Redis", () => open());

  /** What a bus hears of a subject, to be waited for. */
  function ear(bus: RedisBus, subject: string) {
    const got: Json[] = [];
    let wake = () => {};
    bus.subscribe(subject, (message) => {
      got.push(message);
      wake();
    });
    return {
      got,
      async until(n: number) {
        while (got.length < n) await new Promise<void>((resolve) => (wake = resolve));
        return got;
      },
    };
  }

  test("RE7: what one node says, all others of its house hear, once and in order, and no other house", async () => {
    const [one, two, other] = [await open("h2"), await open("h2"), await open("h3")];
    const [here, there, pattern, elsewhere] = [ear(one, "a.b"), ear(two, "a.b"), ear(two, "a.*"), ear(other, "a.b")];
    const said = Array.from({ length: 200 }, (_, n): Json => ({ n, text: "hej \u001e \u001f å 🎈 \n" }));
    for (const message of said) one.publish("a.b", message);
    expect(await there.until(200)).toEqual(said);
    expect(await here.until(200)).toEqual(said);
    expect(await pattern.until(200)).toEqual(said);
    other.publish("a.b", "end");
    expect(await elsewhere.until(1)).toEqual(["end"]);
    two.publish("x", 1);
    expect(one.stats().heard).toBe(0);
  });

  test("RE7: while Redis is away a node hears itself, and when it is back the others again", async () => {
    await using redis = await testRedis();
    const [one, two] = [await open("h4", redis), await open("h4", redis)];
    const [here, there] = [ear(one, "a"), ear(two, "a")];
    one.publish("a", 1);
    await there.until(1);
    await redis.kill();
    one.publish("a", 2);
    await here.until(2);
    await redis.start();
    let n = 3;
    while (there.got.length < 2) {
      one.publish("a", n++);
      await Bun.sleep(20);
    }
    expect(there.got.slice(0, 2)).not.toContain(2);
  });
});
