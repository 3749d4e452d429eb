import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { VideoId } from "#kernel/ids.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { TEST_PASSWORD, type TestPerson } from "#systems/people/testing.ts";

import { addToCollection, createCollection, patchCollection } from "../collections/contract.ts";
import { deleteVideo, getPosition, getVideo, patchVideo, putPosition } from "../contract.ts";
import { createSteppedClock, good, mediaHouse, shownVideo } from "../testing.ts";
import { CONTINUE_SHOWN_MAX, HISTORY_MAX } from "./bounds.ts";
import {
  clearHistory,
  continueWatching,
  forgetWatched,
  getHistorySettings,
  listHistory,
  putHistorySettings,
} from "./contract.ts";

setDefaultTimeout(60_000);
const clock = createSteppedClock();
const media = await mediaHouse({ clock });
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const { sql } = media.house.db;
const astrid = await media.person("astrid");
let people = 0;
const viewer = () => media.person(`viewer${(people += 1)}`);
const film = (duration_ms = 120_000) => shownVideo(media, astrid.id, { duration_ms });

/** Watches up to somewhere; each a second later than the one before. */
async function watch(by: TestPerson, video_id: VideoId, position_ms: number, collection_id?: string) {
  clock.step(1_000);
  const body = { position_ms, ...(collection_id === undefined ? {} : { collection_id }) };
  expect((await client.call(putPosition, { token: by.token, params: { video_id }, body })).status).toBe(204);
}
async function history(by: TestPerson, limit = 100, between = async () => {}) {
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = good(
      await client.call(listHistory, {
        token: by.token,
        query: { limit, ...(cursor === undefined ? {} : { cursor }) },
      }),
    );
    ids.push(...page.items.map((item) => item.video.id));
    if (page.next_cursor === null) return ids;
    expect(page.items).toHaveLength(limit);
    cursor = page.next_cursor;
    await between();
  }
}
const goingOn = async (by: TestPerson, limit = 12) =>
  good(await client.call(continueWatching, { token: by.token, query: { limit } })).items;
const offers = async (by: TestPerson) => (await goingOn(by)).map(({ video, because }) => [video.id, because]);
const close = (video_id: string) =>
  client.call(patchVideo, { token: astrid.token, params: { video_id }, body: { audience: "private" } });
const pause = async (by: TestPerson, paused: boolean) =>
  good(await client.call(putHistorySettings, { token: by.token, body: { paused } }));

describe("history", () => {
  test("MD142: is one's own, the latest first, paged without gap or repeat; what may not be seen any more is not in it", async () => {
    const me = await viewer();
    for (const route of [listHistory, clearHistory, continueWatching, getHistorySettings])
      expect((await client.call(route, {})).status).toBe(401);
    const some: VideoId[] = [];
    for (let i = 0; i < 7; i++) some.push(await film());
    for (const id of some) await watch(me, id, 10_000);
    const latest = some.toReversed();
    expect(await history(me, 2)).toEqual(latest);
    expect(await history(await viewer())).toEqual([]);
    const first = good(await client.call(listHistory, { token: me.token, query: { limit: 1 } })).items[0]!;
    expect(first).toMatchObject({ position_ms: 10_000, video: { title: "A film", position_ms: 10_000 } });
    // Who watches on while they read meets nothing twice.
    let watched = false;
    const paged = await history(me, 2, async () => {
      if (watched) return;
      watched = true;
      await watch(me, latest[0]!, 20_000);
    });
    expect(paged).toEqual(latest);
    await close(some[3]!);
    await client.call(deleteVideo, { token: astrid.token, params: { video_id: some[4]! } });
    expect(await history(me, 2)).toEqual(latest.filter((id) => id !== some[3] && id !== some[4]));
    expect((await client.call(listHistory, { token: me.token, query: { cursor: "x" } })).code).toBe("cursor.invalid");
  });

  test("MD142: the feed is told how far somebody came, the latest first, as a part of each film", async () => {
    const by = await viewer();
    const [one, two] = [await film(), await film(60_000)];
    await watch(by, one, 90_000);
    await watch(by, two, 6_000);
    const told = await media.media.watchedBy(by.id, 50);
    expect(told.map(({ video_id, share }) => [video_id, share])).toEqual([
      [two, 0.1],
      [one, 0.75],
    ]);
    expect(await media.media.watchedBy(by.id, 1)).toHaveLength(1);
  });

  test("MD143: one film is forgotten, or all; paused, nothing new is kept, positions neither, and what was there stays", async () => {
    const me = await viewer();
    const other = await viewer();
    const [a, b, c] = [await film(), await film(), await film()];
    for (const id of [a, b]) await watch(me, id, 30_000);
    await watch(other, a, 30_000);
    const forgotten = await client.call(forgetWatched, { token: me.token, params: { video_id: a } });
    expect(forgotten.status).toBe(204);
    expect(await history(me)).toEqual([b]);
    expect(good(await client.call(getPosition, { token: me.token, params: { video_id: a } })).position_ms).toBeNull();
    const { paused_at } = await pause(me, true);
    clock.step(5_000);
    expect(await pause(me, true)).toEqual({ paused: true, paused_at });
    await watch(me, c, 30_000);
    await watch(me, b, 60_000);
    expect(await history(me)).toEqual([b]);
    expect(good(await client.call(getVideo, { token: me.token, params: { video_id: b } })).position_ms).toBe(30_000);
    expect(await pause(me, false)).toEqual({ paused: false, paused_at: null });
    await watch(me, c, 30_000);
    expect(await history(me)).toEqual([c, b]);
    expect((await client.call(clearHistory, { token: me.token })).status).toBe(204);
    expect([await history(me), await history(other)]).toEqual([[], [a]]);
  });

  test("MD144: it keeps the latest thousand, never a position beyond the end, and goes with its person", async () => {
    const me = await viewer();
    const short = await film(5_000);
    await watch(me, short, 9_000);
    expect(good(await client.call(getPosition, { token: me.token, params: { video_id: short } })).position_ms).toBe(
      5_000,
    );
    await sql.pool`INSERT INTO media_videos (id, owner_id, title, audience, status, place, created_at)
      SELECT 700000 + n, ${astrid.id}, 'A film', 'public', 'processing', 'videos/h' || n || '/', now() FROM generate_series(1, ${HISTORY_MAX + 5}) n`;
    await sql.pool`INSERT INTO media_positions (person_id, video_id, position_ms, at)
      SELECT ${me.id}, 700000 + n, 1, timestamptz '2020-01-01' + n * interval '1 second' FROM generate_series(1, ${HISTORY_MAX + 5}) n`;
    await media.work("media.trim_history");
    const kept = await history(me);
    expect(kept).toHaveLength(HISTORY_MAX);
    expect(kept[0]).toBe(short);
    expect(kept.at(-1)).toBe("700007");
    await pause(me, true);
    await client.call(peopleRoutes.deleteMe, { token: me.token, body: { password: TEST_PASSWORD } });
    await media.house.log.caughtUp("people", "media");
    await media.settled();
    expect(await sql.pool`SELECT FROM media_positions WHERE person_id = ${me.id}`).toHaveLength(0);
    expect(await sql.pool`SELECT FROM media_history_pauses WHERE person_id = ${me.id}`).toHaveLength(0);
  });
});

describe("continue watching", () => {
  test("MD145: has what was begun and not ended, the latest first, and no film of a minute or less", async () => {
    const me = await viewer();
    const [begun, barely, ended, short, hidden, later] = [
      await film(),
      await film(),
      await film(),
      await film(60_000),
      await film(),
      await film(),
    ];
    await watch(me, begun, 60_000);
    await watch(me, barely, 2_000);
    await watch(me, ended, 119_000);
    await watch(me, short, 30_000);
    await watch(me, hidden, 60_000);
    await watch(me, later, 3_000);
    expect(await offers(me)).toEqual([
      [later, "unfinished"],
      [hidden, "unfinished"],
      [begun, "unfinished"],
    ]);
    await close(hidden);
    expect(await offers(me)).toEqual([
      [later, "unfinished"],
      [begun, "unfinished"],
    ]);
    expect(await goingOn(me, 1)).toHaveLength(1);
    const asked = await client.call(continueWatching, { token: me.token, query: { limit: CONTINUE_SHOWN_MAX + 1 } });
    expect(asked.status).toBe(400);
  });

  test("MD146: when a film of a playlist ended, the next one that was not seen is offered, as long as both may be seen", async () => {
    const me = await viewer();
    const [a, b, c, d] = [await film(), await film(), await film(), await film()];
    const begin = async () =>
      good(
        await client.call(createCollection, { token: astrid.token, body: { title: "A course", audience: "public" } }),
      ).id;
    const id = await begin();
    for (const video_id of [a, b, c, d])
      await client.call(addToCollection, { token: astrid.token, params: { collection_id: id, video_id }, body: {} });
    await watch(me, a, 118_000, id);
    expect(await offers(me)).toEqual([[b, "next"]]);
    expect((await goingOn(me))[0]!.collection).toEqual({ id, title: "A course" });
    // The next one is under way: it is offered once, as what it is.
    await watch(me, b, 50_000, id);
    expect(await offers(me)).toEqual([[b, "unfinished"]]);
    await watch(me, b, 119_000, id);
    await close(c);
    expect(await offers(me)).toEqual([[d, "next"]]);
    // A playlist that it is not in, or that is not there, is not noted.
    const elsewhere = await begin();
    const alone = await viewer();
    await watch(alone, a, 118_000, elsewhere);
    await watch(alone, a, 118_000, "1");
    expect(await offers(alone)).toEqual([]);
    await client.call(patchCollection, {
      token: astrid.token,
      params: { collection_id: id },
      body: { audience: "private" },
    });
    expect(await offers(me)).toEqual([]);
    expect(await history(me)).toEqual([b, a]);
  });
});

test("no refusal above was a fault of ours", () => expect(media.house.broken).toEqual([]));
