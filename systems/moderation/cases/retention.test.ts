import { afterAll, expect, test } from "bun:test";

import { DAY_MS } from "#kernel/time.ts";

import { SNAPSHOT_KEPT_MS } from "../bounds.ts";
import { moderationRoutes as r } from "../contract.ts";
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
const [mo, root] = [await house.person("mo", "moderator"), await house.person("root", "admin")];

test("MO29: what was kept goes half a year after its case was closed, not before, and not while an appeal waits", async () => {
  const [open, closed, appealed] = [
    await feed.post(ada, "Still open"),
    await feed.post(ada, "Long closed"),
    await feed.post(ada, "Appealed"),
  ];
  const caseOf = async (id: string) => {
    await t.report(bo, "post", id);
    return (await t.caseOf(mo, "post", id)).id;
  };
  const ids = [await caseOf(open.id), await caseOf(closed.id), await caseOf(appealed.id)] as const;
  const act = (id: string) =>
    client.call(r.act, { token: mo.token, params: { id }, body: { kind: "hide", rule_id: "1" } });
  await act(ids[1]);
  const done = await act(ids[2]);
  const params = { id: done.body.acts[0]!.id };
  await client.call(r.appeal, { token: ada.token, params, body: { words: "Wait for me" } });
  const kept = async () => {
    const wholes = await Promise.all(ids.map((id) => client.call(r.getCase, { token: root.token, params: { id } })));
    return wholes.map(({ body }) => [body.snapshots.length, body.snapshot?.text ?? null]);
  };
  const all = [
    [1, "Still open"],
    [1, "Long closed"],
    [1, "Appealed"],
  ];
  t.later(SNAPSHOT_KEPT_MS - DAY_MS);
  await feed.runJob("moderation.retention", {});
  expect(await kept()).toEqual(all);
  t.later(2 * DAY_MS);
  await feed.runJob("moderation.retention", {});
  expect(await kept()).toEqual([all[0]!, [0, null], all[2]!]);
  // That something was judged, and the proof of what, stays.
  const left = await sql.pool`SELECT octet_length(hash) AS bytes FROM moderation_snapshots WHERE content IS NULL`;
  expect([...left]).toEqual([{ bytes: 32 }]);
  const log = await client.call(r.listAudit, { token: root.token, query: { what: "snapshots" } });
  expect(log.body.items).toMatchObject([{ what: "snapshots.erased", by: null, detail: { snapshots: 1 } }]);
});

test("MO29: nothing else is done to what was kept: no change, no deletion, and nothing of an open case", async () => {
  const refused = async (work: PromiseLike<unknown>) =>
    Promise.resolve(work).then(
      () => "done",
      (error: unknown) => String(error).match(/append-only/)?.[0],
    );
  expect(await refused(sql.pool`UPDATE moderation_snapshots SET content = '{}' WHERE content IS NOT NULL`)).toBe(
    "append-only",
  );
  expect(
    await refused(sql.pool`UPDATE moderation_snapshots s SET content = NULL, erased_at = now()
      FROM moderation_cases c WHERE c.id = s.case_id AND c.closed_at IS NULL`),
  ).toBe("append-only");
  expect(await refused(sql.pool`DELETE FROM moderation_snapshots`)).toBe("append-only");
});
