import { afterAll, expect, test } from "bun:test";
import { createServer } from "node:net";

import { createCalls } from "#ports/calls/index.ts";
import { createVirtualClock } from "#ports/clock/index.ts";
import { createOutside, HOST_AWAY_MS_MAX } from "#ports/outside/index.ts";

import type { PushMessage } from "./contract.ts";
import { createSender } from "./send.ts";
import type { SubscriptionRow } from "./store.ts";
import { testPushService } from "./testing.ts";
import { createVapid } from "./vapid.ts";

const service = testPushService();
/** In front of the service: hangs up, or passes on. */
let answers = false;
let asked = 0;
const front = createServer((socket) => {
  socket.on("error", () => {});
  socket.once("data", () => {
    asked += 1;
    if (answers) socket.end("HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n");
    else socket.destroy();
  });
});
await new Promise<void>((listening) => front.listen(0, "127.0.0.1", listening));
const { port } = front.address() as { port: number };
afterAll(async () => {
  front.close();
  await service[Symbol.asyncDispose]();
});

test("NO42: while a push service answers nobody nothing is sent, and nothing is held against a browser", async () => {
  const clock = createVirtualClock();
  const outside = createOutside({
    clock,
    calls: createCalls({ clock }),
    resolve: async () => ["127.0.0.1"],
    test_addresses: [`127.0.0.1:${port}`],
  });
  const secret = "a secret of more than thirty-two characters";
  const vapid = createVapid({ secret, contact: null });
  const send = createSender({ clock, outside, secret }, vapid);
  const { keys } = service.browser().body();
  const to = {
    id: "1",
    person_id: "2",
    endpoint: `http://push.test:${port}/one`,
    p256dh: Buffer.from(keys.p256dh, "base64url"),
    auth: Buffer.from(keys.auth, "base64url"),
    key_id: vapid.key_id,
    failures: 0,
  } as unknown as SubscriptionRow;
  const message: PushMessage = { v: 1, clear: ["g1"], unread: 0 };
  const sent = () => send(to, message, new AbortController().signal);
  for (let i = 0; i < 5; i++) expect((await sent()).how).toBe("rests");
  const put_off = await sent();
  expect([put_off.how, asked]).toEqual(["put_off", 5]);
  expect("until" in put_off && put_off.until.getTime() > clock.now()).toBe(true);
  answers = true;
  await clock.advance(2 * HOST_AWAY_MS_MAX);
  expect([(await sent()).how, (await sent()).how, asked]).toEqual(["taken", "taken", 7]);
});
