import { afterAll, expect, test } from "bun:test";

import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import * as b from "./bounds.ts";
import { limitsRoutes as r } from "./contract.ts";
import * as store from "./counts-store.ts";
import { createCounts } from "./counts.ts";
import { createNames } from "./decisions.ts";
import type { Draw } from "./rule-set-book.ts";
import { zSetRule } from "./rules-contract.ts";
import { testLimits } from "./testing.ts";

const house = await testLimits();
const one = await house.node();
const two = await house.node();
const root = await house.person("root", "admin");
const ann = await house.person("ann");
const { clock, sql } = house.db;

afterAll(async () => {
  expect([...one.broken, ...two.broken]).toEqual([]);
  for (const owned of [two, one, house]) await owned[Symbol.asyncDispose]();
});

function draw(rule_id: string, level: string, subject: string): Draw {
  const limit = { kind: "bucket", burst_tokens: 10, tokens_per_s: 1 } as const;
  const rule = zSetRule.parse({ id: rule_id, level, limit });
  const of = { rule, limitFor: () => ({ name: rule_id, ...limit }) };
  return { key: `book/${rule_id}/${subject}`, rule: of.limitFor(), cost_tokens: 1, of, subject };
}
const counts = () => createCounts({ sql, clock, nameOf: createNames("a secret") });
const decided = async (minutes = 60) =>
  (await one.client.call(r.decisions, { token: root.token, query: { minutes } })).body.items;
const of = async (rule_id: string) => (await decided()).find((item) => item.rule_id === rule_id);

test("LM20: what nodes counted is one sum, whoever is asked and whenever they hand it over", async () => {
  const me = (node: typeof one) =>
    node.fetch(new Request("http://house.test/v1/people/me", { headers: { authorization: `Bearer ${ann.token}` } }));
  const before = (await of("person"))?.allowed ?? 0;
  for (const node of [one, two, two]) expect((await me(node)).status).toBe(200);
  await Promise.all([two.limits.flush(), two.limits.flush(), one.limits.flush()]);
  expect((await of("person"))!.allowed).toBe(before + 3);
  const { minutes, allowed } = (await of("person"))!;
  expect(minutes.reduce((sum, minute) => sum + minute.allowed, 0)).toBe(allowed);
});

test("LM20: what could not be noted is counted on", async () => {
  const gone = new Error("the database is away");
  let isAway = true;
  const shaky = {
    ...sql,
    tx: ((...args: Parameters<typeof sql.tx>) => (isAway ? Promise.reject(gone) : sql.tx(...args))) as typeof sql.tx,
  };
  const mine = createCounts({ sql: shaky, clock, nameOf: createNames("a secret") });
  const held = draw("lm20", "person", ann.id);
  mine.allowed([held]);
  mine.refused(held);
  expect(await mine.flush().catch((error: Error) => error.message)).toBe(gone.message);
  mine.allowed([held]);
  isAway = false;
  await mine.flush();
  expect(await of("lm20")).toMatchObject({ allowed: 2, refused: 1 });
  expect(mine.totals()).toEqual({ allowed: 2, refused: 1, would_refuse: 0 });
});

test("LM21: the most refused are told by name, addresses by a hash alone, and so many of each rule", async () => {
  const mine = counts();
  for (let i = 0; i < 30; i++) mine.refused(draw("lm21", "person", ann.id));
  for (let i = 0; i < 40; i++) mine.wouldRefuse(draw("lm21-address", "address", "192.0.2.77"));
  for (let i = 0; i < 2 * b.TOP_KEYS_SHOWN_MAX; i++) mine.refused(draw("lm21", "person", String(10_000 + i)));
  await mine.flush();
  const { top } = (await of("lm21"))!;
  expect(top.length).toBe(b.TOP_KEYS_SHOWN_MAX);
  expect(top[0]).toMatchObject({ person: { handle: "ann" }, refused: 30 });
  const [address] = (await of("lm21-address"))!.top;
  expect(address).toMatchObject({ would_refuse: 40, person: null, space: null });
  expect(address!.label).toMatch(/^address #[0-9a-f]{12}$/);
  const rows = (await sql.pool`SELECT subject FROM limits_refusals`) as { subject: string }[];
  expect(rows.filter(({ subject }) => subject.includes("192.0.2"))).toEqual([]);
});

test("LM21: however many keys are refused, the one that is refused most is among those that are told", async () => {
  const mine = counts();
  for (let i = 0; i < 3 * b.REFUSED_KEYS_MAX; i++) {
    mine.refused(draw("lm21-flood", "person", String(20_000 + i)));
    if (i % 10 === 0) mine.refused(draw("lm21-flood", "person", ann.id));
  }
  await mine.flush();
  const { top, refused } = (await of("lm21-flood"))!;
  expect(refused).toBe(3.3 * b.REFUSED_KEYS_MAX);
  expect(top[0]!.person?.handle).toBe("ann");
});

test("LM22: what is older than a day goes", async () => {
  const now_ms = clock.now();
  const row = { rule_id: "lm22", allowed: 1, refused: 0, would_allow: 0, would_refuse: 0 };
  const refusal = { rule_id: "lm22", subject: "person:1", refused: 1, would_refuse: 0 };
  await sql.tx(async (tx) => {
    for (const ago_ms of [0, DAY_MS + 2 * MINUTE_MS]) {
      await store.addMinute(tx, new Date(now_ms - ago_ms), [row]);
      await store.addRefusals(tx, new Date(now_ms - ago_ms), [refusal]);
    }
  });
  await store.trim(sql.pool, new Date(now_ms - b.DECISIONS_KEPT_MS));
  for (const table of ["limits_minutes", "limits_refusals"]) {
    const rows = (await sql.pool.unsafe(`SELECT 1 FROM ${table} WHERE rule_id = 'lm22'`)) as object[];
    expect(rows.length).toBe(1);
  }
});

test("LM33: why somebody was refused is told: by which rules in which hours, by their tokens and as members or guests too, and of nobody else", async () => {
  const friend = await house.person("friend");
  const made = await one.client.call(peopleRoutes.createToken, {
    token: friend.token,
    body: { name: "my importer", scopes: ["read"] },
  });
  const { id: space_id } = (await house.space("potters", friend, [])) as { id: string };
  const mine = counts();
  // Never among the first ten: others are refused far more.
  for (let i = 0; i < 2 * b.TOP_KEYS_SHOWN_MAX; i++)
    for (let n = 0; n < 5; n++) mine.refused(draw("lm33", "person", String(30_000 + i)));
  for (const [level, subject] of [
    ["person", friend.id],
    ["token", made.body.id],
    ["space", `${space_id}/guests`],
  ] as const)
    mine.refused(draw("lm33", level, subject));
  mine.wouldRefuse(draw("lm33-tried", "person", friend.id));
  mine.allowed([draw("lm33", "person", friend.id)]);
  await mine.flush();
  const told = async (kind: "person" | "space", name: string, as = root.token) =>
    one.client.call(r.getTier, { token: as, params: { kind, name } });
  const { refusals } = (await told("person", "friend")).body;
  expect(refusals.map(({ rule_id, whose, refused, would_refuse }) => [rule_id, whose, refused, would_refuse])).toEqual([
    ["lm33", "", 1, 0],
    ["lm33", "my importer", 1, 0],
    ["lm33-tried", "", 0, 1],
  ]);
  expect((await told("space", "potters")).body.refusals.map(({ whose }) => whose)).toEqual(["guests"]);
  expect((await told("person", "ann")).body.refusals.filter(({ rule_id }) => rule_id === "lm33")).toEqual([]);
  expect((await told("person", "friend", friend.token)).status).toBe(403);
});
