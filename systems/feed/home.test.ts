import { afterAll, expect, test } from "bun:test";

import { feedRoutes as r } from "./contract.ts";
import { testFeed } from "./testing.ts";

const t = await testFeed();
afterAll(() => t[Symbol.asyncDispose]());
const { client } = t.house;
const [ann, ben, cleo] = await Promise.all([t.house.person("ann"), t.house.person("ben"), t.house.person("cleo")]);
const texts = async (who: typeof ann) => (await t.home(who)).items.map((post) => post.text);

test("FD20: nobody has no home", async () => {
  expect(await client.call(r.homeFeed)).toMatchObject({ status: 401, code: "session.required" });
});

test("FD21: home shows the followed and oneself, newest first, and whoever follows nobody sees their own", async () => {
  await t.post(ben, "ben one");
  await t.post(cleo, "cleo one");
  expect(await texts(ann)).toEqual([]);
  await t.follow(ann, ben);
  await t.post(ann, "ann one");
  await t.post(ben, "ben two");
  expect(await texts(ann)).toEqual(["ben two", "ann one", "ben one"]);
});
