import { afterAll, expect, test } from "bun:test";

import { CONTENT_WARNING_CHARS_MAX, feedRoutes as r, POLL_OPEN_S_MIN } from "../contract.ts";
import { testFeed } from "../testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { client } = t.house;
const [ann, ben, cleo, mod] = await Promise.all([
  t.house.person("ann"),
  t.house.person("ben"),
  t.house.person("cleo"),
  t.house.person("mod", "moderator"),
]);
const create = (token: string, body: object) =>
  client.call(r.createPost, { token, body: { text: "x", audience: "public", ...body } });
const get = async (id: string, token: string | null = null) =>
  (await client.call(r.getPost, { params: { id }, token })).body;
const edit = (id: string, token: string, body: object) => client.call(r.editPost, { params: { id }, token, body });
const options = ["Yes", "No"];

test("FD170: a warning, a poll or a quote of the wrong shape is refused", async () => {
  t.media.image("12", ann.id);
  for (const body of [
    { content_warning: "x".repeat(CONTENT_WARNING_CHARS_MAX + 1) },
    { content_warning: "" },
    { content_warning: 5 },
    { sensitive: "yes" },
    { quote_id: "first" },
    { poll: { options: ["one"], open_s: 600 } },
    { poll: { options: Array.from({ length: 9 }, (_, i) => `${i}`), open_s: 600 } },
    { poll: { options: ["same", "same"], open_s: 600 } },
    { poll: { options: ["a", "x".repeat(101)], open_s: 600 } },
    { poll: { options: ["a", " "], open_s: 600 } },
    { poll: { options, open_s: POLL_OPEN_S_MIN - 1 } },
    { poll: { options, open_s: 31 * 86_400 } },
    { poll: { options, open_s: 600, votes: [1, 2] } },
  ]) {
    expect(await create(ann.token, body), JSON.stringify(body).slice(0, 80)).toMatchObject({
      status: 400,
      code: "request.invalid",
    });
  }
  expect(await create(ann.token, { image_ids: ["12"], poll: { options, open_s: 600 } })).toMatchObject({
    status: 422,
    code: "post.poll_and_media",
  });
  expect(await create(ann.token, { text: "", poll: { options, open_s: 600 } })).toMatchObject({ code: "post.empty" });
});

test("FD170: a warning and the sensitive mark are kept, edited, and stand in the history", async () => {
  const { body: post } = await create(ann.token, { content_warning: "spiders", sensitive: true });
  expect(post).toMatchObject({ content_warning: "spiders", sensitive: true, quote: null, poll: null, link: null });
  expect((await t.home(ann)).items[0]).toMatchObject({ content_warning: "spiders", sensitive: true });
  const { body: next } = await edit(post.id, ann.token, { content_warning: null, sensitive: false });
  expect(next).toMatchObject({ content_warning: null, sensitive: false, version: 2 });
  const { body: edits } = await client.call(r.listPostEdits, { params: { id: post.id } });
  expect(edits.items.map((version) => version.content_warning)).toEqual([null, "spiders"]);
  expect((await edit(post.id, ann.token, { sensitive: false })).body.version).toBe(2);
});

test("FD171: what not everybody may read is not quoted, and what is not there or not for the writer is not found", async () => {
  const followers = await t.post(ann, "closed", { audience: "followers" });
  const mine = await t.post(ann, "private", { audience: "private" });
  await t.follow(ben, ann);
  expect(await create(ben.token, { quote_id: followers.id })).toMatchObject({
    status: 403,
    code: "post.may_not_quote",
  });
  expect(await create(ben.token, { quote_id: mine.id })).toMatchObject({ status: 404, code: "post.quote_not_found" });
  expect(await create(ann.token, { quote_id: mine.id })).toMatchObject({ status: 403, code: "post.may_not_quote" });
  expect(await create(ben.token, { quote_id: "1" })).toMatchObject({ status: 404, code: "post.quote_not_found" });
  const open = await t.post(ann, "open");
  await t.house.people.rooms.relating.block(ann.viewer, "cleo");
  expect(await create(cleo.token, { quote_id: open.id })).toMatchObject({ status: 404, code: "post.quote_not_found" });
  await t.house.people.rooms.relating.unblock(ann.viewer, "cleo");
});

test("FD171: what stands in a space is quoted by a post for the same space, and nowhere else", async () => {
  const room = await t.house.space("room", mod, [ann, ben]);
  const inside = await t.post(ann, "among us", { audience: "space", space_id: room.id });
  expect(await create(ben.token, { quote_id: inside.id })).toMatchObject({ code: "post.may_not_quote" });
  const { status, body } = await create(ben.token, { quote_id: inside.id, audience: "space", space_id: room.id });
  expect([status, body.quote?.post?.text]).toEqual([201, "among us"]);
  expect(await edit(body.id, ben.token, { audience: "public" })).toMatchObject({ status: 200 });
  expect((await get(body.id, cleo.token)).quote).toEqual({ state: "gone", post: null });
  expect((await get(body.id, ann.token)).quote?.state).toBe("shown");
});

test("FD172: a quoted post shows as it is now and as its reader may see it; otherwise it is gone, whatever the reason", async () => {
  const quoted = await t.post(ann, "the words");
  const { body: post } = await create(ben.token, { text: "look", quote_id: quoted.id });
  expect(post.quote).toMatchObject({
    state: "shown",
    post: { id: quoted.id, text: "the words", author: { handle: "ann" } },
  });
  expect(Object.keys(post.quote!.post!)).not.toContain("viewer");
  const gone = { state: "gone", post: null } as const;
  await edit(quoted.id, ann.token, { text: "other words" });
  expect((await get(post.id)).quote?.post?.text).toBe("other words");
  expect((await t.home(ben)).items[0]?.quote?.post?.text).toBe("other words");

  await t.house.people.rooms.relating.block(ann.viewer, "cleo");
  expect((await get(post.id, cleo.token)).quote).toEqual(gone);
  await t.house.people.rooms.relating.unblock(ann.viewer, "cleo");
  await t.follow(cleo, ben);
  await t.house.people.rooms.relating.mute(cleo.viewer, "ann");
  expect((await t.home(cleo)).items[0]?.quote).toEqual(gone);
  expect((await get(post.id, cleo.token)).quote?.state).toBe("shown");
  await t.house.people.rooms.relating.unmute(cleo.viewer, "ann");
  await edit(quoted.id, ann.token, { audience: "followers" });
  expect((await get(post.id, cleo.token)).quote).toEqual(gone);
  expect((await get(post.id, ben.token)).quote?.state).toBe("shown");
  await edit(quoted.id, ann.token, { audience: "public" });
  await client.call(r.deletePost, { params: { id: quoted.id }, token: ann.token });
  expect((await get(post.id)).quote).toEqual(gone);
  await client.call(r.restorePost, { params: { id: quoted.id }, token: ann.token });
  expect((await get(post.id)).quote?.state).toBe("shown");
  expect((await edit(post.id, ben.token, { quote_id: null })).body.quote).toBeNull();
});

test("FD173: only the quoted author takes a post out of one that quotes it; what does not quote it is not found", async () => {
  const quoted = await t.post(ann, "mine");
  const { body: post } = await create(ben.token, { text: "look at this", quote_id: quoted.id });
  const detach = (token: string | null, id = quoted.id, quote_id = post.id) =>
    client.call(r.detachQuote, { params: { id, quote_id }, token });
  expect(await detach(null)).toMatchObject({ status: 401 });
  expect(await detach(ben.token)).toMatchObject({ status: 403, code: "post.not_yours" });
  expect(await detach(mod.token)).toMatchObject({ status: 403, code: "post.not_yours" });
  expect(await detach(ann.token, quoted.id, quoted.id)).toMatchObject({ status: 404, code: "post.not_found" });
  const quotes = async (token: string | null) =>
    (await client.call(r.listQuotes, { params: { id: quoted.id }, token })).body.items.map((item) => item.id);
  expect(await quotes(null)).toEqual([post.id]);
  await t.house.people.rooms.relating.mute(cleo.viewer, "ben");
  expect(await quotes(cleo.token)).toEqual([]);
  await t.house.people.rooms.relating.unmute(cleo.viewer, "ben");
  expect((await get(post.id)).quote?.state).toBe("shown");

  expect(await detach(ann.token)).toMatchObject({ status: 204 });
  expect(await detach(ann.token)).toMatchObject({ status: 204 });
  expect((await get(post.id)).quote).toEqual({ state: "gone", post: null });
  expect(await quotes(null)).toEqual([]);
  const told = async (type: string) => {
    const rows = await t.house.db.sql.pool`SELECT data FROM log_events WHERE type = ${type} ORDER BY stamp, seq`;
    return rows
      .map((row: { data: { post_id: string } }) => row.data)
      .filter((data: { post_id: string }) => data.post_id === post.id);
  };
  const about = { post_id: post.id, author_id: ben.id, quoted_id: quoted.id, quoted_author_id: ann.id };
  expect(await told("feed.quoted")).toEqual([about]);
  expect(await told("feed.quote_detached")).toEqual([about]);
});

test("FD193: what is warned of or marked does not play by itself", async () => {
  const makes = async (n: string, more: object) => {
    t.media.video(n, ben.id);
    const { body } = await create(ben.token, { text: n, video_id: n, ...more });
    await t.house.db.sql.pool`INSERT INTO feed_shorts (post_id, author_id, duration_ms, rank_ms, at)
      VALUES (${body.id}, ${ben.id}, 20000, ${Number(n)}, now()) ON CONFLICT DO NOTHING`;
  };
  await makes("71", {});
  await makes("72", { content_warning: "loud" });
  await makes("73", { sensitive: true });
  const shorts = async () => {
    const { body } = await client.call(r.shortsFeed, { token: cleo.token });
    return body.items.map((item) => item.text);
  };
  expect(await shorts()).toEqual(["71"]);
  await client.call(r.patchReadingPreferences, { token: cleo.token, body: { sensitive_media: "show" } });
  expect((await shorts()).toSorted()).toEqual(["71", "73"]);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
