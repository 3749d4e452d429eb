import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { VideoId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";

import { getMyStorage, getVideo, patchVideo } from "../contract.ts";
import { DEFAULT_MEDIA_LIMITS } from "../limits.ts";
import {
  copyVideo,
  createSteppedClock,
  good,
  machineFfmpeg,
  makeClip,
  mediaHouse,
  uploadVideo,
  videoWhen,
} from "../testing.ts";
import { classify, fillPriority } from "./classes.ts";

setDefaultTimeout(120_000);
/** Bytes: a film here has more than twice as many in its upper rungs. */
const SMALL = 10_000;
const clock = createSteppedClock();
const pressure = { free: Number.MAX_SAFE_INTEGER };
const limits = { ...DEFAULT_MEDIA_LIMITS, eager_side_px_max: 150, pressure_free_bytes: 10 * SMALL };
const media = await mediaHouse({ clock, limits });
// The disk's own answer, when a test does not say another.
const freeBytes = media.blobs.freeBytes;
media.blobs.freeBytes = async () => (pressure.free === Number.MAX_SAFE_INTEGER ? freeBytes() : pressure.free);
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const { sql } = media.house.db;
/** Signed in anew: years pass here. */
const token = async () => (await media.person("astrid")).token;

describe("a class", () => {
  const now_ms = Date.UTC(2026, 10, 21);
  const ready_at = new Date(now_ms - 100 * DAY_MS);
  const of = (views_recent: number, days: number | null) =>
    classify(
      {
        views_recent,
        last_watched_at: days === null ? null : new Date(now_ms - days * DAY_MS),
        ready_at: days === null ? ready_at : new Date(now_ms - 1_000 * DAY_MS),
      },
      DEFAULT_MEDIA_LIMITS,
      now_ms,
    );

  test("MD174: is hot, warm or cold by what was watched, with the reason in words", () => {
    expect(of(3, 0)).toEqual({ class: "hot", because: "3 views in the last 7 days; 3 are enough" });
    expect(of(2, 0).class).toBe("warm");
    expect(of(2, 29.9).class).toBe("warm");
    expect(of(0, 30)).toEqual({ class: "cold", because: "nobody has watched it for 30 days; 30 are enough" });
    expect(of(0, null).class).toBe("cold");
    expect([0, 1, 4, 16, 1e9].map(fillPriority)).toEqual([0, 0, 1, 2, 8]);
  });
});

describe.skipIf(machineFfmpeg() === null)("rungs", () => {
  const clip = makeClip({ seconds: 8, size: "480x270", format: "mkv" });

  async function film() {
    const mine = await token();
    const id = await uploadVideo(media, mine, await clip, {
      filename: "film.mkv",
      media_type: "video/x-matroska",
    });
    await videoWhen(media, mine, id, ({ status }) => status === "ready");
    await media.settled();
    return id;
  }
  let first: Promise<VideoId> | null = null;
  let whole: Promise<VideoId> | null = null;
  async function filled() {
    const id = await (first ??= film());
    await watched(id, 3);
    await media.work("media.classify_videos");
    await media.settled();
    // As if it were being made: then nothing is given back of it, however many years pass.
    await sql.pool`UPDATE media_videos SET job_id = '1' WHERE id = ${id}`;
    return id;
  }
  /** A film all of whose rungs are there: one is made, which takes seconds, and the others are copies of it. */
  async function whole_film() {
    const id = await copyVideo(media, await (whole ??= filled()));
    await sql.pool`UPDATE media_videos SET job_id = NULL WHERE id = ${id}`;
    await watched(id, 3);
    return id;
  }
  const rungs = async (id: string) =>
    Object.fromEntries(
      (
        await sql.pool<{ rung: string; done: number; bytes: number }[]>`
          SELECT rung, segments_done AS done, bytes::float8 AS bytes FROM media_rungs WHERE video_id = ${id} ORDER BY position`
      ).map(({ rung, done }) => [rung, done]),
    );
  const segments = async (id: string) =>
    (await media.stored()).filter((name) => name.includes(`videos/${id}/`) && name.endsWith(".m4s"));
  const classOf = async (id: string) =>
    good(await client.call(getMyStorage, { token: await token() })).largest.find((video) => video.id === id)?.class;
  const watched = async (id: string, views: number) => {
    await sql.pool`INSERT INTO media_video_days (video_id, day, views) VALUES (${id}, ${new Date(clock.now()).toISOString().slice(0, 10)}::date, ${views})
      ON CONFLICT (video_id, day) DO UPDATE SET views = excluded.views`;
    await sql.pool`INSERT INTO media_video_classes (video_id, class, since, because, decided_by, views_recent, last_watched_at)
      VALUES (${id}, 'warm', now(), 'x', 'x', 0, ${new Date(clock.now())})
      ON CONFLICT (video_id) DO UPDATE SET last_watched_at = excluded.last_watched_at`;
  };
  const playlist = async (id: string, rung: string) => {
    const { hls_url } = good(await client.call(getVideo, { token: await token(), params: { video_id: id } }));
    const list = new URL(`${rung}.m3u8`, new URL(hls_url!, "http://house.test"));
    const text = await (await media.ask(list.href)).text();
    return text
      .split("\n")
      .filter((line) => line.endsWith(".m4s"))
      .map((file) => new URL(file, list).href);
  };

  test("MD175: of a film that is watched the upper rungs are made ahead of time, and its class says since when and why", async () => {
    const id = await (first ??= film());
    const before = await rungs(id);
    const all = Math.max(...Object.values(before));
    const lazy = Object.keys(before).filter((rung) => before[rung] === 0);
    expect(lazy.length).toBeGreaterThan(0);
    await media.work("media.classify_videos");
    expect(await classOf(id)).toMatchObject({ class: "warm", because: "it is new", evicted: null });
    await watched(id, 2);
    await media.work("media.classify_videos");
    expect(await rungs(id)).toEqual(before);
    await watched(id, 3);
    await media.work("media.classify_videos");
    await media.settled();
    expect(await classOf(id)).toMatchObject({ class: "hot", views_recent: 3 });
    for (const rung of lazy) expect([rung, (await rungs(id))[rung]]).toEqual([rung, all]);
  });

  test("MD176: what nobody watches gives its rungs back from the top, one after each such time; the lowest, the sound and the source stay", async () => {
    const id = await whole_film();
    const whole = await rungs(id);
    const names = Object.keys(whole).filter((rung) => rung.endsWith("p"));
    const [low, ...upper] = names;
    const kept = () => rungs(id).then((now) => upper.map((rung) => now[rung]! > 0));
    await media.work("media.evict_cold");
    expect(await rungs(id)).toEqual(whole);
    // Once for each upper rung, the highest first.
    for (let gone = 1; gone <= upper.length; gone++) {
      clock.step(30 * DAY_MS + 1_000);
      await media.work("media.evict_cold");
      expect(await kept()).toEqual(upper.map((_, i) => i < upper.length - gone));
    }
    clock.step(300 * DAY_MS);
    await media.work("media.evict_cold");
    const now = await rungs(id);
    expect([now[low!], now.audio]).toEqual([whole[low!], whole.audio]);
    const left = await segments(id);
    expect(left.every((name) => name.includes(`/${low}/`) || name.includes("/audio/"))).toBe(true);
    expect(left).toHaveLength(whole[low!]! + (whole.audio ?? 0));
    const sums = await sql.pool<
      { bytes: number }[]
    >`SELECT bytes::float8 AS bytes FROM media_rungs WHERE video_id = ${id} AND rung = ANY(${sql.pool.array(upper, "TEXT")})`;
    expect(sums.map(({ bytes }) => bytes)).toEqual(upper.map(() => 0));
    await media.work("media.classify_videos");
    const mine = good(await client.call(getMyStorage, { token: await token() }));
    expect(mine.largest.find((video) => video.id === id)?.class).toMatchObject({ class: "cold" });
    expect(mine.largest.find((video) => video.id === id)?.class?.evicted?.rungs.toSorted()).toEqual(upper.toSorted());
  });

  test("MD177: a rung that was given back plays as before: asked for while it goes and after, it is served; watched again, it is made again", async () => {
    const id = await whole_film();
    const whole = await rungs(id);
    const top = Object.keys(whole).findLast((rung) => rung.endsWith("p"))!;
    const files = await playlist(id, top);
    clock.step(400 * DAY_MS);
    const again = await playlist(id, top);
    expect(again.map((url) => new URL(url).pathname.split("/").slice(-3).join("/"))).toEqual(
      files.map((url) => new URL(url).pathname.split("/").slice(-3).join("/")),
    );
    // Readers all the while.
    let stop = false;
    const answers: number[] = [];
    const readers = Array.from({ length: 4 }, async (_, n) => {
      for (let i = n; !stop; i++) {
        const answer = await media.ask(again[i % again.length]!);
        answers.push(answer.status);
        expect((await answer.bytes()).length).toBeGreaterThan(100);
        // What is held in memory is answered without a turn of the loop, and others have to have theirs.
        await Bun.sleep(1);
      }
    });
    await media.work("media.evict_cold");
    stop = true;
    await Promise.all(readers);
    expect(answers.length).toBeGreaterThan(4);
    expect(new Set(answers)).toEqual(new Set([200]));
    for (const url of again) expect((await media.ask(url)).status).toBe(200);
    expect((await rungs(id))[top]).toBe(whole[top]!);
  });

  test("MD178: when the disk fills, what was watched longest ago gives way first, and no more than is needed", async () => {
    const old = await whole_film();
    const newer = await copyVideo(media, old);
    const now = await copyVideo(media, old);
    for (const id of [newer, now]) await watched(id, 3);
    const ago = (id: string, hours: number) =>
      sql.pool`UPDATE media_video_classes SET last_watched_at = ${new Date(clock.now() - hours * 3_600_000)} WHERE video_id = ${id}`;
    await sql.pool`UPDATE media_video_classes SET last_watched_at = ${new Date(clock.now())}`;
    await ago(old, 5);
    await ago(newer, 3);
    const whole = await rungs(old);
    pressure.free = limits.pressure_free_bytes;
    await media.work("media.relieve_pressure");
    expect(await rungs(old)).toEqual(whole);
    // One film's rungs are enough for this.
    const upper_bytes = await sql.pool<{ bytes: number }[]>`SELECT sum(bytes)::float8 AS bytes FROM media_rungs
      WHERE video_id = ${old} AND kind = 'video' AND position > 0`;
    expect(upper_bytes[0]!.bytes).toBeGreaterThan(2 * SMALL);
    pressure.free = 10 * SMALL - 1;
    await media.work("media.relieve_pressure");
    const upperOf = async (id: string) =>
      Object.entries(await rungs(id))
        .filter(([rung]) => rung.endsWith("p"))
        .slice(1)
        .map(([, done]) => done);
    expect((await upperOf(old)).every((done) => done === 0)).toBe(true);
    expect((await upperOf(newer)).every((done) => done > 0)).toBe(true);
    // Who watches now is left alone, whatever the disk says.
    pressure.free = 0;
    await media.work("media.relieve_pressure");
    expect((await upperOf(newer)).every((done) => done === 0)).toBe(true);
    expect((await upperOf(now)).some((done) => done > 0)).toBe(true);
    pressure.free = Number.MAX_SAFE_INTEGER;
  });

  test("MD179: nothing is given back of what is being made, or could not be made again", async () => {
    const id = await whole_film();
    const whole = await rungs(id);
    clock.step(400 * DAY_MS);
    await sql.pool`UPDATE media_videos SET job_id = '1' WHERE id = ${id}`;
    await media.work("media.evict_cold");
    expect(await rungs(id)).toEqual(whole);
    const [row] = await sql.pool<{ upload_id: string }[]>`SELECT upload_id FROM media_videos WHERE id = ${id}`;
    await sql.pool`UPDATE media_videos SET job_id = NULL, upload_id = NULL WHERE id = ${id}`;
    await media.work("media.evict_cold");
    expect(await rungs(id)).toEqual(whole);
    await sql.pool`UPDATE media_videos SET upload_id = ${row!.upload_id} WHERE id = ${id}`;
    await media.work("media.evict_cold");
    expect(await rungs(id)).not.toEqual(whole);
    expect(
      (await client.call(patchVideo, { token: await token(), params: { video_id: id }, body: { title: "Still here" } }))
        .status,
    ).toBe(200);
  });
});

test("no refusal above was a fault of ours", () => {
  expect(media.house.broken).toEqual([]);
  expect(media.failures).toEqual([]);
});
