import { afterAll, expect, test } from "bun:test";

import { feedRoutes as f } from "#systems/feed/contract.ts";
import { testNotify } from "#systems/notify/testing.ts";
import type { TestPerson } from "#systems/people/testing.ts";

import type { Desk } from "../api/endpoint.ts";
import { createNotifications } from "../api/notifications.ts";
import { createAccounts } from "../entities/accounts.ts";
import { createStatuses } from "../entities/statuses.ts";
import type { Listener } from "./hub.ts";
import { type Subscription, subscriptionOf } from "./streams.ts";
import { createTelling, type Happening } from "./telling.ts";

const t = await testNotify();
afterAll(() => t[Symbol.asyncDispose]());
const { house, feed } = t.feed;
const ground = {
  sql: house.db.sql,
  clock: house.db.clock,
  caches: house.caches,
  people: house.people,
  feed,
  media: { addressesFor: () => (text: string) => text },
};
// What a telling takes of a desk; who comes in by which program is asked elsewhere.
const accounts = createAccounts(ground);
const desk = { ground, accounts, statuses: createStatuses(ground, accounts), inbox: t.notify.inbox } as unknown as Desk;
const telling = createTelling(desk, createNotifications(desk));
const [ann, ben, cleo] = await Promise.all(["ann", "ben", "cleo"].map((handle) => house.person(handle)));

const listens = (who: TestPerson, ...asked: { stream: string; tag?: string; list?: string }[]): Listener => ({
  viewer: who.viewer,
  token: who.token,
  address: "192.0.2.1",
  origin: "http://house.test",
  subscriptions: asked.map((one) => subscriptionOf(one, ["read"])) as Subscription[],
  send: () => true,
  beat() {},
  close() {},
});
const posted = async (who: TestPerson, text: string, audience: "public" | "followers" | "private" = "public") => {
  const post = await t.feed.post(who, text, { audience });
  const happening: Happening = {
    kind: "update",
    key: post.id,
    post_id: post.id,
    actor_id: who.id,
    is_repost: false,
    is_public: audience === "public",
    version: 1,
  };
  return { post, happening };
};
const streamsOf = async (listener: Listener, happening: Happening) =>
  (await telling.messageFor(listener, happening))?.streams ?? null;

test("MA59: what is told is told once, with each stream of the line that has it", async () => {
  await t.feed.follow(ben!, ann!);
  const all = [
    { stream: "user" },
    { stream: "public" },
    { stream: "public:media" },
    { stream: "hashtag", tag: "one" },
    { stream: "hashtag", tag: "Two" },
    { stream: "hashtag", tag: "three" },
    { stream: "direct" },
  ];
  const both = await posted(ann!, "with #one and #two");
  expect(await streamsOf(listens(ben!, ...all), both.happening)).toEqual([
    ["user"],
    ["public"],
    ["hashtag", "one"],
    ["hashtag", "Two"],
  ]);
  // Who follows nobody hears it where it is public.
  expect(await streamsOf(listens(cleo!, ...all), both.happening)).toEqual([
    ["public"],
    ["hashtag", "one"],
    ["hashtag", "Two"],
  ]);
  const near = await posted(ann!, "for followers #one", "followers");
  expect(await streamsOf(listens(ben!, ...all), near.happening)).toEqual([["user"]]);
  expect(await streamsOf(listens(cleo!, ...all), near.happening)).toBeNull();
  const own = await posted(ann!, "for me", "private");
  expect(await streamsOf(listens(ben!, ...all), own.happening)).toBeNull();
  expect(await streamsOf(listens(ann!, ...all), own.happening)).toEqual([["user"]]);
});

test("MA59: a mute, an unfollow and a block hold for what is told from then on", async () => {
  const { relating } = house.people.rooms;
  const { happening } = await posted(ann!, "who hears this?");
  const all = [{ stream: "user" }, { stream: "public" }];
  const heard = () => streamsOf(listens(ben!, ...all), happening);
  expect(await heard()).toEqual([["user"], ["public"]]);
  await relating.mute(ben!.viewer, "ann");
  expect(await heard()).toBeNull();
  await relating.unmute(ben!.viewer, "ann");
  await relating.unfollow(ben!.viewer, "ann");
  expect(await heard()).toEqual([["public"]]);
  await relating.block(ann!.viewer, "ben");
  expect(await heard()).toBeNull();
  await relating.unblock(ann!.viewer, "ben");
});

test("MA23: a list that is gone, or another's, tells nothing and breaks nothing", async () => {
  const list = await house.client.call(f.createList, { token: cleo!.token, body: { name: "Hers", handle: "ann" } });
  const { happening } = await posted(ann!, "to whom?");
  const asked = [{ stream: "list", list: list.body.id }, { stream: "list", list: "1" }, { stream: "public" }];
  expect(await streamsOf(listens(cleo!, ...asked), happening)).toEqual([["list", list.body.id], ["public"]]);
  expect(await streamsOf(listens(ben!, ...asked), happening)).toEqual([["public"]]);
});
