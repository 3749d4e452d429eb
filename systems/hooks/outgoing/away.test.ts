import { afterAll, expect, test } from "bun:test";
import { createServer } from "node:net";

import { createCalls } from "#ports/calls/index.ts";
import { createVirtualClock } from "#ports/clock/index.ts";
import { createOutside, HOST_AWAY_MS_MAX } from "#ports/outside/index.ts";

import { PUT_OFF_MS_MIN } from "../bounds.ts";
import { hooksRoutes as r } from "../contract.ts";
import { testHooks } from "../testing.ts";

let answers = false;
let asked = 0;
const receiver = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", () => {
    asked += 1;
    if (answers) socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    else socket.destroy();
  });
});
await new Promise<void>((listening) => receiver.listen(0, "127.0.0.1", listening));
const { port } = receiver.address() as { port: number };
/** How long a host is left alone is in the test's hand; the house has a clock of its own. */
const clock = createVirtualClock();
const outside = createOutside({
  clock,
  calls: createCalls({ clock }),
  resolve: async () => ["127.0.0.1"],
  test_addresses: [`127.0.0.1:${port}`],
});
const h = await testHooks({ outside });
const { house } = h.t;
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  receiver.close();
});

test("HK47: while a host answers nobody, what is for it is put off without a try; when it answers all of it goes", async () => {
  const owner = await house.person("owner");
  await house.space("glade", owner, []);
  const channel = await h.t.channel(owner, "glade", "public", "news", []);
  const made = await house.client.call(r.createOutgoing, {
    token: owner.token,
    body: {
      space: "glade",
      name: "Gone",
      url: `http://receiver.test:${port}/`,
      events: ["message.created"],
      channel_ids: [channel.id],
    } as never,
  });
  expect(made.status).toBe(201);
  const rows = async () =>
    (await house.db.sql.pool`SELECT state, tries, because, next_at FROM hooks_deliveries ORDER BY id`) as {
      state: string;
      tries: number;
      because: string | null;
      next_at: Date;
    }[];
  for (let i = 0; i < 8; i++) await h.t.send(owner, channel, `Hello ${i}`);
  const before_ms = h.t.clock.now();
  await h.settle();
  expect((await rows()).map(({ state, tries }) => [state, tries])).toEqual([
    ...Array.from({ length: 5 }, () => ["waiting", 1]),
    ...Array.from({ length: 3 }, () => ["waiting", 0]),
  ]);
  const put_off = (await rows()).slice(5);
  for (const { because, next_at } of put_off) {
    expect(because).toContain("does not answer");
    expect(next_at.getTime()).toBeGreaterThanOrEqual(before_ms + PUT_OFF_MS_MIN);
  }
  expect(asked).toBe(5);
  // However often it is looked at, nothing is sent and no try is gone.
  await h.tryAll();
  expect([asked, (await rows()).filter(({ tries }) => tries === 0).length]).toEqual([5, 3]);
  answers = true;
  await clock.advance(2 * HOST_AWAY_MS_MAX);
  await h.tryAll();
  expect((await rows()).map(({ state }) => state)).toEqual(Array.from({ length: 8 }, () => "taken"));
  expect(asked).toBe(13);
});
