import { afterAll, afterEach, expect, test } from "bun:test";

import type { PersonId, PostId } from "#kernel/ids.ts";
import { chatRoutes as c } from "#systems/chat/contract.ts";
import { FEED_TOPIC, type Post } from "#systems/feed/index.ts";

import { hooksRoutes as r } from "../contract.ts";
import { testHooks } from "../testing.ts";

/** What may be read of posts, by whom; feed itself has its own tests of that. */
const readable = new Map<PostId, { by: PersonId; post: Post }>();
const h = await testHooks({
  posts: async (viewer, ids) =>
    new Map(
      ids.flatMap((id) => {
        const found = readable.get(id);
        return found?.by === viewer.person_id ? [[id, found.post] as const] : [];
      }),
    ),
});
const { t } = h;
const { house } = t;
const { client, log } = house;
afterAll(() => h[Symbol.asyncDispose]());
afterEach(() => void (h.got.length = 0));

const owner = await house.person("owner");
const member = await house.person("member");
const glade = await house.space("glade", owner, [member]);
// From here on it is heard of; not of what was before.
await log.caughtUp(FEED_TOPIC, "hooks.outgoing");
const told = () =>
  h.got.map(({ path, text }) => [path, JSON.parse(text) as { type: string; timestamp: string; data: object }] as const);

test("HK50: of a post in the space its words, author, space and address go, as its owner may read it when it goes; of posts elsewhere nothing", async () => {
  const made = await client.call(r.createOutgoing, {
    token: owner.token,
    body: { space: "glade", name: "Posts", url: h.url(), events: ["post.created"] },
  });
  const publish = async (space_id: string | null, post: Partial<Post> | null) => {
    const post_id = house.db.ids.next<"post">();
    const card = (await house.people.cards([member.id])).get(member.id)!;
    if (post)
      readable.set(post_id, {
        by: owner.id,
        post: {
          id: post_id,
          author: card,
          content_warning: null,
          created_at: "2026-11-20T08:00:00.000Z",
          ...post,
        } as Post,
      });
    const data = { post_id, author_id: member.id, space_id, mention_ids: [], audience: "space" };
    await house.db.sql.tx((tx) =>
      log.append(tx, FEED_TOPIC, post_id, { type: "feed.post_created", version: 1, data: data as never }),
    );
    return post_id;
  };
  const space = { id: glade.id, slug: "glade", name: "glade", visibility: "public" as const };
  const seen = await publish(glade.id, { text: 'Oak & "ash"\r\n\u2603', content_warning: "Trees", space });
  await publish(glade.id, null);
  await publish(null, { text: "Elsewhere", space: null });
  await h.settle();
  expect(told()).toEqual([
    [
      "/",
      {
        type: "post.created",
        timestamp: expect.any(String) as string,
        data: {
          post: {
            id: seen,
            author: { id: member.id, handle: "member", display_name: expect.any(String) as string, bot: false },
            text: 'Oak & "ash"\r\n\u2603',
            content_warning: "Trees",
            space: { id: glade.id, slug: "glade", name: "glade" },
            created_at: "2026-11-20T08:00:00.000Z",
            url: `https://house.test/posts/${seen}`,
          },
        },
      },
    ],
  ]);
  const { body } = await client.call(r.listDeliveries, {
    token: owner.token,
    params: { id: made.body.id },
    query: {},
  });
  expect(body.items.map(({ state }) => state)).toEqual(["skipped", "taken"]);
});

test("HK26: that a bot's message was deleted, whoever did it, is told only where bots are listened to; a person's everywhere", async () => {
  const channel = await t.channel(owner, "glade", "public", "builds", [member]);
  for (const with_bots of [false, true])
    await client.call(r.createOutgoing, {
      token: owner.token,
      body: {
        space: "glade",
        name: "Deletions",
        url: h.url(with_bots ? "/all" : "/people"),
        events: ["message.deleted"],
        channel_ids: [channel.id],
        with_bots,
      },
    });
  const incoming = await client.call(r.createIncoming, {
    token: owner.token,
    body: { channel_id: channel.id, name: "Builds" },
  });
  await house.api.fetch(
    new Request(`http://house.test${incoming.body.path}`, { method: "POST", body: JSON.stringify({ text: "Green" }) }),
    "192.0.2.7",
  );
  const [by_bot] = (await t.history(owner, channel)).items;
  expect(by_bot).toMatchObject({ author: { bot: true }, body: "Green" });
  const by_person = await t.send(member, channel, "Thanks");
  for (const { id } of [by_bot!, by_person])
    expect((await client.call(c.deleteMessage, { token: owner.token, params: { id } })).status).toBe(204);
  await h.settle();
  const of = (path: string) =>
    told()
      .filter(([at]) => at === path)
      .map(([, { data }]) => (data as { message: { id: string } }).message.id);
  expect([of("/people"), of("/all")]).toEqual([[by_person.id], [by_bot!.id, by_person.id]]);
});
