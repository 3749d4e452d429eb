import { afterAll, expect, test } from "bun:test";

import { peopleRoutes } from "#systems/people/contract.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import { feedRoutes as r } from "../contract.ts";
import { testFeed } from "../testing.ts";

const feed = await testFeed();
const { client } = feed.house;
afterAll(async () => {
  expect(feed.house.broken).toEqual([]);
  await feed[Symbol.asyncDispose]();
});

test("PE65: a private person's public posts are their followers' on the very next read, everywhere, and so is the end of it", async () => {
  const [a, fan, other] = [
    await feed.house.person("anna"),
    await feed.house.person("fan"),
    await feed.house.person("other"),
  ];
  await feed.follow(fan, a);
  const { id } = await feed.post(a, "Hello #oak");
  await client.call(r.repostPost, { token: other.token, params: { id } });
  await feed.follow(fan, other);
  const become = (isPrivate: boolean) =>
    client.call(peopleRoutes.editMe, { token: a.token, body: { private: isPrivate } });
  const sees = async (who: TestPerson | null) => {
    const token = who?.token ?? null;
    const lists = [
      await client.call(r.discoverFeed, { token }),
      await client.call(r.hashtagPosts, { token, params: { tag: "oak" } }),
      await client.call(r.personPosts, { token, params: { handle: "anna" } }),
    ];
    const alone = (await client.call(r.getPost, { token, params: { id } })).status === 200;
    return [alone, ...lists.map(({ body }) => body.items.some((post) => post.id === id))];
  };
  await become(true);
  for (const who of [null, other]) expect(await sees(who)).toEqual([false, false, false, false]);
  for (const who of [fan, a]) expect(await sees(who)).toEqual([true, true, true, true]);
  expect((await feed.home(other)).items).toEqual([]);
  // It comes to the fan as a post of whom they follow, not as passed on.
  expect((await feed.home(fan)).items.map((post) => post.reposted_by)).toEqual([null]);
  expect((await client.call(r.repostPost, { token: fan.token, params: { id } })).status).toBe(403);
  expect((await client.call(r.likePost, { token: other.token, params: { id } })).status).toBe(404);
  await client.call(peopleRoutes.removeFollower, { token: a.token, params: { handle: "fan" } });
  expect(await sees(fan)).toEqual([false, false, false, false]);
  await become(false);
  expect(await sees(null)).toEqual([true, true, true, true]);
});
