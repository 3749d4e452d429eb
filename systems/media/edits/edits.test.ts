import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { UploadId, VideoId } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { JobRun } from "#ports/jobs/index.ts";

import { putCaptions } from "../captions/contract.ts";
import { putChapters } from "../chapters/contract.ts";
import { deleteVideo, getMediaLimits, getVideo, listVideos, putPosition } from "../contract.ts";
import { good, machineFfmpeg, makeClip, mediaHouse, uploadBytes, uploadVideo, videoWhen } from "../testing.ts";
import { publishVideoJob } from "../videos/publish.ts";
import { cancelEdit, type Edit, getKeyFrames, listEdits, replaceVideo, trimVideo } from "./contract.ts";
import { OF_THE_PAGE, takeOver } from "./store.ts";
import { cutChapters, cutCues } from "./texts.ts";

setDefaultTimeout(120_000);
const skip = machineFfmpeg() === null;
if (skip) console.warn("edits.test: there is no ffmpeg on this machine, so cutting and replacing are not tested");
const media = await mediaHouse();
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const { sql } = media.house.db;
const astrid = await media.person("astrid");
const birger = await media.person("birger");
const by = { token: astrid.token };

/** A key frame every two seconds at 24 frames a second, and every second frame hangs on both of its neighbours. */
const GOP = "-c:v libx264 -preset ultrafast -bf 2 -g 48 -keyint_min 48 -sc_threshold 0 -pix_fmt yuv420p -c:a aac".split(
  " ",
);
const clips = new Map<string, Promise<Uint8Array<ArrayBuffer>>>();
const clip = (seconds: number, format = "mp4", output = GOP) => {
  const key = `${seconds} ${format} ${output.join(" ")}`;
  const made = clips.get(key) ?? makeClip({ seconds, size: "160x90", format, output });
  clips.set(key, made);
  return made;
};
const ready = async (bytes: Uint8Array, audience: "public" | "private" = "public", file = {}) => {
  const id = await uploadVideo(media, astrid.token, bytes, { audience, ...file });
  const video = await videoWhen(media, astrid.token, id, ({ status }) => status !== "processing");
  expect(video.failure).toBeUndefined();
  await media.settled();
  return id;
};
const trim = (
  video_id: VideoId,
  body: { start_ms: number; end_ms: number; save_as: "replace" | "new"; title?: string },
) => client.call(trimVideo, { ...by, params: { video_id }, body });
const replace = async (video_id: VideoId, bytes: Uint8Array, keep_texts = true) => {
  const upload_id = await uploadBytes(media, astrid.token, bytes, { filename: "b.mp4", media_type: "video/mp4" });
  const body = { upload_id, keep_texts };
  return good(await client.call(replaceVideo, { ...by, params: { video_id }, body }));
};
const editsOf = async (video_id: VideoId) => good(await client.call(listEdits, { ...by, params: { video_id } })).items;
async function ended(video_id: VideoId): Promise<Edit> {
  for (;;) {
    const [edit] = await editsOf(video_id);
    if (edit?.ended_at) return edit;
    await Bun.sleep(30);
  }
}
const see = async (video_id: VideoId) => good(await client.call(getVideo, { ...by, params: { video_id } }));

/** What ffprobe says of the source that a film has now. */
async function sourceOf(video_id: VideoId) {
  const [row] = await sql.pool<{ upload_id: UploadId }[]>`SELECT upload_id FROM media_videos WHERE id = ${video_id}`;
  const { body } = await media.blobs.get(`uploads/${row!.upload_id}`);
  const folder = await mkdtemp(join(tmpdir(), "cut-"));
  const path = join(folder, "source");
  await Bun.write(path, await new Response(body).bytes());
  const packets = await probed(path, "packet=data_hash,pts_time", ["-show_data_hash", "md5"]);
  const frames = await probed(path, "frame=best_effort_timestamp_time", []);
  await rm(folder, { recursive: true, force: true });
  return {
    hashes: packets.map((line) => line.split(",").find((part) => part.startsWith("MD5:"))!),
    shown_s: frames.map((line) => Number(line.replace(",", ""))),
  };
}
async function probed(path: string, entries: string, more: string[]) {
  const cmd = [
    "ffprobe",
    "-v",
    "error",
    "-select_streams",
    "v:0",
    ...more,
    "-show_entries",
    entries,
    "-of",
    "csv=p=0",
    path,
  ];
  const child = Bun.spawn({ cmd, stdout: "pipe", stderr: "ignore" });
  return (await new Response(child.stdout).text()).trim().split("\n");
}

describe.skipIf(skip)("cutting", () => {
  test("MD147: only its owner cuts a film: within it, a second or more, of a source that is there, and one edit at a time", async () => {
    const id = await ready(await clip(8), "public");
    const hidden = await ready(await clip(3), "private");
    const body = { start_ms: 1_000, end_ms: 4_000, save_as: "new" as const };
    const params = { video_id: id };
    expect((await client.call(trimVideo, { params, body })).status).toBe(401);
    for (const route of [trimVideo, replaceVideo] as const) {
      const asked = route === trimVideo ? body : { upload_id: "1" };
      const call = (video_id: string) =>
        client.call(route, { token: birger.token, params: { video_id }, body: asked as never });
      expect([(await call(id)).code, (await call(hidden)).code]).toEqual(["video.not_yours", "video.not_found"]);
    }
    expect((await client.call(listEdits, { token: birger.token, params })).code).toBe("video.not_yours");
    const frames = await client.call(getKeyFrames, { token: birger.token, params, query: { around_ms: 0 } });
    expect(frames.code).toBe("video.not_yours");
    expect((await trim(id, { ...body, end_ms: 1_900 })).code).toBe("edit.too_short");
    expect((await trim(id, { ...body, start_ms: 7_500, end_ms: 60_000 })).code).toBe("edit.too_short");
    expect((await trim(id, { ...body, start_ms: 5_000, end_ms: 1_000 })).code).toBe("edit.too_short");
    await media.jobs.drain(5_000);
    const first = good(await trim(id, body));
    expect((await trim(id, body)).code).toBe("edit.open");
    expect((await client.call(cancelEdit, { ...by, params: { video_id: hidden, edit_id: first.id } })).code).toBe(
      "edit.not_found",
    );
    const gone = { video_id: id, edit_id: first.id };
    expect((await client.call(cancelEdit, { token: birger.token, params: gone })).code).toBe("video.not_yours");
    expect((await client.call(cancelEdit, { ...by, params: gone })).status).toBe(204);
    expect((await client.call(cancelEdit, { ...by, params: gone })).code).toBe("edit.ended");
    media.jobs.start();
    await media.settled();
    expect((await editsOf(id)).map((edit) => [edit.status, edit.failure?.code])).toEqual([
      ["failed", "edit.cancelled"],
    ]);
    await sql.pool`UPDATE media_videos SET upload_id = NULL WHERE id = ${hidden}`;
    expect((await trim(hidden, body)).code).toBe("video.no_source");
  });

  test("MD147: a part is copied, no frame made anew; it begins at the very frame, is its owner's alone and counts as room", async () => {
    const id = await ready(await clip(10));
    const before = await sourceOf(id);
    const used = async () => good(await client.call(getMediaLimits, by)).used_bytes;
    const room = await used();
    const text = "WEBVTT\n\n00:01.000 --> 00:02.000\nBefore\n\n00:04.000 --> 00:05.000\nWithin\n";
    await client.call(putCaptions, { ...by, params: { video_id: id, language: "en" }, body: { text } });
    good(await trim(id, { start_ms: 3_300, end_ms: 7_300, save_as: "new", title: "The middle" }));
    const edit = await ended(id);
    expect(edit).toMatchObject({ status: "done", asked: { start_ms: 3_300, end_ms: 7_300 }, cut: { start_ms: 3_300 } });
    expect(Math.abs(edit.cut!.end_ms - 7_300)).toBeLessThan(200);
    await media.settled();
    const made = await see(edit.new_video_id!);
    expect(made).toMatchObject({ title: "The middle", audience: "private", status: "ready" });
    expect(Math.abs(made.duration_ms! - 4_000)).toBeLessThan(200);
    expect(made.captions.map(({ language }) => language)).toEqual(["en"]);
    expect(made.captions[0]!.cue_count).toBe(1);
    const after = await sourceOf(edit.new_video_id!);
    expect(after.hashes.every((hash) => before.hashes.includes(hash))).toBe(true);
    // From the key frame at 2 s on; what is before 3.3 s is in the file and is not shown.
    expect(after.hashes[0]).toBe(before.hashes[48]!);
    expect(after.shown_s[0]).toBeCloseTo(0, 1);
    expect(after.shown_s.length).toBeLessThan(after.hashes.length - 24);
    expect(await used()).toBeGreaterThan(room + 1_000);
    expect((await client.call(getVideo, { token: birger.token, params: { video_id: edit.new_video_id! } })).code).toBe(
      "video.not_found",
    );
    expect((await see(id)).duration_ms).toBeGreaterThan(9_500);
  });

  test("MD147: key frames near a moment are told from the index or the packets; without an edit list a part begins at one", async () => {
    const keysOf = async (video_id: VideoId, around_ms: number) =>
      good(await client.call(getKeyFrames, { ...by, params: { video_id }, query: { around_ms } }));
    const mp4 = await ready(await clip(8));
    const told = await keysOf(mp4, 4_000);
    expect(told.exact).toBe(true);
    expect(told.items.map(({ at_ms }) => Math.round(at_ms / 100))).toEqual([0, 20, 40, 60]);
    const mpeg2 = "-c:v mpeg2video -g 48 -bf 0 -sc_threshold 1000000000 -pix_fmt yuv420p -c:a mp2".split(" ");
    const mkv = await ready(await clip(8, "mkv", mpeg2), "private", {
      filename: "a.mkv",
      media_type: "video/x-matroska",
    });
    const other = await keysOf(mkv, 4_000);
    expect(other.exact).toBe(false);
    expect(other.items.map(({ at_ms }) => Math.round(at_ms / 100))).toEqual([0, 20, 40, 60]);
    const before = await sourceOf(mkv);
    good(await trim(mkv, { start_ms: 3_300, end_ms: 7_000, save_as: "new" }));
    const edit = await ended(mkv);
    expect(edit.status).toBe("done");
    expect(Math.round(edit.cut!.start_ms / 100)).toBe(20);
    await media.settled();
    const made = await see(edit.new_video_id!);
    expect(made).toMatchObject({ status: "ready", title: "A film" });
    expect((await sourceOf(edit.new_video_id!)).hashes[0]).toBe(before.hashes[48]!);
  });

  test("MD147: as the same film it keeps its address; captions and chapters move by what was cut off", async () => {
    const id = await ready(await clip(10));
    const text =
      "WEBVTT\n\n00:01.000 --> 00:02.500\nOver the edge\n\n00:06.000 --> 00:07.000\nWithin\n\n00:09.000 --> 00:09.500\nAfter\n";
    await client.call(putCaptions, { ...by, params: { video_id: id, language: "en" }, body: { text } });
    const items = [0, 3_000, 6_000].map((at_ms) => ({ at_ms, title: `At ${at_ms}` }));
    await client.call(putChapters, { ...by, params: { video_id: id }, body: { items } });
    await client.call(putPosition, { token: birger.token, params: { video_id: id }, body: { position_ms: 9_000 } });
    good(await trim(id, { start_ms: 2_000, end_ms: 8_000, save_as: "replace" }));
    expect(await ended(id)).toMatchObject({ status: "done", new_video_id: null });
    await media.settled();
    const now = await see(id);
    expect(Math.abs(now.duration_ms! - 6_000)).toBeLessThan(200);
    expect(now.chapters).toEqual([
      { at_ms: 0, title: "At 0" },
      { at_ms: 1_000, title: "At 3000" },
      { at_ms: 4_000, title: "At 6000" },
    ]);
    expect(now.captions[0]).toMatchObject({ language: "en", cue_count: 2 });
    const said = await (await media.ask(now.captions[0]!.url!)).text();
    expect(said).toContain("00:00:00.000 --> 00:00:00.500");
    expect(said).toContain("00:00:04.000 --> 00:00:05.000");
    const seen = good(await client.call(getVideo, { token: birger.token, params: { video_id: id } }));
    expect(seen.position_ms).toBe(now.duration_ms!);
  });

  test("MD147: cues and chapters are cut where the part ends", () => {
    const cue = (start_ms: number, end_ms: number) => ({ start_ms, end_ms, text: "x", settings: "" });
    expect(cutCues([cue(0, 100), cue(50, 250), cue(200, 900), cue(800, 900)], 100, 800)).toEqual([
      cue(0, 150),
      cue(100, 700),
    ]);
    const chapter = (at_ms: number) => ({ at_ms, title: String(at_ms) });
    expect(cutChapters([chapter(0), chapter(500), chapter(900)], 600, 800)).toEqual([]);
    expect(cutChapters([chapter(0), chapter(500), chapter(900)], 500, 1_000)).toEqual([
      { at_ms: 0, title: "500" },
      { at_ms: 400, title: "900" },
    ]);
  });
});

describe.skipIf(skip)("another file in its place", () => {
  test("MD148: the film keeps its id, its words and its views; the new file is prepared beside the old one and takes its place", async () => {
    const id = await ready(await clip(8));
    await sql.pool`UPDATE media_videos SET view_count = 7, views_before = 7 WHERE id = ${id}`;
    const before = await see(id);
    await media.jobs.drain(5_000);
    const edit = await replace(id, await clip(3));
    expect(edit).toMatchObject({ kind: "replace", status: "preparing", asked: null, progress: 0 });
    // Until it is whole, the old one is shown; what is prepared is in no list.
    expect(await see(id)).toMatchObject({ status: "ready", duration_ms: before.duration_ms });
    const mine = good(await client.call(listVideos, { ...by, query: { limit: 100 } })).items.map(
      (video) => video.title,
    );
    expect((await sql.pool`SELECT FROM media_videos WHERE holder LIKE 'edit:%' AND deleted_at IS NULL`).length).toBe(1);
    media.jobs.start();
    expect((await ended(id)).status).toBe("done");
    await media.settled();
    const now = await see(id);
    expect(now).toMatchObject({
      id,
      title: before.title,
      view_count: 7,
      status: "ready",
      created_at: before.created_at,
    });
    expect(Math.abs(now.duration_ms! - 3_000)).toBeLessThan(200);
    // What was for everyone lies in the open again.
    expect(now.hls_url).toContain("/public/");
    const master = await media.ask(now.hls_url!);
    expect(master.status).toBe(200);
    expect((await media.ask(now.poster_url!)).status).toBe(200);
    expect(now.storyboard).not.toBeNull();
    expect(await sql.pool`SELECT FROM media_videos WHERE holder LIKE 'edit:%' AND deleted_at IS NULL`).toHaveLength(0);
    expect(good(await client.call(listVideos, { ...by, query: { limit: 100 } })).items).toHaveLength(mine.length);
    // An address that was given out before works on for a while, and the old source is freed.
    expect((await media.ask(before.hls_url!)).status).toBe(200);
    expect((await media.stored()).filter((name) => name.startsWith("uploads/")).length).toBe(
      (await sql.pool`SELECT FROM media_uploads WHERE state <> 'freeing'`).length,
    );
    await media.work("media.collect_orphans");
    expect((await media.ask(now.hls_url!)).status).toBe(200);
  });

  test("MD148: lists of the old file that are just being written when the two change places stay where its viewers find them", async () => {
    for (const audience of ["private", "public"] as const) {
      const id = await ready(await clip(8), audience);
      const before = await see(id);
      let changed = false;
      const blobs: Blobs = {
        ...media.blobs,
        // Its last list is written; before it looks again, the other file has taken the film's place.
        async put(...asked) {
          const put = await media.blobs.put(...asked);
          if (changed || !asked[0].endsWith("master.m3u8")) return put;
          changed = true;
          await replace(id, await clip(3));
          expect((await ended(id)).status).toBe("done");
          return put;
        },
      };
      const { signal } = new AbortController();
      await publishVideoJob({ sql, blobs }).handle({ video_id: id }, { signal } as JobRun);
      expect(changed).toBe(true);
      await media.settled();
      for (const url of [before.hls_url!, (await see(id)).hls_url!]) expect((await media.ask(url)).status).toBe(200);
    }
  });

  test("MD148: lists of the new file that are just being written when it takes its place are the film's from then on", async () => {
    const [film, prepared] = [await ready(await clip(3), "private"), await ready(await clip(3), "private")];
    let changed = false;
    const blobs: Blobs = {
      ...media.blobs,
      async put(...asked) {
        if (!changed && asked[0].endsWith("master.m3u8")) {
          changed = true;
          await sql.tx((tx) => takeOver(tx, film, prepared));
          // As if the rungs had been read just after the change: there are none of the old id.
          return media.blobs.put(asked[0], new TextEncoder().encode("#EXTM3U\n"), asked[2]);
        }
        return media.blobs.put(...asked);
      },
    };
    const { signal } = new AbortController();
    await publishVideoJob({ sql, blobs }).handle({ video_id: prepared }, { signal } as JobRun);
    expect(changed).toBe(true);
    const master = await media.ask((await see(film)).hls_url!);
    expect(master.status).toBe(200);
    expect(await master.text()).toContain(".m3u8\n");
  });

  test("MD148: where the new file cannot be played the old one stays, and its owner is told why; nothing of it is left", async () => {
    const id = await ready(await clip(3), "private");
    const before = await see(id);
    const stored = (await media.stored()).length;
    await replace(id, new TextEncoder().encode("this is no film, whatever its name says"));
    const edit = await ended(id);
    expect(edit).toMatchObject({ status: "failed", failure: { code: "video.not_media" } });
    expect(edit.failure!.detail).not.toBe("");
    await media.settled();
    expect(await see(id)).toMatchObject({ status: "ready", duration_ms: before.duration_ms });
    expect(await media.stored()).toHaveLength(stored);
    // Then another try is free, and it may be given up while it is prepared.
    await media.jobs.drain(5_000);
    const again = await replace(id, await clip(8));
    expect((await client.call(cancelEdit, { ...by, params: { video_id: id, edit_id: again.id } })).status).toBe(204);
    media.jobs.start();
    await media.settled();
    expect(await media.stored()).toHaveLength(stored);
  });

  test("MD148: a film that is deleted while another file is prepared for it takes that along", async () => {
    const id = await ready(await clip(3), "private");
    const stored = (await media.stored()).length;
    await media.jobs.drain(5_000);
    await replace(id, await clip(8));
    await client.call(deleteVideo, { ...by, params: { video_id: id } });
    media.jobs.start();
    await media.house.log.caughtUp("media", "media.edits");
    await media.settled();
    expect((await media.stored()).length).toBeLessThan(stored);
    expect((await media.stored()).filter((name) => name.includes(`/${id}/`))).toEqual([]);
    expect(await sql.pool`SELECT FROM media_edits WHERE video_id = ${id}`).toHaveLength(0);
    expect(await sql.pool`SELECT FROM media_videos WHERE holder LIKE 'edit:%'`).toHaveLength(0);
  });

  test("MD149: the two change places in one transaction: before it the film has all of the old file, after it all of the new", async () => {
    const id = await ready(await clip(8), "private");
    const look = async () => {
      const [video] = await sql.pool<{ place: string; duration_ms: number; upload_id: string; ladder: object }[]>`
        SELECT place, duration_ms, upload_id, ladder FROM media_videos WHERE id = ${id}`;
      const [parts] = await sql.pool<{ rungs: number; segments: number; whole: boolean }[]>`
        SELECT count(DISTINCT r.rung)::int AS rungs, count(s.k)::int AS segments,
          (SELECT bool_and(segments_done <= segment_count) FROM media_rungs WHERE video_id = ${id}) AS whole
        FROM media_rungs r LEFT JOIN media_segments s USING (video_id, rung) WHERE r.video_id = ${id}`;
      return { ...video!, ...parts! };
    };
    const old = await look();
    // The database refuses in the middle of the change, as if the process had been killed there.
    await sql.pool`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN IF NEW.status = 'done' THEN RAISE EXCEPTION 'killed'; END IF; RETURN NEW; END $$`;
    await sql.pool`CREATE TRIGGER refuse BEFORE UPDATE ON media_edits FOR EACH ROW EXECUTE FUNCTION refuse()`;
    await replace(id, await clip(3));
    const failed = () => media.failures.filter(({ kind }) => kind === "media.finish_edit");
    while (failed().length < 2) await Bun.sleep(30);
    expect(await look()).toEqual(old);
    expect((await see(id)).status).toBe("ready");
    await sql.pool`DROP TRIGGER refuse ON media_edits`;
    expect((await ended(id)).status).toBe("done");
    await media.settled();
    const now = await look();
    expect(now.place).not.toBe(old.place);
    expect(now.upload_id).not.toBe(old.upload_id);
    expect(Math.abs(now.duration_ms - 3_000)).toBeLessThan(200);
    expect(now.whole).toBe(true);
    expect(now.segments).toBeGreaterThan(0);
    expect((await media.ask((await see(id)).hls_url!)).status).toBe(200);
  });

  test("MD149: every column that is the page's is there, so that nothing of it goes with the file by a slip of the pen", async () => {
    const rows = await sql.pool<{ name: string }[]>`SELECT column_name AS name FROM information_schema.columns
      WHERE table_name = 'media_videos'`;
    const names = new Set(rows.map(({ name }) => name));
    expect(OF_THE_PAGE.filter((name) => !names.has(name))).toEqual([]);
    const of_the_file = [...names].filter((name) => !OF_THE_PAGE.includes(name));
    expect(of_the_file).toEqual(
      expect.arrayContaining(["upload_id", "place", "source", "ladder", "status", "playable_at"]),
    );
  });
});

test("no refusal above was a fault of ours", () => expect(media.house.broken).toEqual([]));
