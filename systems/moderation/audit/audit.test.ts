import { afterAll, expect, test } from "bun:test";

import { createComment, deleteComment, deletePost } from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { moderationRoutes as r } from "../contract.ts";
import { readModerationEvent } from "../events.ts";
import { testModeration } from "../testing.ts";

const t = await testModeration();
const { client, feed } = t;
const { house } = feed;
const { sql } = house.db;
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
const rows = async (query: { by?: string; person?: string; what?: string; since?: string; until?: string } = {}) =>
  (await client.call(r.listAudit, { token: root.token, query: { limit: 100, ...query } })).body.items;
const check = async () => (await client.call(r.checkAudit, { token: root.token })).body;
async function hide(by: TestPerson): Promise<string> {
  const post = await feed.post(ada, "Rough words");
  await t.report(bo, "post", post.id);
  const { id } = await t.caseOf(by, "post", post.id);
  const body = { kind: "hide", rule_id: "2", words: "Rough", answer: "Done" } as const;
  const whole = await client.call(r.act, { token: by.token, params: { id }, body });
  return whole.body.acts[0]!.id;
}

test("MO17: what is done in the house's name is a row with who, when and why; who reported is in none of them", async () => {
  const id = await hide(mo);
  await client.call(r.undo, { token: mia.token, params: { id }, body: { words: "Not so rough" } });
  const params = { handle: "bo" };
  await client.call(peopleRoutes.setRole, { token: root.token, params, body: { role: "moderator" } });
  await client.call(peopleRoutes.setRole, { token: root.token, params, body: { role: "member" } });
  await client.call(peopleRoutes.editSettings, { token: root.token, body: { name: "Ours" } });
  await t.settled();
  expect((await rows()).map(({ what, by, person }) => [what, by?.handle, person?.handle])).toEqual([
    ["house.changed", "root", undefined],
    ["people.role_changed", "root", "bo"],
    ["people.role_changed", "root", "bo"],
    ["undo.hide", "mia", "ada"],
    ["act.hide", "mo", "ada"],
  ]);
  const all = JSON.stringify((await rows({ what: "act" })).concat(await rows({ what: "undo" })));
  expect(all).toContain("Rough");
  expect(all).not.toContain(bo.id);
});

test("MO17: it is for admins; found by who, whom, what and when; in pages", async () => {
  for (const who of [mo, ada])
    for (const route of [r.listAudit, r.exportAudit, r.checkAudit])
      expect((await client.call(route, { token: who.token })).code).toBe("role.required");
  expect((await rows({ by: "mia" })).map(({ what }) => what)).toEqual(["undo.hide"]);
  expect((await rows({ person: "ada" })).map(({ what }) => what)).toEqual(["undo.hide", "act.hide"]);
  expect((await rows({ what: "act" })).map(({ what }) => what)).toEqual(["act.hide"]);
  expect(await rows({ by: "nobody_here" })).toEqual([]);
  expect(await rows({ until: "2020-01-01T00:00:00Z" })).toEqual([]);
  const first = await client.call(r.listAudit, { token: root.token, query: { limit: 2 } });
  const cursor = first.body.next_cursor!;
  const second = await client.call(r.listAudit, { token: root.token, query: { limit: 3, cursor } });
  expect([...first.body.items, ...second.body.items].map(({ seq }) => seq)).toEqual(["5", "4", "3", "2", "1"]);
  expect(second.body.next_cursor).toBeNull();
});

test("MO18: rows are not changed and not taken out, and a change past that shows: in a row, between two, and at the end", async () => {
  const refused = async (work: PromiseLike<unknown>) =>
    Promise.resolve(work).then(
      () => "done",
      (error: unknown) => String(error).match(/append-only/)?.[0],
    );
  expect(await refused(sql.pool`UPDATE moderation_audit SET what = 'x'`)).toBe("append-only");
  expect(await refused(sql.pool`DELETE FROM moderation_audit`)).toBe("append-only");
  expect(await refused(sql.pool`TRUNCATE moderation_audit`)).toBe("append-only");
  expect(await refused(sql.pool`UPDATE moderation_acts SET words = ''`)).toBe("append-only");
  expect(await refused(sql.pool`DELETE FROM moderation_snapshots`)).toBe("append-only");
  const whole = await check();
  expect(whole).toMatchObject({ ok: true, rows: 5, broken_at: null });

  /** As somebody would who owns the database. */
  const meddle = async (change: string, back: string) => {
    await sql.tx(async (tx) => {
      await tx`ALTER TABLE moderation_audit DISABLE TRIGGER moderation_audit_append_only`;
      await tx.unsafe(change);
    });
    const seen = await check();
    await sql.tx(async (tx) => void (await tx.unsafe(back)));
    return [seen.ok, seen.broken_at];
  };
  const mo_ = mo.id;
  expect(
    await meddle(
      `UPDATE moderation_audit SET by_id = ${mia.id} WHERE seq = 1`,
      `UPDATE moderation_audit SET by_id = ${mo_} WHERE seq = 1`,
    ),
  ).toEqual([false, "1"]);
  expect(
    await meddle(
      `UPDATE moderation_audit SET entry = replace(entry, 'Rough', 'Tough') WHERE seq = 1`,
      `UPDATE moderation_audit SET entry = replace(entry, 'Tough', 'Rough') WHERE seq = 1`,
    ),
  ).toEqual([false, "1"]);
  // What things are looked up by, what is no entry at all, and an end that was put back.
  const columns = (set: string) => `UPDATE moderation_audit SET ${set} WHERE seq = 1`;
  const [first] = (await sql.pool`SELECT at::text AS at, subject_id, entry FROM moderation_audit WHERE seq = 1`) as {
    at: string;
    subject_id: string;
    entry: string;
  }[];
  const { at, subject_id, entry } = first!;
  expect(await meddle(columns("subject_id = 7"), columns(`subject_id = ${subject_id}`))).toEqual([false, "1"]);
  expect(await meddle(columns("at = at + interval '1 day'"), columns(`at = '${at}'`))).toEqual([false, "1"]);
  expect(await meddle(columns("entry = 'gone'"), columns(`entry = '${entry.replaceAll("'", "''")}'`))).toEqual([
    false,
    "1",
  ]);
  const [head] = (await sql.pool`SELECT seq, encode(hash, 'hex') AS hash FROM moderation_audit_head`) as {
    seq: string;
    hash: string;
  }[];
  const turned = (to: string) => `UPDATE moderation_audit_head SET hash = decode('${to}', 'hex')`;
  expect(await meddle(turned("00".repeat(32)), turned(head!.hash))).toEqual([false, "5"]);
  await sql.pool`CREATE TABLE kept AS SELECT * FROM moderation_audit`;
  const back = "DELETE FROM moderation_audit; INSERT INTO moderation_audit SELECT * FROM kept";
  expect(await meddle("DELETE FROM moderation_audit WHERE seq = 2", back)).toEqual([false, "3"]);
  expect(await meddle("DELETE FROM moderation_audit WHERE seq = 5", back)).toEqual([false, "5"]);
  expect(await check()).toEqual(whole);
});

test("MO18: the export has the lines that were hashed, and anybody can follow the chain through them", async () => {
  const text = await (
    await house.api.fetch(
      new Request("http://house.test/v1/admin/audit/export", { headers: { authorization: `Bearer ${root.token}` } }),
      "192.0.2.1",
    )
  ).text();
  const lines = text.trimEnd().split("\n");
  let before = new Uint8Array(32);
  for (const line of lines) {
    const [, hash = "", entry = ""] = /^\{"hash":"([0-9a-f]{64})","entry":(.*)\}$/.exec(line) ?? [];
    const hasher = new Bun.CryptoHasher("sha256").update(before).update(entry);
    before = new Uint8Array(hasher.digest());
    expect(Buffer.from(before).toString("hex")).toBe(hash);
  }
  expect(lines).toHaveLength(5);
  expect((await check()).head).toBe(Buffer.from(before).toString("hex"));
  const rest = await client.call(r.exportAudit, { token: root.token, query: { after: "5" } });
  expect(rest.status).toBe(200);
});

test("MO19: what happens is told, each to whom it is for", async () => {
  const stored = (await sql.pool`SELECT type, version, data FROM log_events WHERE topic = 'moderation'`) as never[];
  const told = stored.flatMap((event) => readModerationEvent(event) ?? []);
  expect(new Set(told.map(({ type }) => type))).toEqual(
    new Set(["moderation.reported", "moderation.closed", "moderation.acted", "moderation.undone"]),
  );
  const closed = told.find(({ type }) => type === "moderation.closed");
  expect(closed?.data).toMatchObject({ outcome: "acted", answer: "Done", reporter_ids: [bo.id], person_id: ada.id });
});

test("MO20: anybody may read how much is done here, in numbers without names", async () => {
  const { status, body } = await client.call(r.summary, {});
  expect(status).toBe(200);
  expect(body).toMatchObject({ reports: 1, cases_open: 0, cases_closed: { acted: 1 }, acts: { hide: 1 }, undone: 1 });
  expect(JSON.stringify(body)).not.toMatch(/ada|bo"|mo"|mia|root/);
});

test("MO17: what officers do by other doors is there too: deleting what is not theirs, links to new passwords, offices given by invitation", async () => {
  const [post, own] = [await feed.post(ada, "Away with this"), await feed.post(mo, "Mine to delete")];
  const under = { params: { id: post.id }, body: { text: "Nonsense" } };
  const [comment, adas] = [
    await client.call(createComment, { token: ada.token, ...under }),
    await client.call(createComment, { token: bo.token, ...under }),
  ];
  await client.call(deleteComment, { token: mo.token, params: { id: comment.body.id } });
  // Whose post it is may delete what stands under it, in their own name.
  await client.call(deleteComment, { token: ada.token, params: { id: adas.body.id } });
  for (const { id } of [post, own]) await client.call(deletePost, { token: mo.token, params: { id } });
  await client.call(peopleRoutes.createResetLink, { token: root.token, params: { handle: "bo" } });
  for (const role of ["moderator", "member"] as const)
    await client.call(peopleRoutes.createInvitation, { token: root.token, body: { role } });
  await t.settled();
  const seen = await rows({ since: new Date(house.db.clock.now() - 600_000).toISOString() });
  const added = seen.filter(({ seq }) => Number(seq) > 5);
  expect(added.map(({ what, by, person }) => [what, by?.handle, person?.handle]).toSorted()).toEqual([
    ["comment.deleted", "mo", "ada"],
    ["people.office_offered", "root", undefined],
    ["people.reset_link_made", "root", "bo"],
    ["post.deleted", "mo", "ada"],
  ]);
});
