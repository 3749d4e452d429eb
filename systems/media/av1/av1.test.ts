import { afterAll, afterEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";

import type { VideoId } from "#kernel/ids.ts";
import { DAY_MS, HOUR_MS } from "#kernel/time.ts";
import type { JobRun } from "#ports/jobs/index.ts";
import { createSandbox } from "#ports/sandbox/index.ts";

import { deleteVideo, getVideo } from "../contract.ts";
import { mediaHealth } from "../health.ts";
import { findFfmpeg } from "../index.ts";
import { DEFAULT_MEDIA_LIMITS, type MediaLimits } from "../limits.ts";
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
import { PUBLISH_VIDEO, publishVideo } from "../videos/publish.ts";
import { offerAv1Job } from "./offer.ts";

setDefaultTimeout(120_000);
const clock = createSteppedClock();
const limits: MediaLimits = {
  ...DEFAULT_MEDIA_LIMITS,
  eager_side_px_max: 150,
  av1_views_min: 10,
  hot_views: 1_000,
  cold_after_ms: 30 * DAY_MS,
};
const media = await mediaHouse({ clock, limits });
const { client } = media;
const { sql } = media.house.db;
afterAll(() => media[Symbol.asyncDispose]());
const { put, freeBytes } = media.blobs;
afterEach(() => {
  Object.assign(media.blobs, { put, freeBytes });
});
/** Signed in anew: months pass here. */
const token = async () => (await media.person("astrid")).token;
const can =
  machineFfmpeg() !== null && (await media.media.health()).degraded.every(({ code }) => code !== "media.no_av1");
const ffmpeg = machineFfmpeg();
const clip = can ? await makeClip({ seconds: 10, size: "160x90", format: "mkv" }) : new Uint8Array();

const RUNG = "90p-av1";

let first: Promise<VideoId> | null = null;
async function newFilm(): Promise<VideoId> {
  const mine = await token();
  const id = await uploadVideo(media, mine, clip, { filename: "film.mkv", media_type: "video/x-matroska" });
  await videoWhen(media, mine, id, ({ status }) => status === "ready");
  await media.settled();
  return id;
}
/** Each is a copy of the same one: making one takes seconds. */
async function film(views: number): Promise<VideoId> {
  const id = await copyVideo(media, await (first ??= newFilm()));
  await watched(id, views);
  return id;
}
async function watched(id: string, views: number) {
  const at = new Date(clock.now());
  await sql.pool`INSERT INTO media_video_days (video_id, day, views) VALUES (${id}, ${at.toISOString().slice(0, 10)}::date, ${views})
    ON CONFLICT (video_id, day) DO UPDATE SET views = excluded.views`;
  await sql.pool`INSERT INTO media_video_classes (video_id, class, since, because, decided_by, views_recent, last_watched_at)
    VALUES (${id}, 'warm', now(), 'x', 'x', 0, ${at}) ON CONFLICT (video_id) DO UPDATE SET last_watched_at = excluded.last_watched_at`;
}
const videoOf = async (id: string) =>
  good(await client.call(getVideo, { token: await token(), params: { video_id: id } }));
const at = async (id: string, file: string) =>
  new URL(file, new URL((await videoOf(id)).hls_url!, "http://house.test")).href;
const read = async (id: string, file: string) => (await media.ask(await at(id, file))).text();
/** Names of the AV1 rung's files, from its list. */
async function files(id: string, list?: string) {
  const text = list ?? (await read(id, `${RUNG}.m3u8`));
  return [/MAP:URI="([^"]+)"/.exec(text)![1]!, ...text.split("\n").filter((line) => line.endsWith(".m4s"))];
}
const storedOf = async (id: string) =>
  (await media.stored()).filter(
    (name) => name.includes(`/${id}/`) && name.includes(`/${RUNG}/`) && name.endsWith(".m4s"),
  );
const rungOf = async (id: string) =>
  (
    await sql.pool<{ segments_done: number; complete_at: Date | null }[]>`
      SELECT segments_done, complete_at FROM media_rungs WHERE video_id = ${id} AND rung = ${RUNG}`
  )[0];
const givenUp = async (id: string) =>
  (
    await sql.pool<
      { because: string | null }[]
    >`SELECT given_up_because AS because FROM media_av1 WHERE video_id = ${id}`
  )[0]?.because;
const encodes = () => media.runs.filter(({ argv }) => argv.includes("libsvtav1"));
/** kill -9 of this house's own. @returns how many there were */
async function killEncoders(): Promise<number> {
  let killed = 0;
  for (const pid of await readdir("/proc")) {
    if (!/^\d+$/.test(pid)) continue;
    const argv = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    // The program itself, not the walls around it.
    if (!argv.startsWith(ffmpeg ?? "?") || !argv.includes("libsvtav1") || !argv.includes(media.scratch_folder))
      continue;
    process.kill(Number(pid), "SIGKILL");
    killed += 1;
  }
  return killed;
}
const listsOf = async (id: string) => Promise.all(["master.m3u8", "manifest.mpd"].map((name) => read(id, name)));

describe.skipIf(!can)("to which films AV1 is given", () => {
  test("MD203: not to what is watched less, nor where the house does not want it or its ffmpeg cannot", async () => {
    const id = await film(9);
    await media.work("media.offer_av1");
    expect(await rungOf(id)).toBeUndefined();
    await watched(id, 10);
    const tools = (await findFfmpeg(await createSandbox({ clock })))!;
    const asked = { sql, jobs: media.jobs, clock, limits, tools };
    const offer = (needs: Partial<typeof asked>) =>
      offerAv1Job({ ...asked, ...needs }).handle({}, {} as unknown as JobRun);
    for (const av1_views_min of [null, 0]) await offer({ limits: { ...limits, av1_views_min } });
    await offer({ tools: { ...tools, can_av1: false } });
    expect(await sql.pool`SELECT FROM media_av1`).toHaveLength(0);
    expect(encodes()).toEqual([]);
  });

  test("MD203: that its ffmpeg cannot is said, unless the house does not want it", async () => {
    const said = async (can_av1: boolean, av1_views_min: number | null) =>
      (
        await mediaHealth({
          has_ffmpeg: true,
          can_av1,
          sandbox: await createSandbox({ clock }),
          blobs: media.blobs,
          limits: { ...limits, av1_views_min },
        })
      ).degraded.some(({ code }) => code === "media.no_av1");
    expect([await said(false, 10), await said(true, 10), await said(false, 0), await said(false, null)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("MD203: to what is watched much, beside its H.264 rungs, in runs of its own; with little room on the disk it waits", async () => {
    const id = await film(10);
    const before = await videoOf(id);
    media.blobs.freeBytes = async () => limits.pressure_free_bytes - 1;
    await media.work("media.offer_av1");
    expect(await rungOf(id)).toMatchObject({ segments_done: 0 });
    expect(encodes()).toEqual([]);
    media.blobs.freeBytes = freeBytes;
    await media.work("media.offer_av1");
    expect(await rungOf(id)).toMatchObject({ segments_done: 3, complete_at: expect.any(Date) });
    expect(encodes().length).toBeGreaterThan(0);
    expect(encodes().some(({ argv }) => argv.includes("libx264") || argv.includes("aac"))).toBe(false);
    const after = await videoOf(id);
    expect(after.renditions.slice(0, -1)).toEqual(before.renditions);
    expect(after.renditions.at(-1)).toMatchObject({ rung: RUNG, progress: 1, codecs: "av01.0.00M.08" });
    // It is whole: nothing is begun again.
    const runs = media.runs.length;
    await media.work("media.offer_av1");
    expect(media.runs.length).toBe(runs);
  });
});

describe.skipIf(!can)("what lists say of it", () => {
  test("MD204: lists name it only when all of it is stored; before, nobody can have it made, and the other lists stay as they are", async () => {
    const id = await film(10);
    const lists = await listsOf(id);
    const h264 = await read(id, "90p.m3u8");
    // The third segment takes a while to be stored.
    const gate = Promise.withResolvers<void>();
    media.blobs.put = async (name, ...more) => {
      if (name.includes(`/${RUNG}/2.m4s`)) await gate.promise;
      return put(name, ...more);
    };
    const began = media.work("media.offer_av1");
    while (((await rungOf(id))?.segments_done ?? 0) < 2) await Bun.sleep(20);
    await sql.tx((tx) => publishVideo(tx, media.jobs, id));
    await media.jobs.idle([PUBLISH_VIDEO]);
    expect(await listsOf(id)).toEqual(lists);
    expect((await videoOf(id)).renditions.map(({ rung }) => rung)).not.toContain(RUNG);
    expect((await media.ask(await at(id, `${RUNG}.m3u8`))).status).toBe(404);
    const [made] = await storedOf(id);
    const third = made!.replace(/^.*?\/[0-9a-f]{32}\//, "").replace(/\d+\.m4s$/, "2.m4s");
    expect((await media.ask(await at(id, third))).status).toBe(404);
    gate.resolve();
    await began;
    const [master, manifest] = await listsOf(id);
    expect(master).toStartWith(lists[0]!.trimEnd().split("\n").slice(0, 4).join("\n"));
    expect(master).toMatch(/CODECS="av01\.0\.00M\.08,mp4a\.40\.2".*\n90p-av1\.m3u8\n/);
    expect(manifest!.match(/<AdaptationSet contentType="video"/g)).toHaveLength(2);
    expect(await read(id, "90p.m3u8")).toBe(h264);
    // What it takes was measured.
    const [peak] = await sql.pool<
      { bps: number }[]
    >`SELECT max(bytes * 8000.0 / duration_ms)::float8 AS bps FROM media_segments
      WHERE video_id = ${id} AND rung = ${RUNG}`;
    const { bps } = peak!;
    const said = Number(/BANDWIDTH=(\d+),[^\n]*av01/.exec(master!)![1]);
    expect(Math.abs(said - 128_000 * 1.1 - bps)).toBeLessThan(bps * 0.02 + 2);
    for (const file of await files(id)) expect((await media.ask(await at(id, file))).status).toBe(200);
  });

  test("MD204: what was stored before an attempt broke off is kept; the next one makes the rest only", async () => {
    const id = await film(10);
    const puts: string[] = [];
    let broken = false;
    media.blobs.put = async (name, ...more) => {
      if (name.includes(`/${RUNG}/1.m4s`) && !broken) {
        broken = true;
        throw new Error("broken off");
      }
      if (name.includes(`/${RUNG}/`) && name.endsWith(".m4s")) puts.push(name.split("/").at(-1)!);
      return put(name, ...more);
    };
    await media.work("media.offer_av1");
    expect(broken).toBe(true);
    expect(puts).toEqual(["0.m4s", "1.m4s", "2.m4s"]);
    expect(await rungOf(id)).toMatchObject({ segments_done: 3 });
    expect(await sql.pool`SELECT FROM media_making_leases WHERE video_id = ${id}`).toHaveLength(0);
  });

  test("MD204: an encoder that is killed in the midst of it is begun again, and makes what is missing", async () => {
    const id = await film(10);
    const before = encodes().length;
    const began = media.work("media.offer_av1");
    let killed = 0;
    while (killed === 0) {
      killed = await killEncoders();
      await Bun.sleep(1);
    }
    await began;
    const runs = encodes().slice(before);
    expect(runs.length).toBeGreaterThan(1);
    expect(runs[0]!.ended).toBe("killed");
    expect(await rungOf(id)).toMatchObject({ segments_done: 3, complete_at: expect.any(Date) });
    expect(await givenUp(id)).toBeNull();
    expect(await storedOf(id)).toHaveLength(3);
    expect(await sql.pool`SELECT FROM media_making_leases WHERE video_id = ${id}`).toHaveLength(0);
  });

  test("MD204: a segment of a rung that was listed, and vanished, is made again for who asks", async () => {
    const id = await film(10);
    await media.work("media.offer_av1");
    const [, first, second] = await files(id);
    const was = await (await media.ask(await at(id, second!))).bytes();
    const [place] = await sql.pool<{ place: string }[]>`SELECT place FROM media_videos WHERE id = ${id}`;
    await media.blobs.delete([place!.place + second!]);
    const answers = await Promise.all([1, 2, 3].map(async () => media.ask(await at(id, second!))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await answers[0]!.bytes()).length).toBeGreaterThan(was.length / 2);
    await media.settled();
    expect(await read(id, "master.m3u8")).toContain(RUNG);
    expect((await media.ask(await at(id, first!))).status).toBe(200);
  });
});

describe.skipIf(!can)("when it does not come", () => {
  test("MD205: after three tries it is given up, with the reason; the film stays ready and plays, and it is not offered again", async () => {
    const id = await film(10);
    const lists = await listsOf(id);
    let tries = 0;
    media.blobs.put = async (name, ...more) => {
      if (!name.includes(`/${RUNG}/`)) return put(name, ...more);
      tries += 1;
      throw new Error("the store does not take this");
    };
    await media.work("media.offer_av1");
    expect(tries).toBe(3);
    expect(await givenUp(id)).toContain("the store does not take this");
    expect(await videoOf(id)).toMatchObject({ status: "ready", progress: 1 });
    expect(await listsOf(id)).toEqual(lists);
    media.blobs.put = put;
    await media.work("media.offer_av1");
    expect(await storedOf(id)).toEqual([]);
  });

  test("MD205: a film that is deleted meanwhile leaves nothing", async () => {
    const id = await film(10);
    let deleted = false;
    media.blobs.put = async (name, ...more) => {
      const done = await put(name, ...more);
      if (name.includes(`/${RUNG}/0.m4s`) && !deleted) {
        deleted = true;
        good(await client.call(deleteVideo, { token: await token(), params: { video_id: id } }));
      }
      return done;
    };
    await media.work("media.offer_av1");
    await media.settled();
    expect(deleted).toBe(true);
    expect((await media.stored()).filter((name) => name.includes(`/${id}/`))).toEqual([]);
  });
});

describe.skipIf(!can)("when nobody watches any more", () => {
  test("MD206: AV1 is given back first, and named no more; who holds an older list is served still, and it is made again when watched", async () => {
    const id = await film(10);
    await media.work("media.offer_av1");
    const names = await files(id);
    const before = (await videoOf(id)).renditions.filter(({ rung }) => rung !== RUNG);
    clock.step(31 * DAY_MS);
    await media.work("media.evict_cold");
    await media.settled();
    expect(await storedOf(id)).toEqual([]);
    expect((await videoOf(id)).renditions).toEqual(before);
    expect((await listsOf(id)).join("")).not.toContain("av01");
    const answer = await media.ask(await at(id, names[2]!));
    expect([answer.status, answer.headers.get("content-type")]).toEqual([200, "video/mp4"]);
    clock.step(HOUR_MS);
    await watched(id, 12);
    await media.work("media.offer_av1");
    expect(await files(id)).toEqual(names);
    expect(await read(id, "master.m3u8")).toContain(RUNG);
  });
});

test("no refusal above was a fault of ours", () => {
  expect(media.house.broken).toEqual([]);
});
