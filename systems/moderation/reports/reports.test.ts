import { afterAll, expect, test } from "bun:test";

import type { PostId } from "#kernel/ids.ts";
import { deletePost, editPost } from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import type { SubjectKind } from "../base-contract.ts";
import { REPORTS_OPEN_MAX } from "../bounds.ts";
import { moderationRoutes as r } from "../contract.ts";
import { testModeration } from "../testing.ts";

const t = await testModeration();
const { client, feed } = t;
const { house } = feed;
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await t[Symbol.asyncDispose]();
});

const [ada, bo, cy] = [await house.person("ada"), await house.person("bo"), await house.person("cy")];
const [mo, mia, root] = [
  await house.person("mo", "moderator"),
  await house.person("mia", "moderator"),
  await house.person("root", "admin"),
];
const report = (by: TestPerson, kind: SubjectKind, id: string, rule_id = "1") =>
  client.call(r.report, { token: by.token, body: { subject: { kind, id }, rule_id, words: "See for yourself" } });
const queue = async (by: TestPerson, query: { space_id?: string; state?: "open" | "closed" } = {}) =>
  (await client.call(r.listCases, { token: by.token, query })).body.items;
const mine = async (by: TestPerson) => (await client.call(r.myReports, { token: by.token })).body.items;

test("MO1: what one may not read cannot be reported, nor what is one's own, nor under a rule that is not there", async () => {
  const secret = await feed.post(ada, "For my followers", { audience: "followers" });
  expect((await report(bo, "post", secret.id)).code).toBe("post.not_found");
  expect((await report(bo, "comment", "5")).code).toBe("comment.not_found");
  expect((await report(bo, "person", "5")).code).toBe("person.not_found");
  expect((await report(bo, "video", "5")).code).toBe("video.not_found");
  expect((await report(ada, "post", secret.id)).code).toBe("moderation.own");
  const post = await feed.post(ada, "For all");
  expect((await report(bo, "post", post.id, "99")).code).toBe("rule.not_found");
  expect((await client.call(r.report, { body: { subject: { kind: "post", id: post.id }, rule_id: "1" } })).status).toBe(
    401,
  );
  expect(await queue(mo)).toEqual([]);
});

test("MO2: reports of one thing are one case; the same person's second report is the first; each is told what came of it, and not by whom", async () => {
  const post = await feed.post(ada, "Buy my pills");
  const first = await report(bo, "post", post.id);
  expect((await report(bo, "post", post.id, "2")).body).toEqual(first.body);
  await report(cy, "post", post.id, "2");
  const [one, ...rest] = await queue(mo);
  expect(rest).toEqual([]);
  expect(one).toMatchObject({ reports: 2, subject: { kind: "post", id: post.id }, person: { handle: "ada" } });
  const whole = (await client.call(r.getCase, { token: mo.token, params: { id: one!.id } })).body;
  expect(whole.reported.map(({ reporter, rule }) => [reporter?.handle, rule.title])).toEqual([
    ["cy", "No harassment"],
    ["bo", "No spam"],
  ]);
  const call = { token: mo.token, params: { id: one!.id } };
  const acted = { kind: "hide", rule_id: "1", words: "Selling", answer: "Thank you, it is gone." } as const;
  expect((await client.call(r.act, { ...call, body: acted })).body.state).toBe("closed");
  expect(await mine(bo)).toMatchObject([
    { id: first.body.id, state: "closed", outcome: "acted", answer: "Thank you, it is gone." },
  ]);
  expect(JSON.stringify(await mine(bo))).not.toContain("mo");
  // After it is closed, a new report is a new case.
  const again = await feed.post(ada, "More pills");
  await report(bo, "post", again.id);
  const [open] = await queue(mo);
  await client.call(r.closeCase, { token: mo.token, params: { id: open!.id }, body: { answer: "It is a joke." } });
  expect((await mine(bo))[0]).toMatchObject({ outcome: "no_breach", answer: "It is a joke." });
  expect(await queue(mo)).toEqual([]);
  expect((await queue(mo, { state: "closed" })).map(({ outcome }) => outcome)).toEqual(["no_breach", "acted"]);
});

test("MO3: what was reported is kept as it stood; editing and deleting take nothing away, and each state that was seen stays", async () => {
  const post = await feed.post(ada, "You are a fool");
  await report(bo, "post", post.id);
  const call = { token: ada.token, params: { id: post.id } };
  await client.call(editPost, { ...call, body: { text: "You are a jewel" } });
  await report(cy, "post", post.id);
  await client.call(deletePost, call);
  feed.later(12 * 60_000);
  await feed.runJob("feed.purge", { post_id: post.id });
  const [one] = await queue(mo);
  const whole = (await client.call(r.getCase, { token: mo.token, params: { id: one!.id } })).body;
  expect(whole.snapshots.map(({ content }) => [content.text, content.version, content.handle])).toEqual([
    ["You are a fool", 1, "ada"],
    ["You are a jewel", 2, "ada"],
  ]);
  expect(whole.now).toMatchObject({ gone: true });
  // The words are gone, and whoever wrote them can still be spoken to.
  const body = { kind: "warn", rule_id: "2", words: "Not so" } as const;
  const acted = await client.call(r.act, { token: mo.token, params: { id: one!.id }, body });
  expect(acted.status).toBe(200);
});

test("MO4: who is reported sees nothing of it, moderators nothing of their equals, members nothing at all", async () => {
  await report(bo, "person", mo.id);
  await report(bo, "person", root.id);
  expect(await queue(mo)).toEqual([]);
  expect(await queue(mia)).toEqual([]);
  expect((await queue(root)).map(({ person }) => person?.handle)).toEqual(["mo"]);
  expect((await client.call(r.waiting, { token: mo.token })).body.cases).toBe(0);
  const [one] = await queue(root);
  for (const who of [mo, mia, bo])
    expect((await client.call(r.getCase, { token: who.token, params: { id: one!.id } })).code).toBe("case.not_found");
  expect((await client.call(r.listCases, { token: bo.token })).code).toBe("moderation.not_yours");
  expect(
    (await client.call(r.openCase, { token: mo.token, body: { subject: { kind: "person", id: mo.id } } })).status,
  ).toBe(404);
  await client.call(r.closeCase, { token: root.token, params: { id: one!.id }, body: {} });
});

test("MO4: an office opens no private letter: what nobody reported is looked into by who may read it", async () => {
  const secret = await feed.post(ada, "Only for me", { audience: "private" });
  const ours = await feed.post(ada, "For my followers", { audience: "followers" });
  const look = async (who: TestPerson, id: string) =>
    (await client.call(r.openCase, { token: who.token, body: { subject: { kind: "post", id } } })).code;
  for (const who of [mo, root])
    expect([await look(who, secret.id), await look(who, ours.id)]).toEqual(["post.not_found", "post.not_found"]);
  await client.call(peopleRoutes.follow, { token: bo.token, params: { handle: "ada" } });
  await report(bo, "post", ours.id);
  expect(await look(mo, ours.id)).toBeUndefined();
  const [one] = await queue(mo);
  await client.call(r.closeCase, { token: mo.token, params: { id: one!.id }, body: {} });
  expect(await look(mo, ours.id)).toBe("post.not_found");
});

test("MO5: a space's moderators have a queue of what stands in it, and of nothing else", async () => {
  const made = await client.call(spacesRoutes.createSpace, {
    token: ada.token,
    body: { name: "Weavers", slug: "weavers", visibility: "private", join_policy: "invitation" },
  });
  const space_id = made.body.id;
  const invitation = async () =>
    (
      await client.call(spacesRoutes.createSpaceInvitation, {
        token: ada.token,
        params: { slug: "weavers" },
        body: {},
      })
    ).body.secret;
  for (const who of [bo, cy])
    await client.call(spacesRoutes.joinSpace, {
      token: who.token,
      params: { slug: "weavers" },
      body: { invitation: await invitation() },
    });
  const inside = await feed.post(bo, "Among us", { audience: "space", space_id });
  const outside = await feed.post(bo, "To all");
  await report(cy, "post", inside.id);
  await report(cy, "post", outside.id);
  await report(cy, "person", ada.id);
  expect((await queue(ada, { space_id })).map(({ subject }) => subject.id as string)).toEqual([inside.id]);
  expect((await queue(ada)).map(({ subject }) => subject.id as string)).toEqual([inside.id]);
  for (const query of [{ space_id }, {}])
    expect((await client.call(r.listCases, { token: cy.token, query })).code).toBe("moderation.not_yours");
  const [one] = await queue(ada, { space_id });
  const whole = (await client.call(r.getCase, { token: ada.token, params: { id: one!.id } })).body;
  expect(whole.may).toEqual(["hide", "sensitive", "remove_from_space", "warn"]);
  const suspend = { kind: "suspend", rule_id: "1" } as const;
  const tried = await client.call(r.act, { token: ada.token, params: { id: one!.id }, body: suspend });
  expect(tried.code).toBe("moderation.cannot");
  const move = { kind: "remove_from_space", rule_id: "1" } as const;
  const moved = await client.call(r.act, { token: ada.token, params: { id: one!.id }, body: move });
  expect(moved.body).toMatchObject({ state: "closed", outcome: "acted" });
  // A moderator of the space who is reported themselves sees nothing of that.
  const own = await feed.post(ada, "Mine", { audience: "space", space_id });
  await report(cy, "post", own.id);
  expect(await queue(ada, { space_id })).toEqual([]);
  for (const item of await queue(mo))
    await client.call(r.closeCase, { token: mo.token, params: { id: item.id }, body: {} });
});

test("MO6: one person's waiting reports have a bound, which those that were answered leave", async () => {
  const dee = await house.person("dee");
  const posts: PostId[] = [];
  for (let n = 0; n <= REPORTS_OPEN_MAX; n++) posts.push((await feed.post(ada, `Number ${n}`)).id);
  for (const id of posts.slice(0, -1)) expect((await report(dee, "post", id)).status).toBe(201);
  expect((await report(dee, "post", posts.at(-1)!)).code).toBe("moderation.too_many_reports");
  expect((await report(dee, "post", posts[0]!)).status).toBe(201);
  const [one] = await queue(mo);
  await client.call(r.closeCase, { token: mo.token, params: { id: one!.id }, body: {} });
  expect((await report(dee, "post", posts.at(-1)!)).status).toBe(201);
  const seen: string[] = [];
  for (let cursor: string | undefined, ended = false; !ended;) {
    const query: { limit: number; cursor?: string } = { limit: 7, ...(cursor === undefined ? {} : { cursor }) };
    const { items, next_cursor } = (await client.call(r.myReports, { token: dee.token, query })).body;
    seen.push(...items.map((item) => item.id));
    cursor = next_cursor ?? undefined;
    ended = next_cursor === null;
  }
  expect([seen.length, new Set(seen).size]).toEqual([REPORTS_OPEN_MAX + 1, REPORTS_OPEN_MAX + 1]);
});

test("MO7: the rules are for everybody to read and for admins to write; what is retired is named no more, and the last one stays", async () => {
  const rules = async () => (await client.call(r.listRules, {})).body.items;
  expect((await rules()).map(({ title }) => title)).toContain("No spam");
  expect((await client.call(r.createRule, { token: mo.token, body: { title: "Mine", text: "" } })).code).toBe(
    "role.required",
  );
  const made = await client.call(r.createRule, {
    token: root.token,
    body: { title: "Be kind", text: "Or be quiet.", place: 1 },
  });
  expect((await rules())[0]).toMatchObject({ id: made.body.id, title: "Be kind" });
  const params = { id: made.body.id };
  await client.call(r.retireRule, { token: root.token, params });
  const post = await feed.post(ada, "Hm");
  expect((await report(bo, "post", post.id, made.body.id)).code).toBe("rule.not_found");
  await client.call(r.editRule, { token: root.token, params, body: { title: "Be kind!", text: "" } });
  expect((await report(bo, "post", post.id, made.body.id)).status).toBe(201);
  for (const rule of (await rules()).slice(1))
    await client.call(r.retireRule, { token: root.token, params: { id: rule.id } });
  const last = (await rules())[0]!;
  expect((await client.call(r.retireRule, { token: root.token, params: { id: last.id } })).code).toBe(
    "moderation.last_rule",
  );
  expect((await client.call(peopleRoutes.me, { token: root.token })).status).toBe(200);
});

test("MO4: how much waits is told to each officer by what they may look into, to a space's by their space", async () => {
  const slug = "waiters";
  const body = { name: slug, slug, visibility: "public", join_policy: "open" } as const;
  const made = await client.call(spacesRoutes.createSpace, { token: cy.token, body });
  await client.call(spacesRoutes.joinSpace, { token: ada.token, params: { slug } });
  const waiting = async (who: TestPerson) => (await client.call(r.waiting, { token: who.token })).body.cases;
  const before = [await waiting(cy), await waiting(ada)];
  const inside = await feed.post(ada, "In here", { audience: "space", space_id: made.body.id });
  const outside = await feed.post(ada, "Out there");
  await client.call(spacesRoutes.joinSpace, { token: bo.token, params: { slug } });
  for (const post of [inside, outside]) expect((await report(bo, "post", post.id)).status).toBe(201);
  expect([await waiting(cy), await waiting(ada)]).toEqual([before[0]! + 1, before[1]!]);
});
