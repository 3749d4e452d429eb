import { afterAll, expect, test } from "bun:test";

import { goneHost, putsOffForAGoneHost } from "#ports/outside/testing.ts";

import { PUT_OFF_MS_MIN } from "../bounds.ts";
import { hooksRoutes as r } from "../contract.ts";
import { testHooks } from "../testing.ts";

const host = await goneHost("200 OK");
const { outside } = host;
const h = await testHooks({ outside });
const { house } = h.t;
afterAll(async () => {
  await h[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
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
      url: `http://receiver.test:${host.port}/`,
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
  let looks = 0;
  await putsOffForAGoneHost(host, {
    send: () => (looks++ === 0 ? h.settle() : h.tryAll()),
    async ends() {
      const all = await rows();
      for (const { state, tries, because, next_at } of all) {
        if (state !== "waiting" || tries > 0) continue;
        expect(because).toContain("does not answer");
        expect(next_at.getTime()).toBeGreaterThanOrEqual(before_ms + PUT_OFF_MS_MIN);
      }
      return all.map(({ state, tries }) => (state === "taken" ? "taken" : tries > 0 ? "tried" : "put_off"));
    },
  });
});
