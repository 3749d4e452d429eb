import { afterAll, expect, test } from "bun:test";

import { createSystemClock } from "#ports/clock/index.ts";
import { createLocalSharedLists, ListsAway, type SharedLists } from "#ports/lists/index.ts";

import type { Feed } from "../index.ts";
import { testFeed } from "../testing.ts";
import { keyOf } from "./key.ts";
import { createWindow } from "./window.ts";

/** The store in one process, which can go away, hold its pushes back, or be put back to an older state. */
function moodyStore() {
  const clock = createSystemClock();
  const fresh = () => createLocalSharedLists({ clock, bounds: { list_keys_max: 50, list_ms_max: 60_000 } });
  const mood = { store: fresh(), is_away: false, holds: false };
  const ask = <T>(work: (store: SharedLists) => Promise<T>): Promise<T> =>
    mood.is_away ? Promise.reject(new ListsAway("away")) : work(mood.store);
  const lists: SharedLists = {
    position: () => ask((store) => store.position()),
    begin: (position, expected) => ask((store) => store.begin(position, expected)),
    read: (...asked) => ask((store) => store.read(...asked)),
    save: (...asked) => ask((store) => store.save(...asked)),
    apply: (...asked) => (mood.holds ? Promise.reject(new ListsAway("held")) : ask((store) => store.apply(...asked))),
    stats: () => mood.store.stats(),
    async [Symbol.asyncDispose]() {},
  };
  return { lists, mood, wipe: () => (mood.store = fresh()) };
}

const { lists, mood, wipe } = moodyStore();
const t = await testFeed({ timeline: "push", shared_homes: lists });
afterAll(() => t[Symbol.asyncDispose]());
const shared = (feed: Feed) => feed.stats().shared!;
const texts = async (who: Parameters<typeof t.home>[0]) => (await t.home(who, { limit: 20 })).items.map((p) => p.text);
const person = (handle: string) => t.house.person(handle);
const until = async (what: () => boolean | Promise<boolean>) => {
  while (!(await what())) await Bun.sleep(5);
};

test("FD109: what was written a moment ago is in the page, before and after it was pushed; one node pushes it once", async () => {
  const [vera, abe] = [await person("vera"), await person("abe")];
  await t.follow(vera, abe);
  await t.post(abe, "one");
  expect(await texts(vera)).toEqual(["one"]);
  mood.holds = true;
  await t.post(abe, "two");
  expect(await texts(vera)).toEqual(["two", "one"]);
  mood.holds = false;
  const before = shared(t.feed);
  const { pulled, loads } = before;
  await t.post(abe, "three");
  await until(async () => (await lists.position())!.position >= (await t.house.log.head("feed")));
  expect(await texts(vera)).toEqual(["three", "two", "one"]);
  expect(shared(t.feed)).toMatchObject({ pulled, loads });
});

test("FD109: another node reads the same list and knows what is not pushed yet", async () => {
  const [wim, ben] = [await person("wim"), await person("ben")];
  await t.follow(wim, ben);
  const first = await t.post(ben, "first");
  expect(await texts(wim)).toEqual(["first"]);
  const other = await t.node();
  const home = () => other.rooms.timeline.readHome(wim.id, actors, null, 10);
  const actors = [ben.id, wim.id];
  await until(async () => (await home()).length === 1);
  expect(shared(other).loads).toBe(0);
  mood.holds = true;
  const second = await t.post(ben, "second");
  await until(async () => (await home()).length === 2);
  mood.holds = false;
  expect((await home()).map((entry) => entry.post_id)).toEqual([second.id, first.id]);
});

test("FD110: a store that is away, wiped or put back to an older state changes no page, and heals", async () => {
  const [xia, cia, dan] = [await person("xia"), await person("cia"), await person("dan")];
  await t.follow(xia, cia);
  const wanted = ["a"];
  await t.post(cia, "a");
  expect(await texts(xia)).toEqual(wanted);
  const step = async (text: string) => {
    await t.post(cia, text);
    wanted.unshift(text);
    expect(await texts(xia)).toEqual(wanted);
  };
  const old = mood.store;
  mood.is_away = true;
  const { pulled } = shared(t.feed);
  await step("while it is away");
  expect(shared(t.feed).pulled).toBe(pulled + 1);
  mood.is_away = false;
  await step("back");
  wipe();
  await step("wiped");
  expect(await texts(xia)).toEqual(wanted);
  mood.store = old;
  await step("an older state");
  await t.follow(xia, dan);
  await t.post(dan, "new");
  wanted.unshift("new");
  expect(await texts(xia)).toEqual(wanted);
  // A state from before all that this node remembers: nothing joins on, so all begins anew.
  wipe();
  await mood.store.begin("0", null);
  const { begun_anew } = shared(t.feed);
  await step("a state of long ago");
  await until(() => shared(t.feed).begun_anew === begun_anew + 1);
  await step("begun anew");
  const healed = shared(t.feed);
  expect(await texts(xia)).toEqual(wanted);
  expect(shared(t.feed).pulled).toBe(healed.pulled);
});

test("FD110: a node that starts joins on to what the store holds", async () => {
  const [yan, eve] = [await person("yan"), await person("eve")];
  await t.follow(yan, eve);
  await t.post(eve, "one");
  expect(await texts(yan)).toEqual(["one"]);
  mood.holds = true;
  const last = await t.post(eve, "two");
  // Nothing more is pushed, and a node starts that never saw the second post.
  const other = await t.node();
  const actors = [eve.id, yan.id];
  await until(async () => (await other.rooms.timeline.readHome(yan.id, actors, null, 10)).length === 2);
  const [newest] = await other.rooms.timeline.readHome(yan.id, actors, null, 10);
  expect(newest).toEqual({ key: last.id, post_id: last.id, reposter_id: null });
  expect(shared(other)).toMatchObject({ pulled: 0, loads: 0 });
  mood.holds = false;
});

test("FD103: a store that lies shows nothing of whom they do not follow", async () => {
  const [zed, fay, stranger] = [await person("zed"), await person("fay"), await person("stranger")];
  await t.follow(zed, fay);
  const hers = await t.post(stranger, "of a stranger");
  await t.post(fay, "of a friend");
  expect(await texts(zed)).toEqual(["of a friend"]);
  let put = false;
  while (!put) {
    const at = (await lists.position())!.position;
    put = await lists.apply([{ member: fay.id, key: keyOf(hers.id), gone: false }], at, at);
  }
  const actors = [fay.id, zed.id];
  const entries = await t.feed.rooms.timeline.readHome(zed.id, actors, null, 10);
  expect(entries.map((entry) => entry.post_id)).toContain(hers.id);
  expect(await texts(zed)).toEqual(["of a friend"]);
});

test("FD108: where lists are shared, their steps are measured there, and nothing moves by it", async () => {
  // What the tests before this one wrote still moves it.
  await t.house.log.tailsCaughtUp();
  await until(async () => (await lists.position())!.position >= (await t.house.log.head("feed")));
  const before = await lists.position();
  const { steps, stats } = await t.feed.rooms.explain();
  expect(steps.list_us).toBeGreaterThan(0);
  expect(steps.push_us).toBeGreaterThan(0);
  expect(stats.shared).not.toBe(null);
  expect((await lists.position())!.position).toBe(before!.position);
  mood.is_away = true;
  expect((await t.feed.rooms.explain()).steps.push_us).toBeGreaterThan(0);
  mood.is_away = false;
});

test("FD110: a window knows where its knowledge begins, and when it has lost something of its own", () => {
  const window = createWindow("p0", 3);
  const change = (key: number) => ({ member: "a", key, gone: false });
  for (let i = 1; i <= 5; i++) window.logged(change(i), `p${i}`);
  expect([window.reaches("p1"), window.reaches("p2"), window.head()]).toEqual([false, true, "p5"]);
  expect(window.after("p3").map(({ key }) => key)).toEqual([4, 5]);
  expect(window.loggedAfter("p2", 2)).toEqual({ changes: [change(3), change(4)], to: "p4" });
  window.own(change(6));
  expect(window.after("p5").map(({ key }) => key)).toEqual([6]);
  window.logged(change(6), "p6");
  expect(window.after("p5").map(({ key }) => key)).toEqual([6]);
  for (let i = 7; i <= 10; i++) window.own(change(i));
  expect(window.reaches("p6")).toBe(false);
  for (let i = 8; i <= 10; i++) window.logged(change(i), `q${i}`);
  expect(window.reaches("q9")).toBe(true);
});
