import { afterAll, expect, test } from "bun:test";

import type { PostId } from "#kernel/ids.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "#kernel/time.ts";
import { createComment, discoverFeed, editPost, getComment, getPost, spacePosts } from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import type { ActKind, SubjectKind } from "../base-contract.ts";
import { moderationRoutes as r } from "../contract.ts";
import { testModeration } from "../testing.ts";

const t = await testModeration();
const { client, feed } = t;
const { house } = feed;
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await t[Symbol.asyncDispose]();
});

const [ada, bo] = [await house.person("ada"), await house.person("bo")];
const [mo, mia, root] = [
  await house.person("mo", "moderator"),
  await house.person("mia", "moderator"),
  await house.person("root", "admin"),
];

interface Asked {
  ends_in_h?: number;
  content_warning?: string;
  words?: string;
  close?: boolean;
}
async function act(by: TestPerson, kind: ActKind, on: { kind: SubjectKind; id: string }, more: Asked = {}) {
  const whole = await t.caseOf(by, on.kind, on.id);
  const body = { kind, rule_id: "2", words: "That was too much", ...more };
  return client.call(r.act, { token: by.token, params: { id: whole.id }, body });
}
const undo = (by: TestPerson, id: string) =>
  client.call(r.undo, { token: by.token, params: { id }, body: { words: "I was wrong" } });
const mine = async (
  who: TestPerson,
  query: { unread?: "true"; subject_kind?: SubjectKind; subject_id?: string } = {},
) => (await client.call(r.myActs, { token: who.token, query })).body.items;
const sees = async (who: TestPerson, id: PostId) =>
  (await client.call(getPost, { token: who.token, params: { id } })).status === 200;
const me = async (who: TestPerson) => (await client.call(peopleRoutes.me, { token: who.token })).body;

test("MO9: two do not act at once: who took a case has it for half an hour, or until they give it back", async () => {
  const post = await feed.post(ada, "Rough");
  await t.report(bo, "post", post.id);
  const { id } = await t.caseOf(mo, "post", post.id);
  const as = (who: TestPerson) => ({ token: who.token, params: { id } });
  const claims = await Promise.all([mo, mia].map((who) => client.call(r.claimCase, as(who))));
  expect(claims.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  const [first, second] = claims[0]!.status === 200 ? [mo, mia] : [mia, mo];
  const body = { kind: "hide", rule_id: "1" } as const;
  expect((await client.call(r.act, { ...as(second), body })).code).toBe("moderation.claimed");
  expect((await client.call(r.closeCase, { ...as(second), body: {} })).code).toBe("moderation.claimed");
  const listed = await client.call(r.listCases, { token: second.token, query: { claimed: "nobody" } });
  expect(listed.body.items).toEqual([]);
  expect((await client.call(r.noteCase, { ...as(second), body: { words: "I know them" } })).body.notes).toMatchObject([
    { words: "I know them", by: { handle: second.handle } },
  ]);
  await client.call(r.releaseCase, as(second));
  expect((await client.call(r.claimCase, as(second))).code).toBe("moderation.claimed");
  t.later(31 * MINUTE_MS);
  expect((await client.call(r.claimCase, as(second))).status).toBe(200);
  await client.call(r.releaseCase, as(second));
  expect((await client.call(r.act, { ...as(first), body })).status).toBe(200);
  expect((await client.call(r.act, { ...as(first), body })).code).toBe("moderation.closed");
});

test("MO10: hiding holds on the next read, is done once, and is taken back by a row of its own", async () => {
  const post = await feed.post(ada, "Sharp");
  const done = await act(mo, "hide", { kind: "post", id: post.id }, { close: false });
  expect(done.body).toMatchObject({ state: "open", now: { hidden: true } });
  expect(await sees(bo, post.id)).toBe(false);
  expect((await act(mo, "hide", { kind: "post", id: post.id })).code).toBe("moderation.already");
  const [own] = await mine(ada, { subject_kind: "post", subject_id: post.id });
  expect(own).toMatchObject({ kind: "hide", by: null, words: "That was too much", rule: { title: "No harassment" } });
  expect(own!.snapshot?.text).toBe("Sharp");
  expect((await undo(bo, own!.id)).code).toBe("act.not_found");
  expect((await undo(ada, own!.id)).code).toBe("moderation.not_yours");
  expect((await undo(mia, own!.id)).body.undone).toMatchObject({ words: "I was wrong", by: { handle: "mia" } });
  expect((await undo(mia, own!.id)).code).toBe("moderation.undone");
  expect(await sees(bo, post.id)).toBe(true);
  const comment = await client.call(createComment, {
    token: ada.token,
    params: { id: post.id },
    body: { text: "Bah" },
  });
  await act(mo, "hide", { kind: "comment", id: comment.body.id });
  expect((await client.call(getComment, { token: bo.token, params: { id: comment.body.id } })).status).toBe(404);
  t.films.films.set("77", {
    owner_id: ada.id,
    space_id: null,
    title: "A film",
    description: "",
    audience: "public",
    created_at: new Date(0),
    is_hidden: false,
  });
  await act(mo, "hide", { kind: "video", id: "77" });
  expect(t.films.films.get("77")?.is_hidden).toBe(true);
});

test("MO8: moderators act on members, admins on moderators, and nobody on an equal or on themselves", async () => {
  const [hers, roots] = [await feed.post(mia, "Mine"), await feed.post(root, "Ours")];
  expect((await act(mo, "hide", { kind: "post", id: hers.id }).catch((error: Error) => error)) instanceof Error).toBe(
    true,
  );
  const opened = await client.call(r.openCase, { token: mo.token, body: { subject: { kind: "post", id: roots.id } } });
  expect(opened.code).toBe("post.not_found");
  const own = await client.call(r.openCase, { token: mia.token, body: { subject: { kind: "post", id: hers.id } } });
  expect(own.code).toBe("post.not_found");
  expect((await act(root, "warn", { kind: "post", id: hers.id })).status).toBe(200);
  const other = await house.person("rut", "admin");
  const theirs = await feed.post(other, "Equal");
  expect((await act(root, "hide", { kind: "post", id: theirs.id })).code).toBe("moderation.office");
  // An office that was taken a moment ago is no office, whatever the credential's cache says.
  const post = await feed.post(ada, "Once more");
  const { id } = await t.caseOf(mia, "post", post.id);
  await house.people.discipline.roles(house.db.sql.pool, [mia.id]);
  await house.db.sql.pool`UPDATE people_persons SET role = 'member' WHERE id = ${mia.id}`;
  const body = { kind: "hide", rule_id: "1" } as const;
  expect((await client.call(r.act, { token: mia.token, params: { id }, body })).code).toBe("moderation.office");
  await house.db.sql.pool`UPDATE people_persons SET role = 'moderator' WHERE id = ${mia.id}`;
});

test("MO11: a warning waits until it was read, and is read once", async () => {
  const post = await feed.post(bo, "Hrmpf");
  await act(mo, "warn", { kind: "post", id: post.id });
  const [warning] = await mine(bo, { unread: "true" });
  expect(warning).toMatchObject({ kind: "warn", acknowledged_at: null });
  expect((await client.call(r.waiting, { token: bo.token })).body.warnings).toBe(1);
  const params = { id: warning!.id };
  expect((await client.call(r.acknowledge, { token: ada.token, params })).code).toBe("act.not_found");
  for (const _ of [1, 2]) expect((await client.call(r.acknowledge, { token: bo.token, params })).status).toBe(204);
  expect(await mine(bo, { unread: "true" })).toEqual([]);
  expect((await mine(bo))[0]!.acknowledged_at).not.toBeNull();
});

test("MO12: a suspension ends by itself; of two that stand, both must end; being limited is told apart", async () => {
  const cy = await house.person("cy");
  await act(mo, "suspend", { kind: "person", id: cy.id }, { ends_in_h: 24 });
  expect(await me(cy)).toMatchObject({ suspended: true, suspended_reason: "No harassment: That was too much" });
  await act(mo, "suspend", { kind: "person", id: cy.id }, { ends_in_h: 72 });
  await act(mo, "limit", { kind: "person", id: cy.id });
  t.later(25 * HOUR_MS);
  await feed.runJob("moderation.ends", {});
  expect(await me(cy)).toMatchObject({ suspended: true, limited: true });
  t.later(48 * HOUR_MS);
  await feed.runJob("moderation.ends", {});
  expect(await me(cy)).toMatchObject({ suspended: false, suspended_until: null, limited: true });
  const acts = await mine(cy);
  expect(acts.map(({ kind, undone }) => [kind, undone?.words ?? null])).toEqual([
    ["limit", null],
    ["suspend", "Its time was over."],
    ["suspend", "Its time was over."],
  ]);
  expect((await act(mo, "limit", { kind: "person", id: cy.id })).code).toBe("moderation.already");
  await undo(mo, acts[0]!.id);
  expect((await me(cy)).limited).toBe(false);
});

test("MO13: what is marked as sensitive stays so whatever its author edits; taken back, it is as it was", async () => {
  const post = await feed.post(ada, "Blood");
  await act(mo, "sensitive", { kind: "post", id: post.id }, { content_warning: "Blood and knives" });
  const call = { token: ada.token, params: { id: post.id } };
  const marked = { sensitive: true, content_warning: "Blood and knives" };
  const edited = await client.call(editPost, {
    ...call,
    body: { text: "Bl", sensitive: false, content_warning: null },
  });
  expect(edited.body).toMatchObject(marked);
  expect((await client.call(getPost, { params: { id: post.id } })).body).toMatchObject(marked);
  const [own] = await mine(ada, { subject_kind: "post", subject_id: post.id });
  await undo(mia, own!.id);
  const after = { sensitive: false, content_warning: null };
  expect((await client.call(getPost, { params: { id: post.id } })).body).toMatchObject(after);
  expect((await client.call(editPost, { ...call, body: { sensitive: true } })).body.sensitive).toBe(true);
});

test("MO14: a post is put out of its space by who moderates it, and comes back to where it stood", async () => {
  const made = await client.call(spacesRoutes.createSpace, {
    token: bo.token,
    body: { name: "Potters", slug: "potters", visibility: "public", join_policy: "open" },
  });
  const space_id = made.body.id;
  await client.call(spacesRoutes.joinSpace, { token: ada.token, params: { slug: "potters" } });
  const post = await feed.post(ada, "Clay", { audience: "space", space_id });
  const inSpace = async () =>
    (await client.call(spacePosts, { token: bo.token, params: { space: "potters" } })).body.items.map(({ id }) => id);
  expect((await act(bo, "remove_from_space", { kind: "post", id: post.id })).status).toBe(200);
  expect(await inSpace()).toEqual([]);
  const [own] = await mine(ada, { subject_kind: "post", subject_id: post.id });
  expect(own!.space?.slug).toBe("potters");
  expect((await undo(bo, own!.id)).status).toBe(200);
  expect(await inSpace()).toEqual([post.id]);
  // What the house did, a space does not undo.
  await t.report(bo, "post", post.id);
  await act(mo, "hide", { kind: "post", id: post.id });
  const [hidden] = await mine(ada, { subject_kind: "post", subject_id: post.id });
  expect((await undo(bo, hidden!.id)).code).toBe("moderation.not_yours");
});

test("MO15: an appeal is heard once, within 30 days, by somebody who did not act; overturned, it is taken back", async () => {
  const post = await feed.post(ada, "Irony");
  await act(mo, "hide", { kind: "post", id: post.id });
  const [own] = await mine(ada, { subject_kind: "post", subject_id: post.id });
  const params = { id: own!.id };
  const appeal = (who: TestPerson) =>
    client.call(r.appeal, { token: who.token, params, body: { words: "It was irony" } });
  expect((await appeal(bo)).code).toBe("act.not_found");
  expect((await appeal(ada)).body).toMatchObject({ by: null, appeal: { words: "It was irony", decision: null } });
  expect((await appeal(ada)).code).toBe("moderation.appealed");
  const waiting = async (who: TestPerson) =>
    (await client.call(r.listAppeals, { token: who.token })).body.items.map((one) => [one.act.id, one.may_decide]);
  expect(await waiting(mo)).toEqual([[own!.id, false]]);
  expect(await waiting(mia)).toEqual([[own!.id, true]]);
  const decide = (who: TestPerson, decision: "upheld" | "overturned") =>
    client.call(r.decideAppeal, { token: who.token, params, body: { decision, answer: "You are right" } });
  expect((await decide(ada, "overturned")).code).toBe("moderation.not_yours");
  expect((await decide(bo, "overturned")).code).toBe("act.not_found");
  expect((await decide(mo, "upheld")).code).toBe("moderation.another_must");
  const decided = await Promise.all([decide(mia, "overturned"), decide(root, "overturned")]);
  expect(decided.map(({ status }) => status).toSorted()).toEqual([200, 409]);
  expect(await sees(bo, post.id)).toBe(true);
  expect((await mine(ada, { subject_kind: "post", subject_id: post.id }))[0]).toMatchObject({
    undone: { by: null },
    appeal: { decision: "overturned", answer: "You are right" },
  });
  expect(await waiting(mia)).toEqual([]);
  const later = await feed.post(ada, "Sarcasm");
  await act(mo, "hide", { kind: "post", id: later.id });
  const [late] = await mine(ada, { subject_kind: "post", subject_id: later.id });
  t.later(31 * DAY_MS);
  const body = { words: "Too late?" };
  expect((await client.call(r.appeal, { token: ada.token, params: { id: late!.id }, body })).code).toBe(
    "moderation.too_late",
  );
});

test("MO16: a suspended person reads what was done, and appeals; a suspension by the people's own office is an act too", async () => {
  const dee = await house.person("dee");
  const params = { handle: "dee" };
  await client.call(peopleRoutes.suspend, { token: mo.token, params, body: { reason: "Noise" } });
  await t.settled();
  const [own] = await mine(dee);
  expect(own).toMatchObject({ kind: "suspend", words: "Noise", by: null });
  const body = { words: "It was my cat" };
  expect((await client.call(r.appeal, { token: dee.token, params: { id: own!.id }, body })).status).toBe(201);
  const answer = { decision: "overturned", answer: "Poor cat" } as const;
  await client.call(r.decideAppeal, { token: mia.token, params: { id: own!.id }, body: answer });
  expect((await me(dee)).suspended).toBe(false);
  await client.call(peopleRoutes.suspend, { token: mo.token, params, body: { reason: "More noise" } });
  await client.call(peopleRoutes.reinstate, { token: mo.token, params });
  await t.settled();
  expect((await mine(dee)).map(({ undone }) => undone !== null)).toEqual([true, true]);
  expect((await client.call(discoverFeed, { token: dee.token })).status).toBe(200);
});
