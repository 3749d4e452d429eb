import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { VideoId } from "#kernel/ids.ts";

import { getVideo } from "../contract.ts";
import type { ProgramRun } from "../testing.ts";
import { good, machineFfmpeg, makeClip, mediaHouse, uploadVideo, videoWhen } from "../testing.ts";
import { wantRungs } from "./fill.ts";

setDefaultTimeout(60_000);
const has = machineFfmpeg() !== null;
// Only the lowest rung and the sound are made by themselves: all else is missing until somebody asks.
const media = await mediaHouse({ limits: { eager_side_px_max: 1 } });
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const astrid = await media.person("astrid");
const { sql } = media.house.db;
// A container that nothing is copied from, so that every rung is encoded.
const clip = has ? await makeClip({ seconds: 18, size: "320x180", format: "mkv" }) : new Uint8Array();

const MKV = { filename: "film.mkv", media_type: "video/x-matroska" };

/** Encodes of one segment, not of inits and not of stretches. */
const encodes = (runs: ProgramRun[], track: string) =>
  runs.filter(({ argv }) => argv.some((word) => word.endsWith(`/${track}/%d.m4s`)) && !isInitRun(argv));
const isInitRun = (argv: string[]) => argv.includes("-frames:v") && argv[argv.indexOf("-frames:v") + 1] === "1";

/** A film, made as far as it is made by itself, and where its parts are. */
async function film(audience: "public" | "private" = "public", bytes = clip) {
  const id: VideoId = await uploadVideo(media, astrid.token, bytes, { audience, ...MKV });
  const video = await videoWhen(media, astrid.token, id, ({ status }) => status !== "processing");
  expect(video.status).toBe("ready");
  await media.settled();
  const { hls_url } = good(await client.call(getVideo, { token: astrid.token, params: { video_id: id } }));
  const base = new URL(hls_url!, "http://house.test");
  const at = (file: string) => new URL(file, base).href;
  const read = async (file: string) => (await media.ask(at(file))).text();
  const list = async (track: string) => {
    const text = await read(`${track}.m3u8`);
    const lines = text.trim().split("\n");
    return { text, init: /MAP:URI="([^"]+)"/.exec(text)![1]!, segments: lines.filter((line) => line.endsWith(".m4s")) };
  };
  const top = video.renditions.at(-1)!.rung;
  return { id, video, at, read, list, top };
}

const stored = async (file: string) => (await media.stored()).some((name) => name.endsWith(file));
const leases = async () => (await sql.pool`SELECT rung, k FROM media_making_leases`).length;

describe.skipIf(!has)("what nobody can ask for", () => {
  test("MD71: a name of another video, plan, track, place or number makes nothing and is not there", async () => {
    const { at, list, top } = await film("private");
    const { segments } = await list(top);
    const [first] = segments;
    const [recipe] = first!.split("/");
    const before = media.runs.length;
    for (const file of [
      first!.replace(recipe!, "0123456789ab"),
      `${recipe}/${top}/5.m4s`,
      `${recipe}/${top}/99999999.m4s`,
      `${recipe}/${top}/01.m4s`,
      `${recipe}/${top}/-1.m4s`,
      `${recipe}/720p/0.m4s`,
      `${recipe}/audio/0.m4s`,
      `${recipe}/${top}/init.mp4.m4s`,
      `${recipe}/${top}/list.m3u8`,
    ])
      expect([file, (await media.ask(at(file))).status]).toEqual([file, 404]);
    const elsewhere = at(first!).replace(/\/[0-9a-f]{32}\//, `/${"0".repeat(32)}/`);
    expect([403, 404]).toContain((await media.ask(elsewhere)).status);
    expect((await media.ask(at(first!).replace(/\/s\/[^/]+\//, "/s/1.2.x/"))).status).toBe(403);
    expect((await media.ask(at(first!), { method: "HEAD" })).status).toBe(404);
    expect(media.runs.length).toBe(before);
  });
});

describe.skipIf(!has)("a missing segment", () => {
  test("MD72: a hundred who ask at once cause one encode, get the same bytes, and find them stored", async () => {
    const { at, list, top } = await film();
    const { segments, init } = await list(top);
    expect(await stored(segments[2]!)).toBe(false);
    const answers = await Promise.all(
      Array.from({ length: 100 }, async () => {
        const answer = await media.ask(at(segments[2]!));
        return `${answer.status} ${answer.headers.get("etag")} ${Bun.hash(await answer.bytes())}`;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toStartWith("200 ");
    expect(encodes(media.runs, top)).toHaveLength(1);
    expect(await stored(segments[2]!)).toBe(true);
    const again = await media.ask(at(segments[2]!));
    expect(`${again.status} ${again.headers.get("etag")} ${Bun.hash(await again.bytes())}`).toBe(answers[0]!);
    expect((await media.ask(at(init))).status).toBe(200);
    expect(encodes(media.runs, top)).toHaveLength(1);
    expect(await leases()).toBe(0);
  });

  test("MD73: who leaves ends nothing while others wait; the last one's leaving ends the encode and leaves nothing", async () => {
    const { at, list, top } = await film();
    const { segments } = await list(top);
    const before = media.runs.length;
    const begun = async () => {
      while (encodes(media.runs.slice(before), top).length === 0) await Bun.sleep(5);
    };
    const [one, two] = [new AbortController(), new AbortController()];
    const leaving = [one, two].map((who) => media.ask(at(segments[1]!), { signal: who.signal }));
    await begun();
    one.abort();
    expect((await leaving[0]!).status).toBe(499);
    expect((await leaving[1]!).status).toBe(200);
    expect(encodes(media.runs.slice(before), top).map(({ ended }) => ended)).toEqual(["exited"]);

    const all = new AbortController();
    const nobody = Array.from({ length: 5 }, () => media.ask(at(segments[3]!), { signal: all.signal }));
    while (encodes(media.runs.slice(before), top).length < 2) await Bun.sleep(5);
    all.abort();
    for (const answer of nobody) expect((await answer).status).toBe(499);
    const cut = encodes(media.runs.slice(before), top)[1]!;
    while (cut.ended === null) await Bun.sleep(5);
    expect(cut.ended).toBe("aborted");
    while ((await leases()) > 0) await Bun.sleep(5);
    expect(await stored(segments[3]!)).toBe(false);
    expect((await media.ask(at(segments[3]!))).status).toBe(200);
  });

  test("MD74: two nodes encode it once, and a node that makes nothing itself asks one that does", async () => {
    const { at, list, top } = await film();
    const { segments } = await list(top);
    await using second = await media.node();
    await using third = await media.node({ works: false });
    const before = media.runs.length;
    const answers = await Promise.all(
      [media, second, third, second, media].map(async (node) => {
        const answer = await node.ask(at(segments[1]!));
        return `${answer.status} ${Bun.hash(await answer.bytes())}`;
      }),
    );
    expect(new Set(answers).size).toBe(1);
    expect(encodes([...media.runs.slice(before), ...second.runs, ...third.runs], top)).toHaveLength(1);
    expect((await third.ask(at(segments[2]!))).status).toBe(200);
    expect(third.runs).toEqual([]);
    await media.settled();
  });

  test("MD75: a node that died while it made one is followed by another when its lease has run out", async () => {
    const { id, at, list, top } = await film();
    const { segments } = await list(top);
    await sql.pool`INSERT INTO media_making_leases (video_id, rung, k, token, for_viewer, until)
      VALUES (${id}, ${top}, 1, 'the dead', true, clock_timestamp() + interval '1 second')`;
    const before = media.runs.length;
    const asked = media.ask(at(segments[1]!));
    await Bun.sleep(300);
    expect(encodes(media.runs.slice(before), top)).toEqual([]);
    expect((await asked).status).toBe(200);
    expect(encodes(media.runs.slice(before), top)).toHaveLength(1);
  });

  test("MD76: what fails is tried three times with pauses, then refused with a sentence, and not tried by every caller", async () => {
    const { id, at, list, top } = await film();
    const { segments } = await list(top);
    // An encoder that is killed each time.
    const folder = await mkdtemp(join(tmpdir(), "encoder-"));
    const ffmpeg = join(folder, "ffmpeg");
    await Bun.write(ffmpeg, "#!/bin/sh\nkill -9 $$\n");
    await Bun.$`chmod 755 ${folder} ${ffmpeg}`;
    const tools = { ffmpeg, ffprobe: ffmpeg, version: "none", can_tone_map: false, can_av1: false };
    await using node = await media.node({ tools });
    const answers = await Promise.all([1, 2, 3].map(() => node.ask(at(segments[1]!))));
    for (const answer of answers) {
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({ code: "media.segment_failed" });
      expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(10);
    }
    expect(node.runs).toHaveLength(3);
    const before = media.runs.length;
    for (const one of [node, media]) expect((await one.ask(at(segments[1]!))).status).toBe(503);
    expect([node.runs.length, media.runs.length - before]).toEqual([3, 0]);
    const [lease] = await sql.pool`SELECT failed_because FROM media_making_leases WHERE video_id = ${id}`;
    expect((lease as { failed_because: string }).failed_because).toContain("video.encoder_died");
    // All else plays, and the pause ends.
    expect((await media.ask(at(segments[2]!))).status).toBe(200);
    await sql.pool`UPDATE media_making_leases SET until = clock_timestamp() WHERE video_id = ${id}`;
    expect((await media.ask(at(segments[1]!))).status).toBe(200);
    expect(await leases()).toBe(0);
    await rm(folder, { recursive: true, force: true });
  });

  test("MD77: a blob that has vanished is made again, though its row says that it is there", async () => {
    const { id, at, list, top } = await film();
    const { segments } = await list(top);
    expect((await media.ask(at(segments[0]!))).status).toBe(200);
    const name = (await media.stored()).find((one) => one.endsWith(segments[0]!))!;
    await media.blobs.delete([name]);
    expect((await media.ask(at(segments[0]!))).status).toBe(200);
    const rows = await sql.pool`SELECT segments_done FROM media_rungs WHERE video_id = ${id} AND rung = ${top}`;
    expect(rows[0]).toEqual({ segments_done: 1 });
    expect(await stored(segments[0]!)).toBe(true);
  });
});

describe.skipIf(!has)("made ahead of time", () => {
  test("MD78: what was asked for and what is filled around it join without a lost or a doubled frame, each stored once", async () => {
    const { id, at, list, top, video } = await film();
    const { segments, init } = await list(top);
    for (const k of [1, 4]) expect((await media.ask(at(segments[k]!))).status).toBe(200);
    const asked = await Promise.all([1, 4].map((k) => etagOf(segments[k]!)));
    // Others go on asking while it is filled.
    await sql.tx((tx) => wantRungs(tx, media.jobs, id, new Date()));
    expect((await media.ask(at(segments[3]!))).status).toBe(200);
    await media.settled();
    expect(await Promise.all([1, 4].map((k) => etagOf(segments[k]!)))).toEqual(asked);
    const now = good(await client.call(getVideo, { token: astrid.token, params: { video_id: id } }));
    expect(now.renditions.map(({ progress }) => progress)).toEqual(video.renditions.map(() => 1));
    const frames = Math.round((video.duration_ms! / 1000) * 24);
    const folder = await mkdtemp(join(tmpdir(), "joined-"));
    try {
      for (const { rung } of video.renditions) {
        const { segments: all, init: head } = rung === top ? { segments, init } : await list(rung);
        const parts = await Promise.all([head, ...all].map(async (file) => part(file)));
        const path = join(folder, `${rung}.mp4`);
        await Bun.write(path, new Blob(parts));
        const said = await Bun.$`ffprobe -v error -show_entries frame=pts_time -of csv=p=0 ${path}`.quiet().text();
        const shown = said.match(/\d+\.\d+/g)!.map((at) => Math.round(Number(at) * 24));
        const times = shown.map((at) => at - shown[0]!);
        expect([rung, times]).toEqual([rung, Array.from({ length: frames }, (_, n) => n)]);
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    async function part(file: string) {
      const answer = await media.ask(at(file));
      expect([file, answer.status]).toEqual([file, 200]);
      return answer.bytes();
    }
    async function etagOf(file: string) {
      return (await media.blobs.head((await media.stored()).find((name) => name.endsWith(file))!))?.etag;
    }
  });

  test("MD70: lists are complete and playable before anything is filled, and every name in them is good from then on", async () => {
    const id: VideoId = await uploadVideo(media, astrid.token, clip, MKV);
    const video = await videoWhen(media, astrid.token, id, ({ hls_url }) => hls_url !== null);
    const base = new URL(video.hls_url!, "http://house.test");
    const at = (file: string) => new URL(file, base).href;
    const master = await (await media.ask(base.href)).text();
    const lists = master.split("\n").filter((line) => line.endsWith(".m3u8"));
    expect(lists).toHaveLength(video.renditions.length);
    const texts = await Promise.all(lists.map(async (list) => (await media.ask(at(list))).text()));
    for (const text of texts) {
      expect(text).toContain("#EXT-X-ENDLIST");
      expect(text.match(/\.m4s/g)).toHaveLength(5);
    }
    // The last segment of the largest rung, long before anybody would have made it.
    const last = texts.at(-1)!.trim().split("\n").at(-2)!;
    const answers = await Promise.all([last, last.replace("4.m4s", "init.mp4")].map((file) => media.ask(at(file))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    await videoWhen(media, astrid.token, id, ({ status }) => status === "ready");
    await media.settled();
    expect(await Promise.all(lists.map(async (list) => (await media.ask(at(list))).text()))).toEqual(texts);
  });
});

describe.skipIf(!has)("winding", () => {
  test("EN43: the list of key frames gives one picture for each segment, of what is stored and of what is not, and stores none", async () => {
    const { at, read, list, video } = await film();
    const master = await read("master.m3u8");
    expect(master).toContain('URI="trick.m3u8"');
    const { text, init, segments } = await list("trick");
    expect(text).toContain("#EXT-X-I-FRAMES-ONLY");
    expect(segments).toHaveLength(5);
    const folder = await mkdtemp(join(tmpdir(), "trick-"));
    try {
      const low = await list(video.renditions[0]!.rung);
      await media.blobs.delete((await media.stored()).filter((name) => name.endsWith(low.segments[3]!)));
      const parts = await Promise.all([init, ...segments].map(async (file) => (await media.ask(at(file))).bytes()));
      const path = join(folder, "trick.mp4");
      await Bun.write(path, Buffer.concat(parts));
      const said = await Bun.$`ffprobe -v error -show_entries frame=pts_time,pict_type -of csv=p=0 ${path}`
        .quiet()
        .text();
      const shown = [...said.matchAll(/(\d+\.\d+),I/g)].map(([, time]) => Math.round(Number(time)));
      expect(shown).toEqual([0, 4, 8, 12, 16]);
      expect((await media.stored()).filter((name) => name.includes("/trick/"))).toEqual([]);
      const [, bandwidth] = /X-I-FRAME-STREAM-INF:BANDWIDTH=(\d+)/.exec(master)!;
      expect(Math.max(...parts.map((bytes) => bytes.length)) * 8).toBeLessThan(Number(bandwidth) * 4);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

test("no refusal above was a fault of ours", () => {
  expect(media.house.broken).toEqual([]);
  expect(media.failures).toEqual([]);
});
