import { afterAll, expect, test } from "bun:test";

import { peopleRoutes } from "#systems/people/contract.ts";
import { TEST_PASSWORD, type TestPerson } from "#systems/people/testing.ts";

import { type DraftContent, DRAFTS_MAX, feedRoutes as r, POST_IMAGES_MAX } from "../contract.ts";
import { FORGET_JOB } from "../departures.ts";
import { testFeed } from "../testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { client } = t.house;
const { pool } = t.house.db.sql;
const [ann, ben] = await Promise.all([t.house.person("ann"), t.house.person("ben")]);
const keep = (by: TestPerson, body: object, headers: Record<string, string> = {}) =>
  client.call(r.createDraft, { token: by.token, body, headers });
const save = (by: TestPerson, id: string, body: object, headers: Record<string, string> = {}) =>
  client.call(r.saveDraft, { params: { id }, token: by.token, body, headers });
const drafts = async (by: TestPerson, query?: { limit?: number; cursor?: string }) =>
  (await client.call(r.listDrafts, { token: by.token, ...(query ? { query } : {}) })).body;

test("FD180: drafts are their owner's alone; others find nothing, also to change or throw away", async () => {
  const { status, body } = await keep(ann, { text: "half a thou" });
  expect([status, body.version]).toEqual([201, 1]);
  for (const token of [ben.token, null]) {
    const wanted = token === null ? 401 : 404;
    expect((await client.call(r.getDraft, { params: { id: body.id }, token })).status).toBe(wanted);
    expect((await client.call(r.saveDraft, { params: { id: body.id }, token, body: { text: "x" } })).status).toBe(
      wanted,
    );
    expect((await client.call(r.deleteDraft, { params: { id: body.id }, token })).status).toBe(wanted);
  }
  expect((await drafts(ben)).items).toEqual([]);
  expect((await drafts(ann)).items.map((draft) => draft.content.text)).toEqual(["half a thou"]);
});

test("FD180: what is too long or of another shape is refused; what is only half there is kept as it is", async () => {
  for (const body of [
    { text: "x".repeat(5_001) },
    { image_ids: Array.from({ length: POST_IMAGES_MAX + 1 }, (_, i) => `${i + 1}`) },
    { poll: { options: Array.from({ length: 9 }, () => "x"), open_s: 600 } },
    { likes: 1 },
  ]) {
    expect(await keep(ann, body), JSON.stringify(body).slice(0, 60)).toMatchObject({ code: "request.invalid" });
  }
  const half: DraftContent = {
    text: "",
    audience: "space",
    space_id: null,
    video_id: null,
    image_ids: [],
    content_warning: "",
    sensitive: true,
    quote_id: "5",
    poll: { options: ["", "x", ""], multiple: true, hides_results: false, open_s: 600 },
  };
  expect((await keep(ann, half)).body.content).toEqual(half);
});

test("FD180: the newest wins, unless it says what it knew; then it loses to what was written meanwhile", async () => {
  const { body } = await keep(ann, { text: "one" });
  expect((await save(ann, body.id, { text: "two" })).body.version).toBe(2);
  expect(await save(ann, body.id, { text: "three" }, { "if-match": '"1"' })).toMatchObject({
    status: 412,
    code: "draft.changed",
  });
  expect((await save(ann, body.id, { text: "three" }, { "if-match": '"2"' })).body.content.text).toBe("three");
  expect((await drafts(ann)).items[0]).toMatchObject({ id: body.id, version: 3 });
});

test("FD180: the same key finds the first draft; there are at most a hundred, also when many come at once", async () => {
  const cleo = await t.house.person("cleo");
  const [a, b] = await Promise.all([1, 2].map(() => keep(cleo, { text: "x" }, { "idempotency-key": "once" })));
  expect(a!.status === 409 || b!.status === 409 || a!.body.id === b!.body.id).toBe(true);
  await pool`INSERT INTO feed_drafts (id, person_id, content, created_at, updated_at)
    SELECT ${cleo.id}::bigint + n, ${cleo.id}, '{}', now(), now() FROM generate_series(1, ${DRAFTS_MAX - 2}) n`;
  const answers = await Promise.all([1, 2, 3, 4].map((n) => keep(cleo, { text: `${n}` })));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
  expect(answers.find(({ status }) => status === 409)?.code).toBe("draft.too_many");
});

test("FD180: drafts are listed latest first, page by page", async () => {
  const dan = await t.house.person("dan");
  const made: string[] = [];
  for (let n = 0; n < 5; n++) made.push((await keep(dan, { text: `${n}` })).body.id);
  await save(dan, made[1]!, { text: "again" });
  const first = await drafts(dan, { limit: 3 });
  const rest = await drafts(dan, { limit: 3, cursor: first.next_cursor! });
  expect([...first.items, ...rest.items].map((draft) => draft.id)).toEqual([
    made[1]!,
    made[4]!,
    made[3]!,
    made[2]!,
    made[0]!,
  ]);
  expect(rest.next_cursor).toBeNull();
  expect(await client.call(r.listScheduled, { token: dan.token, query: { cursor: first.next_cursor! } })).toMatchObject(
    {
      code: "cursor.invalid",
    },
  );
});

test("FD181: media in a draft are held for it; another's are refused, and a post from it takes them over at once", async () => {
  t.media.image("21", ann.id);
  t.media.image("22", ben.id);
  expect(await keep(ann, { image_ids: ["22"] })).toMatchObject({ status: 422, code: "post.media_not_usable" });
  const { body } = await keep(ann, { text: "with a picture", image_ids: ["21"] });
  expect(t.media.did).toContain(`claim:${body.id}`);
  expect(await save(ann, body.id, { image_ids: ["21", "22"] })).toMatchObject({ code: "post.media_not_usable" });
  t.media.did.length = 0;
  await save(ann, body.id, { text: "more words", image_ids: ["21"] });
  expect(t.media.did).toEqual([]);
  const post = await client.call(r.createPost, {
    token: ann.token,
    body: { text: "done", audience: "public", image_ids: ["21"], draft_id: body.id },
  });
  expect(post.status).toBe(201);
  expect(t.media.did).toEqual([`release:${body.id}`, `claim:${post.body.id}`]);
  expect((await client.call(r.getDraft, { params: { id: body.id }, token: ann.token })).status).toBe(404);
});

test("FD181: a post that is refused leaves its draft; another's draft stays where it is", async () => {
  const { body } = await keep(ann, { text: "mine" });
  const write = (by: TestPerson, more: object) =>
    client.call(r.createPost, { token: by.token, body: { text: "x", audience: "public", draft_id: body.id, ...more } });
  expect((await write(ann, { image_ids: ["22"] })).status).toBe(422);
  expect((await write(ben, {})).status).toBe(201);
  expect((await client.call(r.getDraft, { params: { id: body.id }, token: ann.token })).status).toBe(200);
  await client.call(r.deleteDraft, { params: { id: body.id }, token: ann.token });
  expect(await client.call(r.deleteDraft, { params: { id: body.id }, token: ann.token })).toMatchObject({
    status: 404,
  });
});

test("FD182: with an account go its drafts and scheduled posts, and what they held", async () => {
  const eva = await t.house.person("eva");
  t.media.image("31", eva.id);
  const { body: draft } = await keep(eva, { text: "x", image_ids: ["31"] });
  await client.call(r.schedulePost, {
    token: eva.token,
    body: {
      post: { text: "later", audience: "public" },
      publish_at: new Date(t.house.db.clock.now() + 86_400_000).toISOString(),
    },
  });
  await client.call(peopleRoutes.deleteMe, { token: eva.token, body: { password: TEST_PASSWORD } });
  await t.runJob(FORGET_JOB, { person_id: eva.id });
  const [left] = await pool`SELECT (SELECT count(*)::int FROM feed_drafts WHERE person_id = ${eva.id}) AS drafts,
    (SELECT count(*)::int FROM feed_scheduled WHERE person_id = ${eva.id}) AS scheduled`;
  expect(left).toEqual({ drafts: 0, scheduled: 0 });
  expect(t.media.did).toContain(`release:${draft.id}`);
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
