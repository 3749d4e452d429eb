import { afterAll, expect, test } from "bun:test";

import { goneHost, putsOffForAGoneHost } from "#ports/outside/testing.ts";

import type { PushMessage } from "./contract.ts";
import { createSender, type Taken } from "./send.ts";
import type { SubscriptionRow } from "./store.ts";
import { testPushService } from "./testing.ts";
import { createVapid } from "./vapid.ts";

const service = testPushService();
const host = await goneHost("201 Created");
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await service[Symbol.asyncDispose]();
});

test("NO42: while a push service answers nobody nothing is sent, and nothing is held against a browser", async () => {
  const { clock, outside } = host;
  const secret = "a secret of more than thirty-two characters";
  const vapid = createVapid({ secret, contact: null });
  const send = createSender({ clock, outside, secret }, vapid);
  const { keys } = service.browser().body();
  const browsers = Array.from(
    { length: 8 },
    (_, i) =>
      ({
        id: String(i),
        person_id: "2",
        endpoint: `http://push.test:${host.port}/${i}`,
        p256dh: Buffer.from(keys.p256dh, "base64url"),
        auth: Buffer.from(keys.auth, "base64url"),
        key_id: vapid.key_id,
        failures: 0,
      }) as unknown as SubscriptionRow,
  );
  const message: PushMessage = { v: 1, clear: ["g1"], unread: 0 };
  const ended = new Map<SubscriptionRow, Taken>();
  await putsOffForAGoneHost(host, {
    async send() {
      for (const to of browsers) {
        const before = ended.get(to);
        // One that was tried in vain rests until its own time.
        if (before?.how === "taken" || (before && "until" in before && before.until.getTime() > clock.now())) continue;
        ended.set(to, await send(to, message, new AbortController().signal));
      }
      for (const end of ended.values())
        if (end.how === "put_off") expect(end.until.getTime()).toBeGreaterThan(clock.now());
    },
    ends: async () =>
      browsers.map((to) => {
        const { how } = ended.get(to)!;
        return how === "taken" || how === "put_off" ? how : "tried";
      }),
  });
});
