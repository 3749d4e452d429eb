import { expect, test } from "bun:test";

import type { Json } from "#kernel/json.ts";

import { busContract } from "./contract.suite.ts";
import { createLocalBus, WAITING_MESSAGES_MAX } from "./index.ts";

busContract("this process", async () => createLocalBus());

const end = async (bus: ReturnType<typeof createLocalBus>) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  bus.subscribe("end", () => resolve());
  bus.publish("end", null);
  await promise;
};

test("BU6: what waits is bounded, and the oldest is dropped and counted", async () => {
  await using bus = createLocalBus();
  const got: Json[] = [];
  bus.subscribe("a", (message) => got.push(message));
  for (let i = 0; i < WAITING_MESSAGES_MAX + 5; i++) bus.publish("a", i);
  await end(bus);
  // Five, and one more for the message that tells us that it is over.
  expect(bus.stats().dropped).toBe(6);
  expect([got.length, got[0], got.at(-1)]).toEqual([WAITING_MESSAGES_MAX - 1, 6, WAITING_MESSAGES_MAX + 4]);
});

test("BU5: a handler that throws is seen, and the others still get the message", async () => {
  const script = `
    import { createLocalBus } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
    const bus = createLocalBus();
    process.on("uncaughtException", (error) => console.log("seen: " + error.message));
    bus.subscribe("a", () => { throw new Error("a bug"); });
    bus.subscribe("a", () => console.log("got it"));
    bus.publish("a", 1);
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  const lines = (await new Response(child.stdout).text()).trim().split("\n").sort();
  expect(lines).toEqual(["got it", "seen: a bug"]);
});

test("BU3: subscriptions that end leave nothing behind", () => {
  const bus = createLocalBus();
  const subscriptions = Array.from({ length: 100 }, (_, i) => bus.subscribe(`s.${i % 10}`, () => {}));
  expect(bus.stats().subscriptions).toBe(100);
  for (const subscription of subscriptions) subscription[Symbol.dispose]();
  expect(bus.stats().subscriptions).toBe(0);
});
