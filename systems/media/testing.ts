import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { SpaceCard } from "#kernel/cards.ts";
import type { PersonId, SpaceId, UploadId, VideoId } from "#kernel/ids.ts";
import type { SpaceRole } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import { createFileBlobs } from "#ports/blobs/index.ts";
import { type Clock, createSystemClock } from "#ports/clock/index.ts";
import type { Called, TestClient } from "#ports/http/testing.ts";
import { createJobs, type JobFailure, type Jobs } from "#ports/jobs/index.ts";
import { createOutside } from "#ports/outside/index.ts";
import { createSandbox, type Sandbox, type SandboxResult } from "#ports/sandbox/index.ts";
import type { Query } from "#ports/sql/index.ts";
import { type TestHouse, testHouse, type TestPerson } from "#systems/people/testing.ts";

import { READ_TEXTS } from "./captions/from-file.ts";
import { FORGET_FILES } from "./captions/index.ts";
import { completeUpload, createUpload, createVideo, getUpload, getVideo, signParts, type Video } from "./contract.ts";
import { MEDIA_TOPIC } from "./events.ts";
import { createMedia, findFfmpeg, type Media, MEDIA_FOLDER, type MediaNeeds } from "./index.ts";
import { belongsInPublic, copyPlace, DELETE_PLACE_LATER, isPublicPlace, newPlace } from "./places.ts";
import { MAKE_STORYBOARD } from "./storyboard/make.ts";

/** People and media with everything they stand on: real PostgreSQL, files, jobs, sandbox and ffmpeg. */
export interface MediaHouse extends AsyncDisposable {
  house: TestHouse;
  client: TestClient;
  media: Media;
  jobs: Jobs;
  blobs: Blobs;
  scratch_folder: string;
  spaces: TestSpaces;
  /** Attempts of jobs that failed. */
  failures: JobFailure[];
  person(handle: string, role?: "admin" | "moderator"): Promise<TestPerson>;
  /** Programs that were started for media, and how they ended. */
  runs: ProgramRun[];
  /** Another node of the same house: the same database and files, a process's worth of everything else. */
  node(given?: { tools?: MediaNeeds["tools"]; works?: boolean }): Promise<MediaNode>;
  /** Asks the blobs' own handler, as a browser would. */
  ask(url: string, init?: RequestInit): Promise<Response>;
  /** Every blob that there is. */
  stored(): Promise<string[]>;
  /** Waits until nothing is queued or running, but for what waits for hours. */
  settled(): Promise<void>;
  /** Runs one of the jobs that come by themselves, now, and waits for it and what it began. */
  work(kind: string): Promise<void>;
}

export interface ProgramRun {
  argv: string[];
  ended: SandboxResult["ended"] | null;
}

export interface MediaNode extends AsyncDisposable {
  runs: ProgramRun[];
  ask(url: string, init?: RequestInit): Promise<Response>;
}

/** A sandbox that keeps count of what was started in it. */
function counted(sandbox: Sandbox): { sandbox: Sandbox; runs: ProgramRun[] } {
  const runs: ProgramRun[] = [];
  const note = (argv: string[], ended: Promise<SandboxResult>) => {
    const run: ProgramRun = { argv, ended: null };
    runs.push(run);
    ended.then(
      (result) => (run.ended = result.ended),
      () => {},
    );
  };
  return {
    runs,
    sandbox: {
      ...sandbox,
      run(command) {
        const ended = sandbox.run(command);
        note(command.argv, ended);
        return ended;
      },
      start(command) {
        const started = sandbox.start(command);
        note(command.argv, started.ended);
        return started;
      },
    },
  };
}

/** The machine's own clock, whose wall time can be set forward: work goes on as ever, and days pass at once. */
export function createSteppedClock(): Clock & { step(ms: number): void } {
  const real = createSystemClock();
  let ahead_ms = 0;
  return { ...real, now: () => real.now() + ahead_ms, step: (ms) => void (ahead_ms += ms) };
}

/** Just enough of spaces: who is in which. */
export interface TestSpaces {
  join(person_id: PersonId, space_id: SpaceId, visibility?: "public" | "private"): void;
  give(space_id: SpaceId, bytes_max: number): void;
}

/** ffmpeg of this machine; a test that needs it says that it is skipped where there is none. */
export const machineFfmpeg = (): string | null => (Bun.which("ffprobe") ? Bun.which("ffmpeg") : null);

export async function mediaHouse(
  given: Partial<Pick<MediaNeeds, "limits" | "tools" | "blobs" | "clock" | "outside">> = {},
): Promise<MediaHouse> {
  const house = await testHouse([MEDIA_FOLDER], given.clock ? { clock: given.clock } : {});
  const { db, log } = house;
  const clock = given.clock ?? db.clock;
  const folder = await mkdtemp(join(tmpdir(), "media-"));
  const failures: JobFailure[] = [];
  const jobs = createJobs({ sql: db.sql, clock, onFailure: (failure) => failures.push(failure) });
  const secret = "a secret of more than thirty-two characters";
  const openBlobs = () =>
    createFileBlobs({
      folder: join(folder, "blobs"),
      clock,
      secret,
      base_path: "/blobs",
      onError: (error) => house.broken.push(error),
    });
  const blobs = given.blobs ?? (await openBlobs());
  /** Whoever enqueues what follows from an event. */
  const FOLLOWERS = ["media_beside", "media.edits"];
  /** What gives way to the first segments for a second or two; whoever waits for all has no use for that. */
  const PATIENT = [READ_TEXTS, MAKE_STORYBOARD];
  async function settled(): Promise<void> {
    for (;;) {
      for (const group of FOLLOWERS) await log.caughtUp(MEDIA_TOPIC, group);
      for (const kind of PATIENT) {
        for (const { id, attempt } of (await jobs.list({ kind, state: "queued" })).jobs)
          if (attempt === 0) await jobs.retryNow(db.sql.pool, id);
      }
      const alive = (await jobs.counts()).filter(
        ({ state, kind }) =>
          (state === "queued" || state === "running") && kind !== DELETE_PLACE_LATER && kind !== FORGET_FILES,
      );
      if (alive.length === 0) return;
      await jobs.idle(alive.map(({ kind }) => kind));
    }
  }
  const spaces = createTestSpaces();
  const scratch_folder = join(folder, "scratch");
  const walls = await createSandbox({ clock });
  const { sandbox, runs } = counted(walls);
  const tools = given.tools === undefined ? await findFfmpeg(walls) : given.tools;
  const all = {
    sql: db.sql,
    log,
    clock,
    ids: db.ids,
    people: house.people,
    spaces,
    scratch_folder,
    secret,
    outside: given.outside ?? createOutside({ clock }),
    ...(given.limits ? { limits: given.limits } : {}),
  };
  const media = createMedia({ ...all, jobs, blobs, sandbox, tools });
  media.serve(house.api);
  const working = media.work();
  jobs.start();
  return {
    house,
    client: house.client,
    media,
    jobs,
    blobs,
    scratch_folder,
    spaces,
    failures,
    runs,
    async node({ tools: own_tools = tools, works = true } = {}) {
      const own_blobs = await openBlobs();
      const own = counted(walls);
      // It claims nothing: what it does, it does because it was asked.
      const own_jobs = createJobs({ sql: db.sql, clock, onFailure: (failure) => failures.push(failure) });
      const node = createMedia({ ...all, jobs: own_jobs, blobs: own_blobs, sandbox: own.sandbox, tools: own_tools });
      const working = works ? node.work() : null;
      return {
        runs: own.runs,
        ask: (url, init) => own_blobs.handler(new Request(new URL(url, "http://house.test"), init)),
        async [Symbol.asyncDispose]() {
          working?.[Symbol.dispose]();
          await own_jobs[Symbol.asyncDispose]();
          await own_blobs[Symbol.asyncDispose]();
        },
      };
    },
    person: (handle, role) => house.person(handle, role),
    ask: (url, init) => blobs.handler(new Request(new URL(url, "http://house.test"), init)),
    async stored() {
      const names: string[] = [];
      for (let after: string | undefined; ;) {
        const page = await blobs.list("", after === undefined ? {} : { after });
        names.push(...page.names);
        if (page.next_after === null) return names;
        after = page.next_after;
      }
    },
    settled,
    async work(kind) {
      await db.sql.tx((tx) => jobs.enqueue(tx, kind, {}));
      await settled();
    },
    async [Symbol.asyncDispose]() {
      working[Symbol.dispose]();
      await jobs.drain(5_000);
      await jobs[Symbol.asyncDispose]();
      await blobs[Symbol.asyncDispose]();
      await house[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function createTestSpaces() {
  const members = new Map<PersonId, Map<SpaceId, SpaceRole>>();
  const cards = new Map<SpaceId, SpaceCard>();
  const rooms = new Map<SpaceId, number>();
  return {
    join(person_id: PersonId, space_id: SpaceId, visibility: "public" | "private" = "private") {
      members.set(person_id, (members.get(person_id) ?? new Map<SpaceId, SpaceRole>()).set(space_id, "member"));
      cards.set(space_id, { id: space_id, slug: `space-${space_id}`, name: "A space", visibility });
    },
    /** As an owner of the house gives a space more or less. */
    give: (space_id: SpaceId, bytes_max: number) => void rooms.set(space_id, bytes_max),
    storageMax: async (id: SpaceId) => (cards.has(id) ? (rooms.get(id) ?? 10 * 2 ** 30) : null),
    membershipsOf: async (person_id: PersonId) => members.get(person_id) ?? new Map<SpaceId, SpaceRole>(),
    cards: async (ids: SpaceId[]) =>
      new Map(ids.flatMap((id) => (cards.has(id) ? [[id, cards.get(id)!] as const] : []))),
  };
}

/** Sends bytes as a client does: begin, PUT each part, complete. @returns the upload's id */
export async function uploadBytes(
  to: Pick<MediaHouse, "client" | "ask">,
  token: string,
  bytes: Uint8Array,
  file: { filename: string; media_type: string },
): Promise<UploadId> {
  const { client } = to;
  const begun = good(await client.call(createUpload, { token, body: { ...file, size_bytes: bytes.length } }));
  const parts = await sendParts(to, token, begun.id, bytes);
  good(await client.call(completeUpload, { token, params: { upload_id: begun.id }, body: { parts } }));
  return begun.id;
}

/** PUTs all parts, several at once. */
export async function sendParts(
  { client, ask }: Pick<MediaHouse, "client" | "ask">,
  token: string,
  upload_id: UploadId,
  bytes: Uint8Array,
): Promise<{ part_number: number; etag: string }[]> {
  const params = { upload_id };
  const { part_count, part_size_bytes } = good(await client.call(getUpload, { token, params }));
  const part_numbers = Array.from({ length: part_count }, (_, i) => i + 1);
  const signed = good(await client.call(signParts, { token, params, body: { part_numbers } }));
  return Promise.all(
    signed.parts.map(async ({ part_number, url, size_bytes }) => {
      const start = (part_number - 1) * part_size_bytes;
      const answer = await ask(url, { method: "PUT", body: bytes.slice(start, start + size_bytes) });
      if (answer.status !== 200) throw new Error(`part ${part_number}: ${answer.status} ${await answer.text()}`);
      return { part_number, etag: answer.headers.get("etag") ?? "" };
    }),
  );
}

/** Uploads a file and makes a video of it. */
export async function uploadVideo(
  to: Pick<MediaHouse, "client" | "ask">,
  token: string,
  bytes: Uint8Array,
  asked: { filename?: string; media_type?: string; title?: string; audience?: "public" | "followers" | "private" } = {},
) {
  const upload_id = await uploadBytes(to, token, bytes, {
    filename: asked.filename ?? "film.mp4",
    media_type: asked.media_type ?? "video/mp4",
  });
  const body = { upload_id, title: asked.title ?? "A film", audience: asked.audience ?? "public" };
  return good(await to.client.call(createVideo, { token, body })).id;
}

/** The row of a film that is ready, without a file and the time to make one: for lists and rules, not for playing. */
export async function shownVideo(
  { house }: Pick<MediaHouse, "house">,
  owner_id: PersonId,
  asked: { audience?: Audience; space_id?: SpaceId | null; duration_ms?: number; title?: string } = {},
): Promise<VideoId> {
  const { audience = "public", space_id = null, duration_ms = 120_000, title = "A film" } = asked;
  const id = house.db.ids.next<"video">();
  const place = newPlace("videos", id, belongsInPublic({ audience, space_id, hidden_at: null }));
  await house.db.sql
    .pool`INSERT INTO media_videos (id, owner_id, title, audience, space_id, status, duration_ms, width, height,
      placeholder, place, poster_bytes, playable_at, created_at, ready_at)
    VALUES (${id}, ${owner_id}, ${title}, ${audience}, ${space_id}, 'ready', ${duration_ms}, 320, 180,
      ${`data:,${id}`}, ${place}, 1, now(), now(), now())`;
  return id;
}

/** Another video with the same plan, segments and blobs, in the time that copying them takes. */
export async function copyVideo({ house, blobs }: Pick<MediaHouse, "house" | "blobs">, id: VideoId): Promise<VideoId> {
  const { sql, ids } = house.db;
  const copy = ids.next<"video">();
  const upload = ids.next<"upload">();
  const [from] = await sql.pool<{ place: string; upload_id: string }[]>`
    SELECT place, upload_id FROM media_videos WHERE id = ${id}`;
  if (!from) throw new Error(`there is no video ${id}`);
  const place = newPlace("videos", copy, isPublicPlace(from.place));
  const again = (tx: Query, table: string, where: string, change: string) =>
    tx.unsafe(
      `INSERT INTO ${table} SELECT (jsonb_populate_record(row, '${change}'::jsonb)).* FROM ${table} row WHERE ${where}`,
    );
  await sql.tx(async (tx) => {
    await again(tx, "media_uploads", `id = ${from.upload_id}`, `{"id": ${upload}}`);
    await again(tx, "media_videos", `id = ${id}`, `{"id": ${copy}, "upload_id": ${upload}, "place": "${place}"}`);
    for (const table of ["media_rungs", "media_segments"])
      await again(tx, table, `video_id = ${id}`, `{"video_id": ${copy}}`);
  });
  // Rows first: what no row names may be collected.
  await copyPlace(blobs, from.place, place, null);
  await blobs.put(`uploads/${upload}`, (await blobs.get(`uploads/${from.upload_id}`)).body, {
    media_type: "video/mp4",
  });
  return copy;
}

/** Asks until a video is as wanted. */
export async function videoWhen(
  { client }: Pick<MediaHouse, "client">,
  token: string | null,
  video_id: string,
  wanted: (video: Video) => boolean,
): Promise<Video> {
  for (;;) {
    const video = good(await client.call(getVideo, { token, params: { video_id } }));
    if (wanted(video)) return video;
    await Bun.sleep(50);
  }
}

/** The body of an answer that must not be a refusal. */
export function good<R extends Parameters<TestClient["call"]>[0]>(called: Called<R>): Called<R>["body"] & {} {
  if (called.status >= 400) throw new Error(`${called.status} ${JSON.stringify(called.body)}`);
  return called.body as Called<R>["body"] & {};
}

export interface ClipOptions {
  seconds?: number;
  size?: string;
  fps?: number;
  sound?: boolean;
  /** ffmpeg's arguments for the output, in front of the file. */
  output?: string[];
  format?: string;
}

/** A moving picture with a tone, made here: nothing is fetched and nothing lies in the repository. */
export async function makeClip(options: ClipOptions = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { seconds = 2, size = "320x180", fps = 24, sound = true, format = "mp4" } = options;
  const ffmpeg = machineFfmpeg();
  if (!ffmpeg) throw new Error("there is no ffmpeg on this machine");
  const folder = await mkdtemp(join(tmpdir(), "clip-"));
  const path = join(folder, `clip.${format}`);
  try {
    const made = Bun.spawn({
      cmd: [
        ffmpeg,
        ...words("-v error -nostdin -y -f lavfi -i"),
        `testsrc2=size=${size}:rate=${fps}:duration=${seconds}`,
        ...(sound ? ["-f", "lavfi", "-i", `sine=frequency=440:duration=${seconds}`] : []),
        ...(options.output ?? words(`-c:v libx264 -preset ultrafast -pix_fmt yuv420p${sound ? " -c:a aac" : ""}`)),
        path,
      ],
      stdout: "ignore",
      stderr: "pipe",
    });
    const [code, said] = await Promise.all([made.exited, new Response(made.stderr).text()]);
    if (code !== 0) throw new Error(`ffmpeg: ${said}`);
    return new Uint8Array(await Bun.file(path).arrayBuffer());
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const words = (text: string) => text.split(" ");

/** A picture as a file of a type that ffmpeg writes. */
export const makePicture = (size = "320x180", format: "png" | "jpg" | "webp" | "gif" | "bmp" = "png") =>
  makeClip({ seconds: 1, fps: 1, size, sound: false, format, output: ["-frames:v", "1"] });
