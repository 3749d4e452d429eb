import { afterAll, describe, expect, test } from "bun:test";

import { createOutside } from "#ports/outside/index.ts";
import { createFeed, type Feed, FEED_FOLDER, type FeedMedia, type LinkPictures } from "#systems/feed/index.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { chatRoutes as r, type Message } from "../contract.ts";
import { testChat } from "../testing.ts";

const asked: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch(request) {
    const { pathname } = new URL(request.url);
    asked.push(pathname);
    if (pathname.startsWith("/none")) return new Response("no", { status: 404 });
    return new Response(`<!doctype html><title>About ${pathname}</title>`, {
      headers: { "content-type": "text/html" },
    });
  },
});
const at = (path: string) => `http://site.test:${server.port}${path}`;
const pictures: LinkPictures = { keep: async () => null, urlOf: (name) => name, dropOthers: async () => {} };

let feed: Feed | undefined;
const t = await testChat([FEED_FOLDER], async ({ house, jobs, clock }) => {
  const { people, spaces, log, caches } = house;
  const { sql, ids } = house.db;
  feed = await createFeed({
    sql,
    log,
    jobs,
    clock,
    ids,
    caches,
    people,
    spaces,
    // No post is read here.
    media: {} as FeedMedia,
    links: {
      outside: createOutside({
        clock,
        resolve: async (name) => (name.endsWith(".test") ? ["127.0.0.1"] : ["10.0.0.1"]),
        test_addresses: [`127.0.0.1:${server.port}`],
      }),
      pictures,
      public_url: "https://folkhus.test",
      host_gap_ms: 0,
    },
  });
  return { links: feed.links };
});
const { house } = t;
const { client } = house;
const { pool } = house.db.sql;
afterAll(async () => {
  await feed?.[Symbol.asyncDispose]();
  await t[Symbol.asyncDispose]();
  await server.stop(true);
});

let count = 0;
const pair = async () => {
  const [a, b] = await Promise.all([house.person(`l${count++}`), house.person(`l${count++}`)]);
  return { a, b, channel: await t.direct(a, b) };
};
const get = async (by: TestPerson, message: Message) =>
  (await client.call(r.message, { token: by.token, params: { id: message.id } })).body;
const linkId = async (message: Message): Promise<string | null> =>
  (await pool`SELECT link_id FROM chat_messages WHERE id = ${message.id}`)[0].link_id;
/** The look's job, and what it tells. */
const look = async (message: Message) => {
  await t.runJob("feed.look_at_link", { link_id: (await linkId(message))! });
  await house.log.caughtUp("feed_links", "chat.links");
};
const told = (message: Message) => t.said.filter(({ slot }) => slot === `link:${message.id}`).map(({ data }) => data);
const uses = async (message: Message): Promise<number> =>
  (await pool`SELECT count(*)::int AS n FROM feed_link_uses WHERE holder = ${`chat:${message.id}`}`)[0].n;

describe("cards of links in messages", () => {
  test("CH66: no card of what stands in code, of a page of this house, and of what nobody may fetch", async () => {
    const { a, channel } = await pair();
    for (const body of [
      `\`${at("/code")}\``,
      `\`\`\`\n${at("/block")}\n\`\`\``,
      "https://folkhus.test/posts/1",
      "no link",
    ]) {
      const message = await t.send(a, channel, body);
      expect([body, await linkId(message)]).toEqual([body, null]);
    }
    for (const body of ["http://inside.example/", "http://localhost/x"]) {
      const inside = await t.send(a, channel, body);
      await look(inside);
      expect((await get(a, inside)).link).toBeNull();
    }
    expect(asked).toEqual([]);
  });

  test("CH66: an address is looked at once for all who name it; the card goes over the line and is there at the next read", async () => {
    const one = await pair();
    const two = await pair();
    const first = await t.send(one.a, one.channel, `See ${at("/wool")}`);
    const second = await t.send(two.a, two.channel, `And ${at("/wool")}?utm_source=x`);
    expect(first.link).toBeNull();
    await look(first);
    await look(second);
    expect(asked.filter((path) => path === "/wool")).toHaveLength(1);
    const card = { url: at("/wool"), title: "About /wool", description: null, image: null };
    for (const [by, message] of [
      [one.b, first],
      [two.b, second],
    ] as const) {
      expect((await get(by, message)).link).toMatchObject(card);
      expect(told(message)).toMatchObject([{ message_id: message.id, link: card }]);
    }
    // Whoever names it later has it at once, and it is told right after the commit.
    const third = await t.send(one.b, one.channel, at("/wool"));
    expect(third.link).toMatchObject(card);
    expect(told(third)).toHaveLength(1);
    const none = await t.send(one.b, one.channel, at("/none"));
    await look(none);
    expect([(await get(one.a, none)).link, told(none)]).toEqual([null, []]);
  });

  test("CH67: its author alone takes a card away and brings it back; another link in the words is another card", async () => {
    const { a, b, channel } = await pair();
    const message = await t.send(a, channel, at("/hide"));
    await look(message);
    const card = (by: TestPerson, route: typeof r.hideMessageLink | typeof r.showMessageLink) =>
      client.call(route as typeof r.hideMessageLink, { token: by.token, params: { id: message.id } });
    expect((await card(b, r.hideMessageLink)).code).toBe("chat.not_yours");
    expect((await card(a, r.hideMessageLink)).body).toMatchObject({ link: null, link_hidden: true });
    expect(await get(b, message)).toMatchObject({ link: null, link_hidden: true });
    const { seq } = await t.send(a, channel, "Between");
    expect((await card(a, r.hideMessageLink)).status).toBe(200);
    expect(Number((await t.send(a, channel, "After")).seq) - Number(seq)).toBe(1);
    expect((await card(a, r.showMessageLink)).body.link?.title).toBe("About /hide");
    await card(a, r.hideMessageLink);
    const edit = { token: a.token, params: { id: message.id }, body: { body: `No, ${at("/other")}` } };
    expect((await client.call(r.editMessage, edit)).body).toMatchObject({ link: null, link_hidden: false });
    await look(message);
    expect((await get(b, message)).link?.title).toBe("About /other");
    expect(await uses(message)).toBe(1);
  });

  test("CH67: a card is let go with its message, and kept as long as one shows it", async () => {
    const { a, channel } = await pair();
    const message = await t.send(a, channel, at("/kept"));
    const gone = await t.send(a, channel, at("/gone"));
    await look(message);
    await look(gone);
    await client.call(r.deleteMessage, { token: a.token, params: { id: gone.id } });
    expect([await uses(message), await uses(gone)]).toEqual([1, 0]);
    t.later(40 * 86_400_000);
    await t.runJob("feed.forget_links", {});
    expect((await get(a, message)).link?.title).toBe("About /kept");
    expect(await pool`SELECT 1 FROM feed_links WHERE url = ${at("/gone")}`).toHaveLength(0);
  });

  test("nothing broke on our side", () => expect(house.broken).toEqual([]));
});
