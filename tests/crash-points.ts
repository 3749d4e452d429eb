import { readdir, stat, utimes } from "node:fs/promises";
import { join } from "node:path";

import type { UploadId, VideoId } from "#kernel/ids.ts";
import { createSystemClock } from "#ports/clock/index.ts";
import { createJobs } from "#ports/jobs/index.ts";
import { createPost, getPost } from "#systems/feed/contract.ts";
import {
  completeUpload,
  createUpload,
  createVideo,
  deleteVideo,
  getUpload,
  getVideo,
  putCaptions,
  signParts,
  type Video,
} from "#systems/media/contract.ts";

import { makeClip, personOf, startHouse } from "./house.ts";

/**
 * A house that is killed (-9) at random moments of an upload, of an encode and of a publication, and looked through each
 * time: what was acknowledged is there, what was committed was not made again, and nothing is left that nobody names.
 */
export type Stage = "upload" | "encode" | "publish";
const STAGES: readonly Stage[] = ["upload", "encode", "publish"];
const PART_BYTES = 8 * 2 ** 20;

/** How one kill went. `redone`: segments that were stored at the kill and stored again after it. */
export interface Crash {
  point: number;
  stage: Stage;
  at_ms: number;
  redone: number;
  jobs_running: number;
  faults: string[];
}

/** The same numbers for a seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface CrashRun extends AsyncDisposable {
  /** Kills once, starts again, and lets what was begun come to its end. */
  crash(point: number): Promise<Crash>;
  /** Ages everything, collects, and looks; then deletes everything and looks again. @returns what should not be */
  leftovers(): Promise<string[]>;
}

export async function crashRun(seed: number): Promise<CrashRun> {
  const random = randomFrom(seed);
  const house = await startHouse({ FOLKHUS_LOG: "warn" });
  const token = await personOf(house, "astrid");
  const film = await padded(await makeClip({ seconds: 22, width: 320, height: 180, container: "mkv" }));
  const videos = new Set<VideoId>();
  const { client } = house;

  async function videoWhen(id: VideoId, done: (video: Video) => boolean): Promise<Video> {
    for (;;) {
      const { body } = await client.call(getVideo, { token, params: { video_id: id } });
      if (done(body)) return body;
      await Bun.sleep(50);
    }
  }

  /** Sends what is not there yet, as a client does that was cut off: it asks first. @returns how many parts were there */
  async function sendRest(upload_id: UploadId, acknowledged: Map<number, string>): Promise<number> {
    const { body } = await client.call(getUpload, { token, params: { upload_id } });
    const there = new Map(body.parts.map(({ part_number, etag }) => [part_number, etag]));
    for (let part_number = 1; part_number <= body.part_count; part_number++) {
      if (there.has(part_number)) acknowledged.set(part_number, there.get(part_number)!);
      else await putPart(upload_id, part_number, acknowledged);
    }
    return there.size;
  }
  async function putPart(upload_id: UploadId, part_number: number, acknowledged: Map<number, string>) {
    const signed = await client.call(signParts, {
      token,
      params: { upload_id },
      body: { part_numbers: [part_number] },
    });
    const url = new URL(signed.body.parts[0]!.url, house.url);
    const start = (part_number - 1) * PART_BYTES;
    const answer = await fetch(url, { method: "PUT", body: film.slice(start, start + PART_BYTES) });
    if (answer.status === 200) acknowledged.set(part_number, answer.headers.get("etag")?.replaceAll('"', "") ?? "");
  }
  const begin = async (): Promise<UploadId> => {
    const body = { filename: "film.mkv", size_bytes: film.length, media_type: "video/x-matroska" };
    return (await client.call(createUpload, { token, body })).body.id;
  };
  const complete = (upload_id: UploadId, parts: Map<number, string>) =>
    client.call(completeUpload, {
      token,
      params: { upload_id },
      body: { parts: [...parts].map(([part_number, etag]) => ({ part_number, etag })) },
    });
  const become = async (upload_id: UploadId): Promise<VideoId> => {
    const body = { upload_id, title: `point of ${seed}`, audience: "public" as const };
    const made = await client.call(createVideo, { token, body });
    if (made.status >= 300) throw new Error(`no video: ${made.status} ${made.code}`);
    videos.add(made.body.id);
    return made.body.id;
  };
  /** Kills after so long, whatever goes on. */
  const killIn = async (ms: number) => {
    await Bun.sleep(ms);
    await house.crash();
  };

  async function duringUpload(crash: Crash): Promise<VideoId> {
    const upload_id = await begin();
    const acknowledged = new Map<number, string>();
    let completed = false;
    const sending = (async () => {
      await Promise.all([1, 2, 3].map((n) => putPart(upload_id, n, acknowledged)));
      completed = (await complete(upload_id, acknowledged)).status < 300;
    })().catch(() => {});
    await killIn(crash.at_ms);
    await sending;
    const before = new Map(acknowledged);
    await house.restart();
    const { body } = await client.call(getUpload, { token, params: { upload_id } });
    if (completed) {
      if (body.status === "open") crash.faults.push("a completed upload is open again");
    } else {
      const there = new Map(body.parts.map(({ part_number, etag }) => [part_number, etag]));
      for (const [n, etag] of before)
        if (body.status === "open" && there.get(n) !== etag)
          crash.faults.push(`part ${n} was acknowledged and is lost`);
      if (body.status === "open") await sendRest(upload_id, acknowledged);
      const answer = await complete(upload_id, acknowledged);
      if (answer.status >= 300) crash.faults.push(`it cannot be completed: ${answer.code}`);
    }
    return become(upload_id);
  }

  const sent = async (): Promise<VideoId> => {
    const upload_id = await begin();
    const parts = new Map<number, string>();
    await Promise.all([1, 2, 3].map((n) => putPart(upload_id, n, parts)));
    await complete(upload_id, parts);
    return become(upload_id);
  };

  async function duringEncode(crash: Crash): Promise<VideoId> {
    const id = await sent();
    await killIn(crash.at_ms);
    await killed(id, crash);
    return id;
  }

  /** From the moment on that it can be watched: a post, captions, another audience and back. */
  async function duringPublish(crash: Crash): Promise<VideoId> {
    const id = await sent();
    await videoWhen(id, ({ hls_url }) => hls_url !== null);
    let post: string | null = null;
    let captions = false;
    const publishing = (async () => {
      const text = `WEBVTT\n\n00:00.000 --> 00:02.000\npoint ${crash.point}\n`;
      const said = await client.call(putCaptions, { token, params: { video_id: id, language: "en" }, body: { text } });
      captions = said.status < 300;
      const body = { text: `point ${crash.point}`, audience: "public" as const, video_id: id };
      const posted = await client.call(createPost, { token, body });
      if (posted.status === 201) post = posted.body.id;
    })().catch(() => {});
    await killIn(crash.at_ms);
    await publishing;
    await killed(id, crash);
    if (post !== null && (await client.call(getPost, { token, params: { id: post } })).status !== 200)
      crash.faults.push("an acknowledged post is lost");
    if (captions) {
      const until = Date.now() + 30_000;
      const master = async () => {
        const { hls_url } = (await client.call(getVideo, { token, params: { video_id: id } })).body;
        return (await fetch(new URL(hls_url!, house.url))).text();
      };
      while (!(await master()).includes("TYPE=SUBTITLES") && Date.now() < until) await Bun.sleep(100);
      if (!(await master()).includes("TYPE=SUBTITLES"))
        crash.faults.push("acknowledged captions are not in the master");
    }
    return id;
  }

  /** Behind the kill: what is stored now; the house starts again; when it is ready, what was stored is as it was. */
  async function killed(id: VideoId, crash: Crash): Promise<void> {
    const before = await segmentFiles(id);
    {
      await using sql = await house.database();
      const [row] = await sql.pool<{ running: number }[]>`SELECT count(*)::int AS running FROM jobs_living
        WHERE state = 'running' AND kind IN ('media.probe', 'media.fill', 'media.make_segment')`;
      crash.jobs_running = row?.running ?? 0;
    }
    await house.leasesEnd();
    await house.restart();
    const video = await videoWhen(id, ({ status }) => status !== "processing");
    if (video.status !== "ready") crash.faults.push(`it ends as ${video.status}: ${video.failure?.detail}`);
    const after = await segmentFiles(id);
    for (const [name, was] of before) {
      const is = after.get(name);
      if (is === undefined) crash.faults.push(`${name} was stored and is gone`);
      else if (is !== was) crash.redone += 1;
    }
    if (crash.redone > crash.jobs_running)
      crash.faults.push(`${crash.redone} segments were made again, by ${crash.jobs_running} jobs`);
  }

  /** Segments of a video in the store, with what tells one writing of a file from another. */
  async function segmentFiles(id: VideoId): Promise<Map<string, string>> {
    const root = join(house.data_folder, "blobs");
    const found = new Map<string, string>();
    for (const name of await house.files("blobs")) {
      if (!name.includes(`/${id}/`) || !name.includes(".m4s")) continue;
      const { ino, mtimeMs } = await stat(join(root, name));
      found.set(name, `${ino}/${mtimeMs}`);
    }
    return found;
  }

  return {
    async crash(point) {
      const stage = STAGES[Math.floor(random() * STAGES.length)]!;
      const span_ms = { upload: 250, encode: 3_000, publish: 150 }[stage];
      const crash: Crash = {
        point,
        stage,
        at_ms: Math.round(random() * span_ms),
        redone: 0,
        jobs_running: 0,
        faults: [],
      };
      const id = await { upload: duringUpload, encode: duringEncode, publish: duringPublish }[stage](crash);
      const video = await videoWhen(id, ({ status }) => status !== "processing");
      if (video.status !== "ready") crash.faults.push(`the video ends as ${video.status}`);
      const progress = video.renditions.map((rung) => rung.progress);
      if (progress.some((share) => share !== 1)) crash.faults.push(`its rungs stand at ${progress.join(", ")}`);
      return crash;
    },

    async leftovers() {
      const wrong: string[] = [];
      await collect();
      await using sql = await house.database();
      const kept = await sql.pool<{ rung: string }[]>`SELECT s.rung
        FROM media_segments s JOIN media_videos v ON v.id = s.video_id WHERE v.deleted_at IS NULL`;
      // By their links: bytes that a kill left without one are not old enough for the sweep, which goes by `ctime`.
      const segments = await linkedSegments();
      if (segments !== kept.length) wrong.push(`${segments} segments are stored, and ${kept.length} have a row`);
      // What a job is at work on is no leftover; what a kill left stays for good.
      let scratch = await house.files("scratch");
      for (let tries = 0; tries < 300 && scratch.length > 0; tries++) {
        await Bun.sleep(100);
        scratch = await house.files("scratch");
      }
      if (scratch.length > 0) wrong.push(`scratch holds ${scratch.join(", ")}`);
      for (const id of videos) await client.call(deleteVideo, { token, params: { video_id: id } });
      for (let tries = 0; tries < 600 && (await mediaFiles()).length > 0; tries++) {
        await Bun.sleep(100);
        // What a crash left of an upload has no row, and goes when it is old enough.
        if (tries % 100 === 99) await collect();
      }
      wrong.push(...(await mediaFiles()).map((name) => `left: ${name}`));
      return wrong;

      async function collect() {
        await using sql = await house.database();
        await aged();
        const jobs = createJobs({ sql, clock: createSystemClock() });
        const id = await sql.tx((tx) => jobs.enqueue(tx, "media.collect_orphans", {}));
        for (;;) {
          const job = await jobs.get(id);
          if (job?.state === "done") break;
          if (job?.state === "dead") throw new Error(`the collector died: ${job.reason}`);
          await Bun.sleep(50);
        }
        await jobs[Symbol.asyncDispose]();
      }
    },

    [Symbol.asyncDispose]: () => house[Symbol.asyncDispose](),
  };

  async function linkedSegments(): Promise<number> {
    const entries = await readdir(join(house.data_folder, "blobs"), { recursive: true, withFileTypes: true });
    return entries.filter((entry) => entry.isSymbolicLink() && entry.name.endsWith(".m4s")).length;
  }

  async function mediaFiles(): Promise<string[]> {
    return (await house.files("blobs")).filter((name) => /\b(?:videos|uploads|images)\//.test(name));
  }

  /** The collector leaves alone what is younger than an hour. */
  async function aged(): Promise<void> {
    const long_ago = new Date(Date.now() - 3 * 60 * 60_000);
    for (const folder of ["blobs", "scratch"]) {
      const root = join(house.data_folder, folder);
      const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(() => []);
      for (const entry of entries) await utimes(join(entry.parentPath, entry.name), long_ago, long_ago).catch(() => {});
    }
  }
}

/** A film of three parts: what is behind its end is noise that no reader of Matroska looks at. */
async function padded(film: Uint8Array): Promise<Uint8Array> {
  const size = 2 * PART_BYTES + 1_000;
  const whole = new Uint8Array(Math.max(size, film.length));
  whole.set(film);
  // An EBML Void element up to the end, its length in eight bytes.
  const view = new DataView(whole.buffer);
  view.setUint8(film.length, 0xec);
  view.setBigUint64(film.length + 1, (1n << 56n) | BigInt(size - film.length - 9));
  return whole;
}
