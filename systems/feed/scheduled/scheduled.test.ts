import { afterAll, expect, test } from "bun:test";

import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r, SCHEDULE_AHEAD_MS_MAX, SCHEDULED_MAX } from "../contract.ts";
import { testFeed } from "../testing.ts";
import { PUBLISH_JOB } from "./schedule.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { client } = t.house;
const { pool } = t.house.db.sql;
const [ann, ben, mod] = await Promise.all([
  t.house.person("ann"),
  t.house.person("ben"),
  t.house.person("mod", "moderator"),
]);
let ahead_ms = 0;
const later = (ms: number) => {
  ahead_ms += ms;
  t.later(ms);
};
const HOUR_MS = 3_600_000;
const inMs = (ms: number) => new Date(t.house.db.clock.now() + ahead_ms + ms).toISOString();
const post = (more: object = {}) => ({ text: "later", audience: "public", ...more });
const schedule = (by: TestPerson, more: object = {}, at = inMs(HOUR_MS), rest: object = {}) =>
  client.call(r.schedulePost, { token: by.token, body: { post: post(more), publish_at: at, ...rest } as never });
const run = (id: string, version = 1) => t.runJob(PUBLISH_JOB, { scheduled_id: id, version: String(version) });
const posts = async (by: TestPerson) =>
  (await client.call(r.personPosts, { params: { handle: by.handle }, token: by.token })).body.items;
const list = async (by: TestPerson) => (await client.call(r.listScheduled, { token: by.token })).body.items;
const told = async (type: string, id: string) => {
  const rows = await pool`SELECT data FROM log_events WHERE type = ${type}`;
  return rows.map((row: { data: object }) => row.data).filter((data: object) => Object.values(data).includes(id));
};

test("FD183: too soon, too late, and whatever a post may not be is refused at once", async () => {
  expect(await schedule(ann, {}, inMs(1_000))).toMatchObject({ status: 422, code: "scheduled.too_soon" });
  expect(await schedule(ann, {}, inMs(SCHEDULE_AHEAD_MS_MAX + HOUR_MS))).toMatchObject({
    status: 422,
    code: "scheduled.too_late",
  });
  expect(await schedule(ann, {}, "tomorrow")).toMatchObject({ code: "request.invalid" });
  expect(await schedule(ann, { text: "" })).toMatchObject({ code: "post.empty" });
  expect(await schedule(ann, { quote_id: "1" })).toMatchObject({ code: "post.quote_not_found" });
  const room = await t.house.space("room", mod);
  expect(await schedule(ann, { audience: "space", space_id: room.id })).toMatchObject({ code: "post.not_a_member" });
  t.media.image("12", ben.id);
  expect(await schedule(ann, { image_ids: ["12"] })).toMatchObject({ code: "post.media_not_usable" });
  expect(await list(ann)).toEqual([]);
});

test("FD183: a scheduled post is its owner's alone, listed soonest first, changed with If-Match, and shown to nobody yet", async () => {
  const { body: second } = await schedule(ann, { text: "second" }, inMs(3 * HOUR_MS));
  const { body: first } = await schedule(ann, { text: "first" }, inMs(2 * HOUR_MS));
  expect((await list(ann)).map((item) => item.post.text)).toEqual(["first", "second"]);
  expect(await list(ben)).toEqual([]);
  for (const route of [r.getScheduled, r.cancelScheduled, r.publishScheduled] as const) {
    const answer = await client.call(route as typeof r.cancelScheduled, { params: { id: first.id }, token: ben.token });
    expect(answer).toMatchObject({ status: 404, code: "scheduled.not_found" });
  }
  const edit = (body: object, headers: Record<string, string> = {}) =>
    client.call(r.editScheduled, { params: { id: first.id }, token: ann.token, body, headers });
  expect((await edit({ publish_at: inMs(4 * HOUR_MS) }, { "if-match": '"1"' })).body.version).toBe(2);
  expect(await edit({ post: post() }, { "if-match": '"1"' })).toMatchObject({ status: 412, code: "scheduled.changed" });
  expect((await list(ann)).map((item) => item.id)).toEqual([second.id, first.id]);
  expect(await posts(ann)).toEqual([]);
  // A job of a version that has passed does nothing.
  later(5 * HOUR_MS);
  await run(first.id, 1);
  expect(await posts(ann)).toEqual([]);
  const now = await client.call(r.publishScheduled, { params: { id: first.id }, token: ann.token });
  expect([now.status, now.body.text]).toEqual([201, "first"]);
  await client.call(r.cancelScheduled, { params: { id: second.id }, token: ann.token });
  const { body: drafts } = await client.call(r.listDrafts, { token: ann.token });
  expect(drafts.items[0]).toMatchObject({ id: second.id, failed: null, content: { text: "second" } });
});

test("FD183: there are at most a hundred, also when many come at once; the same key finds the first", async () => {
  const cleo = await t.house.person("cleo");
  await pool`INSERT INTO feed_scheduled (id, person_id, content, publish_at, created_at, updated_at)
    SELECT ${cleo.id}::bigint + n, ${cleo.id}, '{}', now() + interval '9 days', now(), now() FROM generate_series(1, ${SCHEDULED_MAX - 1}) n`;
  const answers = await Promise.all([1, 2, 3].map(() => schedule(cleo)));
  expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409]);
  expect(answers.find(({ status }) => status === 409)?.code).toBe("scheduled.too_many");
});

test("FD184: a scheduled post is published once, at its moment and not before, with its media, however often the job runs", async () => {
  t.media.image("41", ben.id);
  const { body } = await schedule(ben, { text: "now", image_ids: ["41"], poll: null, content_warning: "cw" });
  expect(t.media.did).toContain(`claim:${body.id}`);
  await run(body.id);
  expect(await posts(ben)).toEqual([]);
  later(HOUR_MS);
  t.media.did.length = 0;
  await Promise.all([1, 2, 3].map(() => run(body.id)));
  await run(body.id);
  const [only, ...more] = await posts(ben);
  expect([only?.text, only?.content_warning, only?.images.length, more.length]).toEqual(["now", "cw", 1, 0]);
  expect(t.media.did).toContain(`release:${body.id}`);
  expect(t.media.did.at(-1)).toBe(`claim:${only!.id}`);
  expect(await told("feed.schedule_published", body.id)).toHaveLength(1);
  expect(await list(ben)).toEqual([]);
});

test("FD184: its job waits in the queue only for what is near; a look each hour plans the rest", async () => {
  const queued = async (id: string) =>
    (
      await pool`SELECT count(*)::int AS n FROM jobs_jobs WHERE kind = ${PUBLISH_JOB} AND payload->>'scheduled_id' = ${id}`
    )[0].n;
  const { body: near } = await schedule(ann);
  const { body: far } = await schedule(ann, {}, inMs(100 * 24 * HOUR_MS));
  expect([await queued(near.id), await queued(far.id)]).toEqual([1, 0]);
  later(99 * 24 * HOUR_MS);
  await t.runJob("feed.plan_publishing", {});
  await t.runJob("feed.plan_publishing", {});
  expect([await queued(near.id), await queued(far.id)]).toEqual([1, 1]);
});

test("FD185: what may not be published at its moment is kept as a draft with the reason, its media too, and told once", async () => {
  const room = await t.house.space("club", mod, [ben]);
  t.media.image("51", ben.id);
  const { body } = await schedule(ben, { audience: "space", space_id: room.id, image_ids: ["51"] });
  await client.call((await import("#systems/spaces/contract.ts")).spacesRoutes.leaveSpace, {
    params: { slug: "club" },
    token: ben.token,
  });
  later(HOUR_MS);
  t.media.did.length = 0;
  await run(body.id);
  await run(body.id);
  const { body: draft } = await client.call(r.getDraft, { params: { id: body.id }, token: ben.token });
  expect(draft.failed?.code).toBe("post.not_a_member");
  expect(draft.content).toMatchObject({ text: "later", image_ids: ["51"] });
  expect(t.media.did).toEqual([]);
  expect(await told("feed.schedule_failed", body.id)).toHaveLength(1);
  expect(await list(ben)).toEqual([]);
  const mended = await client.call(r.saveDraft, { params: { id: body.id }, token: ben.token, body: { text: "x" } });
  expect(mended.body.failed).toBeNull();
});

test("FD185: what breaks on our side is tried again and stays scheduled", async () => {
  const { body } = await schedule(ben, { text: "patience" });
  later(HOUR_MS);
  const tx = t.house.db.sql.tx;
  t.house.db.sql.tx = () => Promise.reject(new Error("away"));
  expect(await run(body.id).catch((error: Error) => error.message)).toBe("away");
  t.house.db.sql.tx = tx;
  expect((await list(ben)).map((item) => item.id)).toContain(body.id);
  await run(body.id);
  expect((await posts(ben))[0]?.text).toBe("patience");
});

test("nothing broke on our side", () => expect(t.house.broken).toEqual([]));
