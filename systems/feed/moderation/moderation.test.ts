import { afterAll, expect, test } from "bun:test";

import type { CommentId, PostId } from "#kernel/ids.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r } from "../contract.ts";
import { testFeed } from "../testing.ts";
import type { Done } from "./moderate.ts";

const t = await testFeed();
const { client } = t.house;
afterAll(async () => {
  expect(t.house.broken).toEqual([]);
  await t[Symbol.asyncDispose]();
});

const [ada, bo, mo] = [
  await t.house.person("ada"),
  await t.house.person("bo"),
  await t.house.person("mo", "moderator"),
];
const { moderation } = t.feed;

async function act(work: (tx: Parameters<typeof moderation.hide>[0]) => Promise<Done>): Promise<void> {
  const done = await t.house.db.sql.tx(work);
  done?.();
}
const hide = (kind: "post" | "comment", id: string) => act((tx) => moderation.hide(tx, kind, id, mo.id));
const show = (kind: "post" | "comment", id: string) => act((tx) => moderation.show(tx, kind, id, mo.id));
const status = async (who: TestPerson | null, id: PostId) =>
  (await client.call(r.getPost, { ...(who ? { token: who.token } : {}), params: { id } })).status;
const listed = async (
  route: typeof r.discoverFeed | typeof r.homeFeed | typeof r.listBookmarks,
  who: TestPerson,
): Promise<string[]> => (await client.call(route, { token: who.token })).body.items.map((post) => post.id);
async function comment(by: TestPerson, post: PostId, text: string, parent_id: CommentId | null = null) {
  const made = await client.call(r.createComment, { token: by.token, params: { id: post }, body: { text, parent_id } });
  return made.body;
}
const thread = async (who: TestPerson, id: PostId) =>
  (await client.call(r.listComments, { token: who.token, params: { id } })).body.items;

test("FD260: a hidden post is for its author and moderators alone, in every list, at once, and comes back as it was", async () => {
  await t.follow(bo, ada);
  const post = await t.post(ada, "Sharp words #weather");
  const token = bo.token;
  await client.call(r.bookmarkPost, { token, params: { id: post.id } });
  const cy = await t.house.person("cy");
  await t.follow(bo, cy);
  await client.call(r.repostPost, { token: cy.token, params: { id: post.id } });
  const node = await t.node();
  await t.home(bo);

  await hide("post", post.id);
  expect(await Promise.all([status(bo, post.id), status(null, post.id)])).toEqual([404, 404]);
  expect((await t.home(bo)).items).toEqual([]);
  for (const route of [r.discoverFeed, r.listBookmarks]) expect(await listed(route, bo)).not.toContain(post.id);
  const tagged = await client.call(r.hashtagPosts, { token, params: { tag: "weather" } });
  const profile = await client.call(r.personPosts, { token, params: { handle: "ada" } });
  expect([tagged.body.items, profile.body.items]).toEqual([[], []]);
  const tried = await client.call(r.likePost, { token, params: { id: post.id } });
  expect(tried.code).toBe("post.not_found");
  // Its author sees it with a note, and does not pass it on; moderators go to it, and no list brings it to them.
  const own = await client.call(r.getPost, { token: ada.token, params: { id: post.id } });
  expect(own.body.hidden).toBe(true);
  expect((await client.call(r.repostPost, { token: ada.token, params: { id: post.id } })).status).toBe(403);
  expect((await client.call(r.personPosts, { token: ada.token, params: { handle: "ada" } })).body.items).toHaveLength(
    1,
  );
  expect(await status(mo, post.id)).toBe(200);
  expect(await listed(r.discoverFeed, mo)).not.toContain(post.id);
  // Another node knows when the event has come.
  for (;;) {
    const { posts } = await node.rooms.reader.post(ada.viewer, post.id).then((found) => ({ posts: found.post.post }));
    if (posts.is_hidden) break;
    await Bun.sleep(5);
  }

  await show("post", post.id);
  expect(await status(bo, post.id)).toBe(200);
  const home = (await t.home(bo)).items;
  expect(home.map((item) => [item.id, item.hidden, item.reposted_by?.handle])).toEqual([[post.id, false, "cy"]]);
  expect(await listed(r.listBookmarks, bo)).toEqual([post.id]);
});

test("FD260, FD262: what a hidden post shows is its author's alone, whatever the author does with it", async () => {
  t.media.video("700", ada.id);
  const post = await t.post(ada, "A film", { video_id: "700" as never });
  t.media.did.length = 0;
  await hide("post", post.id);
  const call = { token: ada.token, params: { id: post.id } };
  await client.call(r.editPost, { ...call, body: { audience: "followers" } });
  await client.call(r.editPost, { ...call, body: { audience: "public", text: "A good film" } });
  await client.call(r.deletePost, call);
  const back = await client.call(r.restorePost, call);
  expect(back.body.hidden).toBe(true);
  expect(await status(bo, post.id)).toBe(404);
  expect(t.media.did).toEqual([`hide:${post.id}`, `hide:${post.id}`]);
  await show("post", post.id);
  expect(t.media.did.at(-1)).toBe(`show:${post.id}:public`);
});

test("FD261: a hidden comment looks as a deleted one but to its author and to moderators, and nobody answers it", async () => {
  const post = await t.post(ada, "Say what you think");
  const [first, lone] = [await comment(bo, post.id, "Something bad"), await comment(bo, post.id, "Something worse")];
  await comment(ada, post.id, "An answer", first.id);
  await t.settled();
  await hide("comment", first.id);
  await hide("comment", lone.id);
  const dee = await t.house.person("dee");
  const seen = await thread(dee, post.id);
  expect(seen.map((item) => [item.id, item.text, item.author, item.deleted])).toEqual([[first.id, "", null, true]]);
  expect((await client.call(r.getComment, { token: dee.token, params: { id: first.id } })).status).toBe(404);
  for (const who of [bo, mo])
    expect((await thread(who, post.id)).map((item) => [item.text, item.hidden])).toEqual([
      ["Something bad", true],
      ["Something worse", true],
    ]);
  const answer = { text: "And yet", parent_id: first.id };
  const answered = await client.call(r.createComment, { token: bo.token, params: { id: post.id }, body: answer });
  expect(answered.code).toBe("comment.not_found");
  await show("comment", lone.id);
  expect((await thread(dee, post.id)).map((item) => item.text)).toEqual(["", "Something worse"]);
});

test("FD263: a post that is put out of its space is its author's alone or stays public, and can be put back", async () => {
  const space = await t.house.spaces.rooms.spaces.create(ada.viewer, {
    slug: "weavers",
    name: "Weavers",
    description: "",
    visibility: "public",
    join_policy: "open",
    who_may_post: "members",
  });
  await t.house.spaces.rooms.members.join(bo.viewer, "weavers", undefined);
  const [inside, open] = [
    await t.post(ada, "For us", { audience: "space", space_id: space.id }),
    await t.post(ada, "For all", { space_id: space.id }),
  ];
  const inSpace = async () =>
    (await client.call(r.spacePosts, { token: bo.token, params: { space: "weavers" } })).body.items.map(({ id }) => id);
  expect(await inSpace()).toEqual([open.id, inside.id]);
  for (const post of [inside, open]) await act((tx) => moderation.move(tx, post.id, null, mo.id));
  expect(await inSpace()).toEqual([]);
  expect(await Promise.all([status(bo, inside.id), status(bo, open.id), status(ada, inside.id)])).toEqual([
    404, 200, 200,
  ]);
  await act((tx) => moderation.move(tx, inside.id, { audience: "space", space_id: space.id }, mo.id));
  expect(await inSpace()).toEqual([inside.id]);
});

test("FD264: who is limited is in no list that the house chooses, but for those who follow them", async () => {
  const [loud, fan, stranger] = [
    await t.house.person("loud"),
    await t.house.person("fan"),
    await t.house.person("stray"),
  ];
  await t.follow(fan, loud);
  await t.follow(stranger, fan);
  const post = await t.post(loud, "Buy now #offers");
  await client.call(r.repostPost, { token: fan.token, params: { id: post.id } });
  const { discipline } = t.house.people;
  const act = { by: mo.id, act_id: "1" };
  (await t.house.db.sql.tx((tx) => discipline.limit(tx, loud.id, act)))?.();
  const seen = async (who: TestPerson) => {
    const { token } = who;
    const tagged = await client.call(r.hashtagPosts, { token, params: { tag: "offers" } });
    const profile = await client.call(r.personPosts, { token, params: { handle: "loud" } });
    const lists = [await listed(r.discoverFeed, who), await listed(r.homeFeed, who)];
    return [...lists, ...[tagged, profile].map(({ body }) => body.items.map((item) => item.id))].map((ids) =>
      ids.includes(post.id),
    );
  };
  expect(await seen(stranger)).toEqual([false, false, false, true]);
  expect(await seen(fan)).toEqual([true, true, true, true]);
  expect(await seen(loud)).toEqual([true, true, true, true]);
  expect(await status(stranger, post.id)).toBe(200);
  (await t.house.db.sql.tx((tx) => discipline.unlimit(tx, loud.id, act)))?.();
  expect(await seen(stranger)).toEqual([true, true, true, true]);
});

test("FD265: what moderators marked stays marked whatever its author edits, until they give it back", async () => {
  const post = await t.post(ada, "Red");
  const id: PostId = post.id;
  const mark = (marks: { sensitive: boolean; content_warning: string | null }) =>
    t.house.db.sql.tx((tx) => moderation.mark(tx, id, marks, mo.id));
  const marked = await mark({ sensitive: true, content_warning: "blood" });
  marked?.done?.();
  expect(marked?.before).toEqual({ sensitive: false, content_warning: null });
  expect(await mark({ sensitive: true, content_warning: null })).toBeNull();
  const edit = (body: { text?: string; sensitive?: boolean; content_warning?: string | null }) =>
    client.call(r.editPost, { token: ada.token, params: { id }, body });
  expect((await edit({ text: "Re", sensitive: false, content_warning: null })).body).toMatchObject({
    sensitive: true,
    content_warning: "blood",
  });
  expect((await edit({ content_warning: "blood and knives" })).body.content_warning).toBe("blood and knives");
  (await mark(marked!.before))?.done?.();
  expect((await edit({ text: "R" })).body).toMatchObject({ sensitive: false, content_warning: null });
});

test("FD260: what is hidden is no longer quoted, fed to readers outside, commented on or found by a bookmark of its address", async () => {
  const [writer, quoter] = [await t.house.person("wim"), await t.house.person("quinn")];
  const post = await t.post(writer, "Quote me #quoted");
  const quote = await client.call(r.createPost, {
    token: quoter.token,
    body: { text: "Look", audience: "public", quote_id: post.id },
  });
  const quoted = async (who: TestPerson) =>
    (await client.call(r.getPost, { token: who.token, params: { id: quote.body.id } })).body.quote?.state;
  const fed = async (path: string) =>
    (await (await t.house.api.fetch(new Request(`http://house.test${path}`), "192.0.2.1")).text()).includes("Quote me");
  const feeds = ["/v1/people/wim/posts.rss", "/v1/people/wim/posts.atom", "/v1/hashtags/quoted/posts.rss"];
  expect(await quoted(bo)).toBe("shown");
  expect(await Promise.all(feeds.map(fed))).toEqual([true, true, true]);
  await hide("post", post.id);
  expect(await quoted(bo)).toBe("gone");
  expect(await Promise.all(feeds.map(fed))).toEqual([false, false, false]);
  const again = await client.call(r.createPost, {
    token: quoter.token,
    body: { text: "Look again", audience: "public", quote_id: post.id },
  });
  expect(again.status).toBeGreaterThanOrEqual(400);
  const said = { token: bo.token, params: { id: post.id } };
  expect((await client.call(r.createComment, { ...said, body: { text: "Hm" } })).code).toBe("post.not_found");
  expect((await client.call(r.listPostEdits, said)).code).toBe("post.not_found");
  expect((await client.call(r.whyPost, said)).code).toBe("post.not_found");
});
