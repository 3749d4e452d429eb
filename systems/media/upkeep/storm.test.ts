import { afterAll, expect, setDefaultTimeout, test } from "bun:test";

import type { VideoId } from "#kernel/ids.ts";

import { deleteVideo, patchVideo } from "../contract.ts";
import { namesOf } from "../encode/playlist.ts";
import { DEFAULT_MEDIA_LIMITS } from "../limits.ts";
import { keepSegment } from "../making/keep.ts";
import { giveBack, takeLeases } from "../making/leases.ts";
import { evictSegments } from "../storage/evict.ts";
import {
  copyVideo,
  createSteppedClock,
  machineFfmpeg,
  makeClip,
  mediaHouse,
  uploadVideo,
  videoWhen,
} from "../testing.ts";
import { VideoGone } from "../videos/fail.ts";
import { findVideo } from "../videos/store.ts";
import { collectOrphans } from "./collect.ts";

setDefaultTimeout(240_000);
const HOUR_MS = 3_600_000;
const VIDEOS = 5;
const ROUNDS = 140;
const clock = createSteppedClock();
const media = await mediaHouse({ clock, limits: { ...DEFAULT_MEDIA_LIMITS, eager_side_px_max: 4_096 } });
afterAll(() => media[Symbol.asyncDispose]());
const { client, blobs, jobs } = media;
const { sql } = media.house.db;

const seed = Number(process.env.STORM_SEED ?? Math.floor(Math.random() * 2 ** 31));
let state = seed;
/** Mulberry32. What runs at once interleaves as it likes; what each does next is the seed's. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
const below = (n: number) => Math.floor(random() * n);
const pick = <T>(from: readonly T[]): T => from[below(from.length)]!;

test.skipIf(machineFfmpeg() === null)(
  "MD180: writers, movers, deleters, makers, whoever gives back and the collector at once: nothing that a row names is lost, and in the end all else is gone",
  async () => {
    console.log(`STORM_SEED=${seed}`);
    const { token } = await media.person("astrid");
    const clip = await makeClip({ seconds: 13, size: "160x90", fps: 12 });
    const model: VideoId = await uploadVideo(media, token, clip);
    await videoWhen(media, token, model, ({ status }) => status === "ready");
    await media.settled();
    let living: VideoId[] = [];
    for (let n = 0; n < VIDEOS; n++) living.push(await copyVideo(media, model));
    // From here on every blob looks old enough to be collected, also one that was put a moment ago.
    clock.step(2 * HOUR_MS);
    const work = { sql, jobs, blobs, clock, limits: DEFAULT_MEDIA_LIMITS, scratch_folder: media.scratch_folder };
    const done: Record<string, number> = {};
    const did = (what: string, n = 1) => void (done[what] = (done[what] ?? 0) + n);
    const lost: string[] = [];
    let over = false;

    const rungOf = async (id: VideoId) => {
      const rows = await sql.pool<{ rung: string; segments: number }[]>`
        SELECT rung, segment_count AS segments FROM media_rungs WHERE video_id = ${id}`;
      return rows.length === 0 ? null : pick(rows);
    };

    /** As a run of the maker does, with noise for pictures; now and then it dies half way. */
    async function make() {
      const id = pick(living);
      const video = await findVideo(sql.pool, id);
      const rung = await rungOf(id);
      if (!video?.ladder || !rung) return;
      const hold = { video_id: id, token: crypto.randomUUID(), for_viewer: random() < 0.5 };
      const from = below(rung.segments);
      const spots = await takeLeases(sql.pool, hold, { tracks: [rung.rung], from, until: from + 1 + below(3) });
      try {
        for (const spot of spots) {
          const bytes = crypto.getRandomValues(new Uint8Array(200 + below(2_000)));
          if (random() < 0.1) {
            // Put, and then the process was killed.
            await blobs.put(video.place + namesOf(video.ladder).segment(spot.rung, spot.k), bytes, {
              media_type: "video/mp4",
            });
            did("died");
            return;
          }
          if (await keepSegment(work, { id, ladder: video.ladder }, hold, spot, bytes)) did("made");
        }
      } catch (error) {
        if (!(error instanceof VideoGone)) throw error;
      } finally {
        await giveBack(sql.pool, hold);
      }
    }
    async function evict() {
      const id = pick(living);
      const rung = await rungOf(id);
      if (!rung) return;
      did("given back", (await evictSegments(id, rung.rung, new Date(clock.now() + HOUR_MS), work)).segments);
    }
    async function move() {
      const body = { audience: random() < 0.5 ? ("public" as const) : ("private" as const) };
      if ((await client.call(patchVideo, { token, params: { video_id: pick(living) }, body })).status === 200)
        did("moved");
    }
    async function remove() {
      if (random() < 0.8) return;
      const id = pick(living);
      living = [...living.filter((one) => one !== id), await copyVideo(media, model)];
      await client.call(deleteVideo, { token, params: { video_id: id } });
      did("deleted");
    }
    async function litter() {
      const id = pick(living);
      const video = await findVideo(sql.pool, id);
      if (!video?.ladder) return;
      const name = pick([
        `${video.place}0123456789ab/144p/${below(9)}.m4s`,
        `${video.place}poster-${below(99)}.jpg`,
        `${video.place}storyboard/${below(99)}/0.jpg`,
        `${video.place}captions/sv-${below(99)}.vtt`,
        `videos/${below(9_999) + 1}/abc/0123456789ab/144p/0.m4s`,
        `uploads/${below(9_999) + 1}`,
      ]);
      await blobs.put(name, new Uint8Array(50), { media_type: "video/mp4" });
      did("littered");
    }
    async function collect() {
      const { unnamed, places, blobs: sources } = await collectOrphans(work, new AbortController().signal);
      did("collected", unnamed + places + sources);
    }
    /** What a row names is there, at any moment at which nobody holds the video. */
    async function look() {
      const id = pick(living);
      await sql.tx(async (tx) => {
        const [row] = await tx<
          { place: string }[]
        >`SELECT place FROM media_videos WHERE id = ${id} AND deleted_at IS NULL FOR UPDATE`;
        const video = await findVideo(tx, id);
        if (!row || !video?.ladder) return;
        for (const { rung, k } of await tx<
          { rung: string; k: number }[]
        >`SELECT rung, k FROM media_segments WHERE video_id = ${id}`) {
          const name = row.place + namesOf(video.ladder).segment(rung, k);
          if (!(await blobs.head(name))) lost.push(name);
          did("looked at");
        }
      });
    }
    const loop = async (act: () => Promise<void>) => {
      while (!over) await act();
    };
    const rounds = async (act: () => Promise<void>, n = ROUNDS) => {
      for (let i = 0; i < n; i++) await act();
    };

    const background = [loop(collect), loop(look)];
    await Promise.all([
      rounds(make),
      rounds(make),
      rounds(make),
      rounds(evict, ROUNDS / 2),
      rounds(move, ROUNDS / 4),
      rounds(remove, ROUNDS / 8),
      rounds(litter, ROUNDS / 2),
    ]);
    over = true;
    await Promise.all(background);
    console.log(JSON.stringify(done));
    expect(lost).toEqual([]);
    for (const what of ["made", "died", "given back", "moved", "deleted", "littered", "collected"])
      expect([what, (done[what] ?? 0) > 0]).toEqual([what, true]);

    await media.settled();
    // Beyond the age at which a place that something moved out of may go, and the leases of those who died.
    clock.step(5 * HOUR_MS);
    await sql.pool`DELETE FROM media_making_leases WHERE until < clock_timestamp() + interval '1 day'`;
    await collectOrphans(work, new AbortController().signal);
    await media.settled();
    const named = new Set<string>();
    const rows = await sql.pool<
      { id: VideoId; upload_id: string }[]
    >`SELECT id, upload_id FROM media_videos WHERE deleted_at IS NULL`;
    for (const { id, upload_id } of rows) {
      named.add(`uploads/${upload_id}`);
      const { place, ladder } = (await findVideo(sql.pool, id))!;
      for (const { rung, k } of await sql.pool<
        { rung: string; k: number }[]
      >`SELECT rung, k FROM media_segments WHERE video_id = ${id}`)
        named.add(place + namesOf(ladder!).segment(rung, k));
    }
    const stored = await media.stored();
    const there = new Set(stored);
    expect([...named].filter((name) => !there.has(name))).toEqual([]);
    // Lists, inits, posters and storyboards are named too; of segments and sources exactly these are left.
    const left = stored.filter((name) => name.startsWith("uploads/") || name.endsWith(".m4s"));
    expect(left.filter((name) => !named.has(name))).toEqual([]);
    const littered = stored.filter((name) =>
      /\/poster-\d+\.jpg$|\/storyboard\/\d+\/|\/captions\/sv-\d+\.vtt$/.test(name),
    );
    expect(littered).toEqual([]);
    expect(media.house.broken).toEqual([]);
  },
);
