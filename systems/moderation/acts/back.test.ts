import { afterAll, expect, test } from "bun:test";

import type { PostId } from "#kernel/ids.ts";
import { editPost, getPost } from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import type { ActKind, SubjectKind } from "../base-contract.ts";
import { moderationRoutes as r } from "../contract.ts";
import { testModeration } from "../testing.ts";

/** What it takes to take back: acts that lie over one another, and things that changed meanwhile. */
const t = await testModeration();
const { client, feed } = t;
const { house } = feed;
const { sql } = house.db;
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await t[Symbol.asyncDispose]();
});

const [ada, bo] = [await house.person("ada"), await house.person("bo")];
const [mo, mia] = [await house.person("mo", "moderator"), await house.person("mia", "moderator")];

interface Asked {
  ends_in_h?: number;
  content_warning?: string;
  words?: string;
}
async function act(by: TestPerson, kind: ActKind, on: { kind: SubjectKind; id: string }, more: Asked = {}) {
  const { id } = await t.caseOf(by, on.kind, on.id);
  const body = { kind, rule_id: "2", words: "Too much", ...more };
  const done = await client.call(r.act, { token: by.token, params: { id }, body });
  if (done.status !== 200) throw new Error(`act: ${done.code}`);
  return done.body.acts[0]!.id;
}
const undo = (by: TestPerson, id: string) =>
  client.call(r.undo, { token: by.token, params: { id }, body: { words: "I was wrong" } });
const appeal = (by: TestPerson, id: string) =>
  client.call(r.appeal, { token: by.token, params: { id }, body: { words: "Look again" } });
const decide = (by: TestPerson, id: string, decision: "upheld" | "overturned") =>
  client.call(r.decideAppeal, { token: by.token, params: { id }, body: { decision, answer: "So be it" } });
const waitingAppeals = async () =>
  (await client.call(r.listAppeals, { token: mia.token })).body.items.map((one) => one.act.id);
const me = async (who: TestPerson) => (await client.call(peopleRoutes.me, { token: who.token })).body;
const marksOf = async (id: PostId) => {
  const { sensitive, content_warning } = (await client.call(getPost, { params: { id } })).body;
  return { sensitive, content_warning };
};
async function pottery(slug: string) {
  const body = { name: slug, slug, visibility: "public", join_policy: "open" } as const;
  const made = await client.call(spacesRoutes.createSpace, { token: bo.token, body });
  await client.call(spacesRoutes.joinSpace, { token: ada.token, params: { slug } });
  return made.body.id;
}

test("MO16: what stood until somebody reinstated a person is taken back, and nothing that was done after that", async () => {
  const eli = await house.person("eli");
  const params = { handle: "eli" };
  // The log is read a moment late, as on a busy day.
  await sql.tx(async (tx) => {
    await tx`CREATE TEMP TABLE held (one int) ON COMMIT DROP`;
    await client.call(peopleRoutes.suspend, { token: mo.token, params, body: { reason: "Noise" } });
    await client.call(peopleRoutes.reinstate, { token: mo.token, params });
    await act(mia, "suspend", { kind: "person", id: eli.id });
    // No reader of the log passes a running transaction: they come to all of it after this.
  });
  await t.settled();
  expect((await me(eli)).suspended).toBe(true);
  const acts = (await client.call(r.myActs, { token: eli.token })).body.items;
  expect(acts.map(({ words, undone }) => [words, undone !== null]).toSorted()).toEqual([
    ["Noise", true],
    ["Too much", false],
  ]);
});

test("MO13: of two marks the one that stands is what is read, and without both it is as it was before the first", async () => {
  const post = await feed.post(ada, "Red");
  const on = { kind: "post", id: post.id } as const;
  const first = await act(mo, "sensitive", on, { content_warning: "Blood" });
  const second = await act(mia, "sensitive", on, { content_warning: "Blood and knives" });
  await undo(mo, second);
  expect(await marksOf(post.id)).toEqual({ sensitive: true, content_warning: "Blood" });
  const third = await act(mia, "sensitive", on, { content_warning: "Gore" });
  await undo(mo, first);
  expect(await marksOf(post.id)).toEqual({ sensitive: true, content_warning: "Gore" });
  await undo(mo, third);
  expect(await marksOf(post.id)).toEqual({ sensitive: false, content_warning: null });
  const edited = await client.call(editPost, { token: ada.token, params: { id: post.id }, body: { text: "Re" } });
  expect(edited.body).toMatchObject({ sensitive: false, content_warning: null });
});

test("MO12: of two suspensions the one that stands says why and until when", async () => {
  const fay = await house.person("fay");
  const on = { kind: "person", id: fay.id } as const;
  await act(mo, "suspend", on, { words: "A day to think" });
  const second = await act(mia, "suspend", on, { words: "Two days", ends_in_h: 48 });
  expect(await me(fay)).toMatchObject({ suspended_reason: "No harassment: Two days" });
  await undo(mo, second);
  expect(await me(fay)).toMatchObject({
    suspended: true,
    suspended_reason: "No harassment: A day to think",
    suspended_until: null,
  });
});

test("MO14: what its author narrowed meanwhile stays theirs and out of the space", async () => {
  const space_id = await pottery("potters");
  const [open, narrowed] = [
    await feed.post(ada, "Clay for all", { audience: "public", space_id }),
    await feed.post(ada, "Clay for few", { audience: "public", space_id }),
  ];
  const [one, two] = [
    await act(bo, "remove_from_space", { kind: "post", id: open.id }),
    await act(bo, "remove_from_space", { kind: "post", id: narrowed.id }),
  ];
  const body = { audience: "private" } as const;
  await client.call(editPost, { token: ada.token, params: { id: narrowed.id }, body });
  for (const id of [one, two]) expect((await undo(mo, id)).status).toBe(200);
  const now = async (id: PostId) => (await client.call(getPost, { token: ada.token, params: { id } })).body;
  expect(await now(open.id)).toMatchObject({ audience: "public", space: { slug: "potters" } });
  expect(await now(narrowed.id)).toMatchObject({ audience: "private", space: null });
});

test("MO15: an appeal about what is there no more is decided all the same", async () => {
  const space_id = await pottery("weavers");
  const post = await feed.post(ada, "Wool", { audience: "space", space_id });
  const id = await act(bo, "remove_from_space", { kind: "post", id: post.id });
  await appeal(ada, id);
  await sql.pool`UPDATE feed_posts SET deleted_at = now(), deleted_by = author_id, purged_at = now(), text = '' WHERE id = ${post.id}`;
  const decided = await decide(mia, id, "overturned");
  expect([decided.status, decided.body.undone?.words, decided.body.appeal?.decision]).toEqual([
    200,
    "So be it",
    "overturned",
  ]);
});

test("MO15: what an officer takes back needs no appeal any more: who appealed is told so, and nobody decides against it", async () => {
  const post = await feed.post(ada, "Irony");
  const id = await act(mo, "hide", { kind: "post", id: post.id });
  await appeal(ada, id);
  expect(await waitingAppeals()).toContain(id);
  expect((await undo(mo, id)).body.appeal).toMatchObject({ decision: "overturned", answer: "I was wrong" });
  expect(await waitingAppeals()).not.toContain(id);
  expect((await decide(mia, id, "upheld")).code).toBe("moderation.decided");
  const told =
    await sql.pool`SELECT 1 FROM log_events WHERE type = 'moderation.appeal_decided' AND data->>'act_id' = ${id}`;
  expect(told).toHaveLength(1);
});

test("MO15: of an appeal that is decided while somebody takes it back there is one end", async () => {
  const post = await feed.post(ada, "Sarcasm");
  const id = await act(mo, "hide", { kind: "post", id: post.id });
  await appeal(ada, id);
  const [undone, decided] = await Promise.all([undo(mo, id), decide(mia, id, "upheld")]);
  const [own] = (await client.call(r.myActs, { token: ada.token })).body.items;
  const upheldFirst = decided.status === 200;
  expect([own!.undone !== null, own!.appeal?.decision]).toEqual([true, upheldFirst ? "upheld" : "overturned"]);
  expect([undone.status, decided.code]).toEqual([200, upheldFirst ? undefined : "moderation.decided"]);
});

test("MO8: a space's officer is one by what stands in the database at the moment of the act", async () => {
  const space_id = await pottery("smiths");
  const post = await feed.post(ada, "Iron", { audience: "space", space_id });
  const { id } = await t.caseOf(bo, "post", post.id);
  // As another node does it, a moment before this one hears.
  const become = (role: string) =>
    sql.pool`UPDATE spaces_members SET role = ${role} WHERE space_id = ${space_id} AND person_id = ${bo.id}`;
  await become("member");
  const body = { kind: "hide", rule_id: "1" } as const;
  const refused = await client.call(r.act, { token: bo.token, params: { id }, body });
  expect(["case.not_found", "moderation.office"]).toContain(refused.code!);
  await become("owner");
  expect((await client.call(r.act, { token: bo.token, params: { id }, body })).status).toBe(200);
});
