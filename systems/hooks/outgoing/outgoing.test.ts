import { afterAll, afterEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";

import type { BodyIn } from "#kernel/contract.ts";
import { DAY_MS, HOUR_MS } from "#kernel/time.ts";
import type { StoredEvent } from "#ports/log/index.ts";

import { DELIVERIES_WAITING_MAX, RETRY_WAITS_MS } from "../bounds.ts";
import { hooksRoutes as r } from "../contract.ts";
import { HOOKS_TOPIC } from "../events.ts";
import { testHooks } from "../testing.ts";
import { waitBefore } from "./deliver.ts";
import { hearChat } from "./happened.ts";

const h = await testHooks();
const { t } = h;
const { house } = t;
const { client } = house;
const sql = house.db.sql.pool;
afterAll(() => h[Symbol.asyncDispose]());
afterEach(() => {
  h.got.length = 0;
  h.answer = () => new Response("thanks");
});

const owner = await house.person("owner");
const member = await house.person("member");
const stranger = await house.person("stranger");
await house.space("glade", owner, [member]);
await house.space("other", stranger);
let count = 0;
const channelOf = (kind: "public" | "private" = "public") => t.channel(owner, "glade", kind, `c${count++}`, [member]);
type Asked = BodyIn<typeof r.createOutgoing>;
const ask = (more: Partial<Asked>, token = owner.token) =>
  client.call(r.createOutgoing, {
    token,
    body: { space: "glade", name: "Receiver", url: h.url(), events: ["post.created"], ...more },
  });
const listening = async (channel_id: string, more: Partial<Asked> = {}) => {
  const made = await ask({
    events: ["message.created", "message.edited", "message.deleted"],
    channel_ids: [channel_id],
    ...more,
  });
  expect(made.status).toBe(201);
  return made.body;
};
const log = async (id: string) =>
  (await client.call(r.listDeliveries, { token: owner.token, params: { id }, query: {} })).body.items;
const shown = async (id: string) =>
  (await client.call(r.listOutgoing, { token: owner.token, query: { space: "glade" } })).body.items.find(
    (one) => one.id === id,
  )!;
const json = (text: string) => JSON.parse(text) as { type: string; timestamp: string; data: Record<string, never> };
/** As a receiver checks it that knows only Standard Webhooks. */
function verified(secret: string, one: { headers: Headers; text: string }): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const signed = `${one.headers.get("webhook-id")}.${one.headers.get("webhook-timestamp")}.${one.text}`;
  const right = createHmac("sha256", key).update(signed).digest("base64");
  return (one.headers.get("webhook-signature") ?? "").split(" ").includes(`v1,${right}`);
}

describe("who", () => {
  test("HK1: who is not of the space learns of no webhook, its members may not make any, and a token without the account's power neither", async () => {
    const made = (await ask({})).body;
    const params = { id: made.id };
    expect([(await ask({}, stranger.token)).code, (await ask({}, member.token)).code]).toEqual([
      "space.not_found",
      "hooks.not_yours",
    ]);
    for (const { token } of [stranger, member]) {
      expect((await client.call(r.changeOutgoing, { token, params, body: { name: "Mine" } })).code).toBe(
        "hook.not_found",
      );
      expect((await client.call(r.rotateOutgoing, { token, params })).code).toBe("hook.not_found");
      expect((await client.call(r.pingOutgoing, { token, params })).code).toBe("hook.not_found");
      expect((await client.call(r.listDeliveries, { token, params, query: {} })).code).toBe("hook.not_found");
      expect((await client.call(r.deleteOutgoing, { token, params })).code).toBe("hook.not_found");
    }
    const { items } = (await client.call(r.listOutgoing, { token: owner.token, query: { space: "glade" } })).body;
    expect(JSON.stringify(items)).not.toContain("whsec_");
    expect((await client.call(r.deleteOutgoing, { token: owner.token, params })).status).toBe(204);
  });

  test("HK20: an address is https, names nobody, and does not lead inside; channels are of the space and readable", async () => {
    const { createHooks } = await import("../index.ts");
    const { test_plain_http: _, ...strict } = h.needs;
    const hooks = createHooks({ ...strict, jobs: { ...strict.jobs, define: () => {} } });
    const make = (url: string, channel_ids: string[] = []) =>
      hooks.outgoing
        .create(owner.viewer, {
          space: "glade",
          name: "x",
          url,
          events: ["message.created"],
          channel_ids,
          with_bots: false,
        })
        .then(
          () => "made",
          (error: { code: string }) => error.code,
        );
    const urls = {
      "http://receiver.test/": "hooks.https_needed",
      "https://127.0.0.1/": "outside.address_refused",
      "https://[::1]/": "outside.address_refused",
      "https://169.254.169.254/latest/meta-data": "outside.address_refused",
      "https://0x7f.1/": "outside.address_refused",
      "https://[::ffff:10.0.0.1]/": "outside.address_refused",
      "https://me:secret@receiver.test/": "outside.url_refused",
      "https://receiver.test:22/": "outside.url_refused",
      "file:///etc/passwd": "outside.url_refused",
      "javascript:alert(1)": "outside.url_refused",
    };
    for (const [url, code] of Object.entries(urls)) expect([url, await make(url)]).toEqual([url, code]);
    expect(await make("https://receiver.test/")).toBe("hooks.channels_needed");
    const elsewhere = await t.channel(stranger, "other", "public", "far");
    expect(await make("https://receiver.test/", [elsewhere.id])).toBe("channel.not_found");
    const secret = await t.channel(member, "glade", "private", "secret");
    expect(await make("https://receiver.test/", [secret.id])).toBe("channel.not_found");
    const direct = await t.direct(owner, member);
    expect(await make("https://receiver.test/", [direct.id])).toBe("hooks.other_space");
  });
});

describe("what goes", () => {
  test("HK21, HK22: a message, its edit and its deletion go, each signed, under one id, with what stands there", async () => {
    const channel = await channelOf();
    const hook = await listening(channel.id);
    expect(hook.secret.startsWith("whsec_")).toBe(true);
    const sent = await t.send(member, channel, "Hello\r\nwebhook-id: forged");
    await h.settle();
    expect(h.got.length).toBe(1);
    const [one] = h.got;
    expect(verified(hook.secret, one!)).toBe(true);
    expect(verified("whsec_AAAA", one!)).toBe(false);
    expect(one!.headers.get("content-type")).toBe("application/json");
    expect(json(one!.text)).toMatchObject({
      type: "message.created",
      data: {
        channel: { id: channel.id, name: channel.name, space: { slug: "glade" } },
        message: { id: sent.id, body: sent.body, author: { handle: "member", bot: false } },
      },
    });
    const { chatRoutes } = await import("#systems/chat/index.ts");
    await client.call(chatRoutes.editMessage, {
      token: member.token,
      params: { id: sent.id },
      body: { body: "Hello all" },
    });
    await h.settle();
    await client.call(chatRoutes.deleteMessage, { token: member.token, params: { id: sent.id } });
    await h.settle();
    expect(h.got.map(({ text }) => json(text).type)).toEqual(["message.created", "message.edited", "message.deleted"]);
    expect(JSON.stringify(json(h.got[2]!.text))).not.toContain("Hello");
    expect(new Set(h.got.map(({ headers }) => headers.get("webhook-id"))).size).toBe(3);
    expect((await log(hook.id)).map(({ state, status, answer }) => [state, status, answer])).toEqual([
      ["taken", 200, "thanks"],
      ["taken", 200, "thanks"],
      ["taken", 200, "thanks"],
    ]);
  });

  test("HK23: only what its owner may read when it goes is sent, and what was deleted meanwhile is not", async () => {
    const channel = await channelOf("private");
    const hook = await listening(channel.id);
    const gone = await t.send(member, channel, "Regretted");
    const { chatRoutes } = await import("#systems/chat/index.ts");
    await client.call(chatRoutes.deleteMessage, { token: member.token, params: { id: gone.id } });
    await t.send(member, channel, "Not for who left");
    await client.call(chatRoutes.leaveChannel, { token: owner.token, params: { id: channel.id } });
    await h.settle();
    expect(h.got).toEqual([]);
    const states = (await log(hook.id)).map(({ state, event }) => [event, state]).toSorted();
    expect(states).toEqual([
      ["message.created", "skipped"],
      ["message.created", "skipped"],
      ["message.deleted", "skipped"],
    ]);
  });

  test("HK23: of a space its members are told, and of an owner who left the space nothing more", async () => {
    const admin = await house.person("admin_of_glade");
    await house.space("grove", owner, [admin]);
    await house.spaces.rooms.members.give(owner.viewer, "grove", "admin_of_glade", "admin");
    // Whoever came before is heard of before.
    await house.log.caughtUp("spaces", "hooks.outgoing");
    const made = await ask({ space: "grove", events: ["member.joined", "member.left"] }, admin.token);
    expect(made.status).toBe(201);
    const comer = await house.person("comer");
    await house.spaces.rooms.members.join(comer.viewer, "grove", undefined);
    await h.settle();
    expect(h.got.map(({ text }) => json(text))).toMatchObject([
      { type: "member.joined", data: { person: { handle: "comer" }, space: { slug: "grove" } } },
    ]);
    await house.spaces.rooms.members.leave(admin.viewer, "grove");
    await house.spaces.rooms.members.leave(comer.viewer, "grove");
    await h.settle();
    expect(h.got.length).toBe(1);
  });

  test("HK24: an event that the log tells twice is one delivery", async () => {
    const channel = await channelOf();
    const hook = await listening(channel.id);
    const batches: StoredEvent[][] = [];
    using _ears = house.log.consume("chat", "test.twice", async (batch) => void batches.push(batch));
    await t.send(member, channel, "Once");
    for (const group of ["hooks.outgoing", "test.twice"]) await house.log.caughtUp("chat", group);
    for (const batch of batches) await house.db.sql.tx((tx) => hearChat(h.needs, tx, batch));
    expect((await log(hook.id)).length).toBe(1);
    await h.settle();
    expect(h.got.length).toBe(1);
  });

  test("HK25: two secrets sign for a day after a change, and then the newer one alone", async () => {
    const channel = await channelOf();
    const hook = await listening(channel.id);
    const params = { id: hook.id };
    const { secret } = (await client.call(r.rotateOutgoing, { token: owner.token, params })).body;
    expect(secret).not.toBe(hook.secret);
    await client.call(r.pingOutgoing, { token: owner.token, params });
    await h.settle();
    expect([verified(secret, h.got[0]!), verified(hook.secret, h.got[0]!)]).toEqual([true, true]);
    t.later(DAY_MS + 1);
    await client.call(r.pingOutgoing, { token: owner.token, params });
    await h.settle();
    expect(json(h.got[1]!.text)).toMatchObject({ type: "ping", data: { hook: { id: hook.id } } });
    expect([verified(secret, h.got[1]!), verified(hook.secret, h.got[1]!)]).toEqual([true, false]);
  });

  test("HK26: what a bot writes is told only where that was wished, so that two programs do not answer each other", async () => {
    const channel = await channelOf();
    const deaf = await listening(channel.id);
    const all = await listening(channel.id, { with_bots: true, url: h.url("/all") });
    const made = await client.call(r.createIncoming, {
      token: owner.token,
      body: { channel_id: channel.id, name: "Builds" },
    });
    await house.api.fetch(
      new Request(`http://house.test${made.body.path}`, { method: "POST", body: JSON.stringify({ text: "Green" }) }),
      "192.0.2.7",
    );
    await h.settle();
    expect(h.got.map(({ path }) => path)).toEqual(["/all"]);
    expect([(await log(deaf.id)).length, (await log(all.id)).length]).toEqual([0, 1]);
  });
});

describe("when it does not go", () => {
  test("HK30: waits grow over about a day, a quarter more or less, and end", () => {
    const total = RETRY_WAITS_MS.reduce((sum: number, ms) => sum + ms, 0);
    expect([total > 20 * HOUR_MS, total < 30 * HOUR_MS]).toEqual([true, true]);
    expect([waitBefore(0, null, () => 0), waitBefore(0, null, () => 1)]).toEqual([3_750, 6_250]);
    expect(waitBefore(0, 60_000, () => 0)).toBe(60_000);
    expect(waitBefore(0, 9 * DAY_MS, () => 0)).toBe(4 * HOUR_MS);
    expect(waitBefore(RETRY_WAITS_MS.length, null, () => 0)).toBeUndefined();
  });

  test("HK30: refusals, redirects and lines that break are tried again under the same id, and a success ends it", async () => {
    const channel = await channelOf();
    const hook = await listening(channel.id);
    const answers = [
      new Response("x".repeat(5_000), { status: 500 }),
      new Response(null, { status: 302, headers: { location: h.url("/elsewhere") } }),
      new Response("no", { status: 404 }),
      new Response("yes"),
    ];
    h.answer = () => answers.shift() ?? new Response("more");
    await t.send(member, channel, "Persistent");
    await h.settle();
    expect((await log(hook.id))[0]).toMatchObject({
      state: "waiting",
      tries: 1,
      status: 500,
      answer: "x".repeat(1_024),
    });
    expect((await shown(hook.id)).failing_since).not.toBeNull();
    for (let tries = 2; tries <= 4; tries++) expect(await h.tryAll()).toBe(1);
    expect((await log(hook.id))[0]).toMatchObject({ state: "taken", tries: 4, status: 200, answer: "yes" });
    expect((await shown(hook.id)).failing_since).toBeNull();
    expect(h.got.map(({ path }) => path)).toEqual(["/", "/", "/", "/"]);
    expect(new Set(h.got.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    expect(await h.tryAll()).toBe(0);
  });

  test("HK31: a try that was made but not written down comes again under the same id, and one that was is not made twice", async () => {
    const channel = await channelOf();
    const hook = await listening(channel.id);
    await t.send(member, channel, "At least once");
    await house.log.caughtUp("chat", "hooks.outgoing");
    const [row] = (await sql`SELECT id FROM hooks_deliveries WHERE hook_id = ${hook.id}`) as { id: string }[];
    const { createDeliverer } = await import("./deliver.ts");
    const { createSigning } = await import("../secrets.ts");
    const deliverer = createDeliverer(h.needs, createSigning(h.needs.secret));
    const one = { id: row!.id, run: 1, tries: 0 };
    const { signal } = new AbortController();
    // The process dies between the answer and the commit.
    const died = deliverer.run(one, signal, () => Promise.reject(new Error("killed")));
    expect(await died.catch((error: unknown) => (error as Error).message)).toBe("killed");
    expect((await log(hook.id))[0]).toMatchObject({ state: "waiting", tries: 0 });
    await deliverer.run(one, signal, house.db.sql.tx);
    await deliverer.run(one, signal, house.db.sql.tx);
    expect(h.got.length).toBe(2);
    expect(new Set(h.got.map(({ headers }) => headers.get("webhook-id"))).size).toBe(1);
    expect((await log(hook.id))[0]).toMatchObject({ state: "taken", tries: 1 });
  });

  test("HK32: after the last try it has failed, and can be sent again by hand under the same id", async () => {
    const channel = await channelOf();
    const hook = await listening(channel.id);
    h.answer = () => new Response("no", { status: 503 });
    await t.send(member, channel, "Lost");
    await h.settle();
    for (let tries = 1; tries <= RETRY_WAITS_MS.length; tries++) expect(await h.tryAll()).toBe(1);
    const [failed] = await log(hook.id);
    expect(failed).toMatchObject({ state: "failed", tries: RETRY_WAITS_MS.length + 1, next_at: null });
    h.answer = () => new Response("now");
    const params = { id: failed!.id };
    expect((await client.call(r.redeliver, { token: stranger.token, params })).code).toBe("delivery.not_found");
    expect((await client.call(r.redeliver, { token: owner.token, params })).status).toBe(202);
    await h.settle();
    expect((await log(hook.id))[0]).toMatchObject({ state: "taken", tries: 1, webhook_id: failed!.webhook_id });
    expect(new Set(h.got.map(({ headers }) => headers.get("webhook-id")))).toEqual(new Set([failed!.webhook_id]));
  });

  test("HK33: an address that took nothing for three days, or says that it is gone, is switched off, and the log tells of it", async () => {
    const channel = await channelOf();
    const [dead, gone] = [await listening(channel.id), await listening(channel.id, { url: h.url("/gone") })];
    h.answer = ({ path }) => new Response("no", { status: path === "/gone" ? 410 : 500 });
    await t.send(member, channel, "Anybody?");
    await h.settle();
    expect(await shown(gone.id)).toMatchObject({ disabled: true, disabled_because: "It said that it is gone (410)." });
    expect(await shown(dead.id)).toMatchObject({ disabled: false });
    t.later(3 * DAY_MS);
    await h.tryAll();
    expect(await shown(dead.id)).toMatchObject({ disabled: true, disabled_because: "It took nothing for three days." });
    const told: unknown[] = [];
    using _ears = house.log.consume(HOOKS_TOPIC, "test.hooks", async (batch) => {
      for (const { data } of batch) told.push([data.hook_id, data.owner_id]);
    });
    await house.log.caughtUp(HOOKS_TOPIC, "test.hooks");
    expect(told).toEqual([
      [gone.id, owner.id],
      [dead.id, owner.id],
    ]);
    await t.send(member, channel, "Nobody hears");
    await h.settle();
    expect((await log(dead.id)).length).toBe(1);
    expect((await client.call(r.pingOutgoing, { token: owner.token, params: { id: dead.id } })).code).toBe(
      "hook.disabled",
    );
    const on = { token: owner.token, params: { id: dead.id }, body: { disabled: false } };
    expect((await client.call(r.changeOutgoing, on)).body).toMatchObject({ disabled: false, failing_since: null });
  });

  test("HK34: while too much waits for an address, it is told of nothing further, and that is counted", async () => {
    const channel = await channelOf();
    const hook = await listening(channel.id);
    await sql`INSERT INTO hooks_deliveries (id, hook_id, webhook_id, event, subject, happened_at, state, next_at, at)
      SELECT n, ${hook.id}, 'msg_full' || n, 'ping', '{}', now(), 'waiting', now() + interval '1 hour', now()
      FROM generate_series(1, ${DELIVERIES_WAITING_MAX - 1}::int) n`;
    await t.send(member, channel, "The last that fits");
    await house.log.caughtUp("chat", "hooks.outgoing");
    await t.send(member, channel, "One too many");
    await house.log.caughtUp("chat", "hooks.outgoing");
    expect(await shown(hook.id)).toMatchObject({ waiting: DELIVERIES_WAITING_MAX, dropped: 1 });
    await client.call(r.deleteOutgoing, { token: owner.token, params: { id: hook.id } });
  });

  test("HK35: an answer without end and one that never comes hold nothing up for longer than their bounds", async () => {
    const channel = await channelOf();
    const hook = await listening(channel.id);
    h.answer = () =>
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(120)) }));
    await t.send(member, channel, "Flooded");
    await h.settle();
    expect((await log(hook.id))[0]).toMatchObject({ state: "taken", answer: "x".repeat(1_024) });
  });

  test("HK36: a name that leads inside at the time of sending gets nothing, whatever it led to before", async () => {
    let inside = false;
    await using rebound = await testHooks({
      names: async () => (inside ? ["10.0.0.7"] : ["127.0.0.1"]),
    });
    const someone = await rebound.t.house.person("someone");
    await rebound.t.house.space("glade", someone);
    const body = { space: "glade", name: "x", url: rebound.url(), events: ["post.created" as const] };
    const { body: hook } = await rebound.t.house.client.call(r.createOutgoing, { token: someone.token, body });
    const ping = { token: someone.token, params: { id: hook.id } };
    await rebound.t.house.client.call(r.pingOutgoing, ping);
    await rebound.settle();
    expect(rebound.got.length).toBe(1);
    inside = true;
    await rebound.t.house.client.call(r.pingOutgoing, ping);
    await rebound.settle();
    expect(rebound.got.length).toBe(1);
    const [last] = (await rebound.t.house.client.call(r.listDeliveries, { ...ping, query: {} })).body.items;
    expect(last).toMatchObject({ state: "waiting", status: null, tries: 1 });
    expect(last!.because).toContain("does not lead to the open internet");
  });

  test("HK37: the log of deliveries goes after seven days; what waits stays", async () => {
    const channel = await channelOf();
    const hook = await listening(channel.id);
    await t.send(member, channel, "Old");
    await h.settle();
    await sql`UPDATE hooks_deliveries SET at = ${new Date(t.clock.now() - 8 * DAY_MS)} WHERE hook_id = ${hook.id}`;
    await t.runJob("hooks.trim", {});
    expect(await log(hook.id)).toEqual([]);
  });
});
