import { afterAll, expect, test } from "bun:test";

import { peopleRoutes as r } from "./contract.ts";
import type { Done } from "./discipline.ts";
import { testHouse } from "./testing.ts";

const house = await testHouse();
const { client, people, db } = house;
afterAll(async () => {
  expect(house.broken).toEqual([]);
  await house[Symbol.asyncDispose]();
});

const [mona, max, fan] = [
  await house.person("mona", "moderator"),
  await house.person("maxine"),
  await house.person("fan"),
];
const by = { by: mona.id, act_id: "1" };
async function act(work: (tx: Parameters<typeof people.discipline.limit>[0]) => Promise<Done>): Promise<boolean> {
  const done = await db.sql.tx(work);
  done?.();
  return done !== null;
}
const me = async () => (await client.call(r.me, { token: max.token })).body;

test("PE70: a suspension says when it ends, a later one takes its place, and being limited is another matter", async () => {
  const until = new Date(db.clock.now() + 3_600_000);
  const act_of = { ...by, reason: "Three insults" };
  expect(await act((tx) => people.discipline.suspend(tx, max.id, { ...act_of, until }))).toBe(true);
  expect(await me()).toMatchObject({ suspended: true, suspended_until: until.toISOString(), limited: false });
  await act((tx) => people.discipline.suspend(tx, max.id, { ...act_of, reason: "Ten", until: null }));
  expect(await me()).toMatchObject({ suspended_reason: "Ten", suspended_until: null });
  expect(await act((tx) => people.discipline.limit(tx, max.id, by))).toBe(true);
  expect(await act((tx) => people.discipline.limit(tx, max.id, by))).toBe(false);
  expect(await act((tx) => people.discipline.reinstate(tx, max.id, by))).toBe(true);
  expect(await act((tx) => people.discipline.reinstate(tx, max.id, by))).toBe(false);
  expect(await me()).toMatchObject({ suspended: false, limited: true });
  expect(await db.sql.tx((tx) => people.discipline.lock(tx, [mona.id, max.id]))).toEqual(
    new Map([
      [mona.id, { role: "moderator", suspended: false, limited: false }],
      [max.id, { role: "member", suspended: false, limited: true }],
    ]),
  );
  expect(await people.discipline.officers(db.sql.pool)).toEqual([{ id: mona.id, role: "moderator" }]);
});

test("PE71: who is limited is suggested to followers and to who writes the whole handle alone", async () => {
  const suggested = async (token: string, q: string) =>
    (await client.call(r.suggestPeople, { token, query: { q } })).body.items.map((person) => person.handle);
  expect(await suggested(fan.token, "maxi")).toEqual([]);
  expect(await suggested(fan.token, "maxine")).toEqual(["maxine"]);
  await client.call(r.follow, { token: fan.token, params: { handle: "maxine" } });
  expect(await suggested(fan.token, "maxi")).toEqual(["maxine"]);
  const page = await client.call(r.person, { params: { handle: "maxine" } });
  expect(page.body.limited).toBe(true);
  await act((tx) => people.discipline.unlimit(tx, max.id, by));
  expect(await suggested(mona.token, "maxi")).toEqual(["maxine"]);
});
