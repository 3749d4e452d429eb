import { afterAll, expect, test } from "bun:test";

import { peopleRoutes } from "#systems/people/contract.ts";

import { feedRoutes as r } from "../contract.ts";
import { testFeed } from "../testing.ts";

const t = await testFeed();
const { client } = t.house;
afterAll(async () => {
  expect(t.house.broken).toEqual([]);
  await t[Symbol.asyncDispose]();
});

test("FD341: what was put together for one reader serves the next only while words, sums, cards and their own marks are the same", async () => {
  const [anna, ben, cleo, dora] = await Promise.all(
    ["anna", "ben", "cleo", "dora"].map((name) => t.house.person(name)),
  );
  for (const who of [ben!, cleo!, dora!]) await t.follow(who, anna!);
  const { id } = await t.post(anna!, "a kettle");
  const reads = async (who = ben) => {
    // Twice, so that the second is the one that was remembered.
    await t.home(who!);
    return (await t.home(who!)).items.find((post) => post.id === id);
  };
  for (const who of [ben, cleo, dora])
    expect(await reads(who)).toMatchObject({ text: "a kettle", viewer: { liked: false, own: false } });
  expect(await reads(anna)).toMatchObject({ viewer: { own: true } });

  await client.call(r.likePost, { token: cleo!.token, params: { id } });
  expect(await reads(cleo)).toMatchObject({ viewer: { liked: true } });
  expect(await reads(ben)).toMatchObject({ viewer: { liked: false } });
  await t.settled();
  while ((await reads(dora))?.counts.likes !== 1) await Bun.sleep(5);
  expect(await reads(cleo)).toMatchObject({ counts: { likes: 1 }, viewer: { liked: true } });

  await client.call(peopleRoutes.editMe, { token: anna!.token, body: { display_name: "Anna of the kettles" } });
  for (const who of [ben, cleo]) expect((await reads(who))?.author.display_name).toBe("Anna of the kettles");
  await client.call(r.editPost, { token: anna!.token, params: { id }, body: { text: "two kettles" } });
  for (const who of [ben, anna]) expect((await reads(who))?.text).toBe("two kettles");

  await client.call(r.repostPost, { token: ben!.token, params: { id } });
  await t.follow(dora!, ben!);
  expect(await reads(dora)).toMatchObject({ reposted_by: { handle: "ben" } });
  expect(await reads(cleo)).toMatchObject({ reposted_by: null, viewer: { liked: true, reposted: false } });

  const block = (on: boolean) =>
    client.call(on ? peopleRoutes.block : peopleRoutes.unblock, { token: anna!.token, params: { handle: "cleo" } });
  await block(true);
  expect(await reads(cleo)).toBeUndefined();
  expect(await reads(dora)).toMatchObject({ text: "two kettles" });
  const { sql } = t.house.db;
  const act = { by: ben!.id, act_id: "1", reason: "for the test", until: null };
  (await sql.tx((tx) => t.house.people.discipline.suspend(tx, anna!.id, act)))?.();
  for (const who of [ben, dora]) expect(await reads(who)).toBeUndefined();
});

test("FD341: another node hears of it too, and shows it then", async () => {
  const [eva, finn] = [await t.house.person("eva"), await t.house.person("finn")];
  await t.follow(finn, eva);
  const { id } = await t.post(eva, "one");
  const other = await t.node();
  const text = async () => (await other.posts(finn.viewer, [id])).get(id)?.text;
  expect(await text()).toBe("one");
  await client.call(r.editPost, { token: eva.token, params: { id }, body: { text: "two" } });
  while ((await text()) !== "two") await Bun.sleep(5);
});
