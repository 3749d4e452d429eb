import { afterAll, beforeEach, expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { DAY_MS, HOUR_MS } from "#kernel/time.ts";
import { createOutboxMail } from "#ports/mail/index.ts";
import { createOutside } from "#ports/outside/index.ts";
import { type Channel, chatRoutes as c } from "#systems/chat/contract.ts";
import { hooksRoutes as k } from "#systems/hooks/contract.ts";
import { testHooks } from "#systems/hooks/testing.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { PUSH_WAIT_MS } from "./bounds.ts";
import { notifyRoutes as r } from "./contract.ts";
import { chatNotices, createNotify, hooksNotices, NOTIFY_FOLDER, serveNotify } from "./index.ts";
import { groupOf } from "./intake.ts";
import type { PushShown } from "./push/contract.ts";
import { testPushService } from "./push/testing.ts";
import { TEST_SECRET, TEST_URL } from "./testing.ts";

/** What reaches somebody who is away, on their devices and by mail, of chat and of webhooks. */
const h = await testHooks({}, [NOTIFY_FOLDER]);
const { t } = h;
const { house } = t;
const { client, log } = house;
const service = testPushService();
const folder = await mkdtemp(join(tmpdir(), "notify-"));
const mail = createOutboxMail({ folder, clock: t.clock });
const notify = createNotify({
  sql: house.db.sql,
  log,
  jobs: t.jobs,
  clock: t.clock,
  people: house.people,
  // No post is in what chat and webhooks tell.
  feed: {
    posts: async () => new Map(),
    commentTexts: async () => new Map(),
    mutedIn: async (_person_id, texts) => texts.map(() => null),
  },
  mail,
  outside: createOutside({
    clock: house.db.clock,
    resolve: async () => ["10.0.0.7"],
    test_addresses: [service.here],
  }),
  secret: TEST_SECRET,
  public_url: TEST_URL,
  house_name: async () => "Test house",
  test_plain_push: true,
});
notify.register(chatNotices(t.chat));
notify.register(hooksNotices(h.hooks));
serveNotify(house.api, notify);
const working = notify.work();
beforeEach(() => {
  service.clear();
  h.answer = () => new Response("thanks");
});
afterAll(async () => {
  working[Symbol.dispose]();
  expect(house.broken).toEqual([]);
  await service[Symbol.asyncDispose]();
  await h[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

let made = 0;
const person = () => house.person(`away${made++}`);
const told = async () => {
  for (const topic of ["chat", "hooks"]) await log.caughtUp(topic, groupOf(topic));
};
const list = async (who: TestPerson) => {
  await told();
  return (await client.call(r.listNotifications, { token: who.token })).body.items;
};
const change = (who: TestPerson, body: object) =>
  client.call(r.changeNotifySettings, { token: who.token, body: body as never });
const subscribed = async (who: TestPerson) => {
  const phone = service.browser();
  expect((await client.call(r.subscribeToPush, { token: who.token, body: phone.body() })).status).toBe(200);
  return () => (phone.read() as PushShown[]).map(({ title, body }) => [title, body]);
};
const pushLater = async (ms: number) => {
  await told();
  t.later(ms);
  await t.runJob("notify.push", {});
};
const lettersTo = async (who: TestPerson) =>
  (await mail.outbox(100)).filter(({ to, key }) => to === `${who.handle}@example.org` && key.includes("digest"));
const mailed = async (who: TestPerson) => {
  const address = `${who.handle}@example.org`;
  await client.call(r.setNotifyEmail, { token: who.token, body: { address } });
  await t.runJob("notify.confirm_letter", { person_id: who.id });
  const [letter] = (await mail.outbox(100)).filter(({ to }) => to === address);
  const token = /confirm\?token=([\w-]+)/.exec(letter!.text)![1]!;
  expect((await client.call(r.confirmNotifyEmail, { body: { token } })).status).toBeLessThan(300);
};

test("NO41: of a channel that was muted, left or made quieter since, and of a message that was deleted, neither a push nor a letter goes", async () => {
  const [owner, a] = [await person(), await person()];
  await house.space("mill", owner, [a]);
  const phone = await subscribed(a);
  await mailed(a);
  const hour = (plus: number) => `${String((new Date(t.now()).getUTCHours() + plus + 24) % 24).padStart(2, "0")}:00`;
  await change(a, { time_zone: "UTC", quiet: { from: hour(-1), to: hour(2) } });
  const rooms = new Map<string, Channel>();
  const said = new Map<string, string>();
  for (const name of ["kept", "muted", "quieter", "left", "deleted"]) {
    const room = await t.channel(owner, "mill", "announcement", name, [a]);
    rooms.set(name, room);
    said.set(name, (await t.send(owner, room, `Words of ${name}`)).id);
  }
  await pushLater(PUSH_WAIT_MS);
  expect(phone()).toEqual([]);
  expect((await list(a)).length).toBe(5);
  const wish = (name: string, body: object) =>
    client.call(c.setWishes, { token: a.token, params: { id: rooms.get(name)!.id }, body });
  expect((await wish("muted", { muted: true })).status).toBeLessThan(300);
  expect((await wish("quieter", { level: "mentions" })).status).toBeLessThan(300);
  await client.call(c.leaveChannel, { token: a.token, params: { id: rooms.get("left")!.id } });
  await client.call(c.deleteMessage, { token: owner.token, params: { id: said.get("deleted")! as never } });
  await pushLater(3 * HOUR_MS);
  expect(phone()).toEqual([[`${owner.handle} announced something in kept`, "Words of kept"]]);
  await told();
  t.later(DAY_MS);
  await t.runJob("notify.digest", {});
  const [letter, ...more] = await lettersTo(a);
  expect(more).toEqual([]);
  expect(letter!.text.match(/Words of \w+/g)).toEqual(["Words of kept"]);
  // The inbox itself has what came before; it is for its reader to look at.
  expect((await list(a)).map((one) => one.thing?.text)).toContain("Words of muted");
});

test("NO41: a mute that has ended by then holds nothing back, and one's own name is told in spite of it", async () => {
  const [owner, a] = [await person(), await person()];
  await house.space("barn", owner, [a]);
  const phone = await subscribed(a);
  const room = await t.channel(owner, "barn", "announcement", "news", [a]);
  const wish = (body: object) => client.call(c.setWishes, { token: a.token, params: { id: room.id }, body });
  await t.send(owner, room, "Hay");
  await told();
  await wish({ muted: true, muted_for_s: 3_600 });
  t.later(2 * HOUR_MS);
  await pushLater(0);
  expect(phone().map(([, body]) => body)).toEqual(["Hay"]);
  await t.send(owner, room, `Straw for @${a.handle}`);
  await told();
  await wish({ muted: true });
  await pushLater(HOUR_MS);
  expect(phone().map(([, body]) => body)).toEqual(["Hay", `Straw for @${a.handle}`]);
});

test("NO40: who made a webhook is told on every way when the house switches it off, as long as it is off; nobody else, and not who does not want it", async () => {
  const [owner, other] = [await person(), await person()];
  await house.space("forge", owner, [other]);
  const phone = await subscribed(owner);
  await mailed(owner);
  const room = await t.channel(owner, "forge", "public", "anvil", [other]);
  const hook = async (name: string) => {
    const { status, body } = await client.call(k.createOutgoing, {
      token: owner.token,
      body: { space: "forge", name, url: h.url(), events: ["message.created"], channel_ids: [room.id] },
    });
    expect(status).toBe(201);
    return body;
  };
  const deploys = await hook("Deploys");
  h.answer = () => new Response("gone", { status: 410 });
  await t.send(other, room, "Strike");
  await h.settle();
  const because = "It said that it is gone (410).";
  expect(await list(owner)).toMatchObject([
    {
      kind: "webhook_off",
      actors: [],
      thing: { title: "“Deploys” in forge", text: because, path: "/s/forge" },
    },
  ]);
  expect(await list(other)).toEqual([]);
  await pushLater(PUSH_WAIT_MS);
  expect(phone()).toEqual([["Test house switched off your webhook “Deploys” in forge", because]]);
  t.later(DAY_MS);
  await t.runJob("notify.digest", {});
  const [letter] = await lettersTo(owner);
  expect(letter!.text).toContain(`* Test house switched off your webhook “Deploys” in forge\n  "${because}"`);
  const params = { id: deploys.id };
  expect((await client.call(k.changeOutgoing, { token: owner.token, params, body: { disabled: false } })).status).toBe(
    200,
  );
  expect(await list(owner)).toEqual([]);
  await client.call(k.deleteOutgoing, { token: owner.token, params });

  expect((await change(owner, { switches: [{ kind: "webhook_off", channel: "inbox", on: false }] })).status).toBe(200);
  await hook("Unheard of");
  await t.send(other, room, "Strike again");
  await h.settle();
  expect(await list(owner)).toEqual([]);
});
