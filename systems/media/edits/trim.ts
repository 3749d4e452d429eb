import { mkdir } from "node:fs/promises";
import { join } from "node:path";

import { notFound, Problem } from "#kernel/errors.ts";
import { HOUR_MS } from "#kernel/time.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { lookBeside } from "../beside.ts";
import { type CutFilm, cutFilm } from "../encode/cut-film.ts";
import { keyFramesOfPackets } from "../encode/key-frames.ts";
import { type Probe, probeVideo } from "../encode/probe.ts";
import { MediaRefusal } from "../encode/tools.ts";
import { roomOf } from "../limits.ts";
import { newPlace } from "../places.ts";
import { openScratch } from "../scratch.ts";
import { checkQuota } from "../uploads/admission.ts";
import { uploadBlob } from "../uploads/index.ts";
import { cutOf } from "../uploads/parts.ts";
import { insertUpload, markComplete, markUsed } from "../uploads/store.ts";
import { checkRoom } from "../videos/fail.ts";
import { PROBE_VIDEO, startWork } from "../videos/index.ts";
import * as videos from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";
import type { EditId } from "./contract.ts";
import { type EditsNeeds, giveUp, prepare, TRIM_VIDEO } from "./index.ts";
import * as store from "./store.ts";
import { moveTexts } from "./texts.ts";

/** How far back the key frame is looked for, twice as far each time. */
const LOOK_BACK_MS = 15_000;
const LOOK_AHEAD_MS = 500;

export type TrimNeeds = WorkNeeds & Pick<EditsNeeds, "ids">;

interface Cut {
  start_ms: number;
  end_ms: number;
}

/**
 * Cuts the source by copying, and puts what is cut where an upload would lie; then it is made playable as an upload is. Its
 * name is the edit's from the start, so that a second try writes the same blob, and one that nobody goes on with is an orphan.
 */
export function trimVideoJob(needs: TrimNeeds): JobKind {
  return {
    name: TRIM_VIDEO,
    class: "batch",
    tries_max: 3,
    lease_ms: 20_000,
    run_ms_max: 2 * HOUR_MS,
    concurrency_max: 1,
    tenant_concurrency_max: 1,
    backoff: { base_ms: 1_000, delay_ms_max: 60_000 },
    async onDead(tx, payload) {
      const edit = await store.lockOpenEdit(tx, String(payload.edit_id) as EditId);
      const detail = "The house tried several times and could not cut this film. Try again later.";
      if (edit) await giveUp(tx, edit, { code: "media.gave_up", detail }, edit.owner_id, needs);
    },
    async handle(payload, run) {
      const id = String(payload.edit_id) as EditId;
      const edit = await store.findEdit(needs.sql.pool, id);
      if (edit?.status !== "cutting") return;
      try {
        await trim(edit, run, needs);
      } catch (error) {
        if (run.signal.aborted) throw error;
        const failure = failureOf(error);
        if (!failure) throw error;
        await needs.blobs.delete([uploadBlob(edit.upload_id)]);
        await run.fenced(async (tx) => {
          const now = await store.lockOpenEdit(tx, id);
          if (now) await giveUp(tx, now, failure, now.owner_id, needs);
        });
      }
    },
  };
}

const failureOf = (error: unknown): { code: string; detail: string } | null =>
  (error instanceof MediaRefusal && error.lasting) || (error instanceof Problem && error.status < 500)
    ? { code: error.code, detail: error.detail }
    : null;

async function trim(edit: store.EditRow, run: JobRun, needs: TrimNeeds): Promise<void> {
  const { sql, blobs, sandbox, clock, tools } = needs;
  if (!tools) throw new Error("there is no ffmpeg on this node");
  const video = await videos.findVideo(sql.pool, edit.video_id);
  if (!video?.source || video.upload_id === null) throw notFound("video");
  await checkRoom(needs);
  await using scratch = await openScratch(needs.scratch_folder, run);
  const folder = join(scratch.path, "cut");
  await mkdir(folder);
  let film: CutFilm;
  let cut: Cut;
  {
    await using file = await blobs.localFile(uploadBlob(video.upload_id));
    const on = { sandbox, clock, tools };
    const asked = { start_ms: edit.start_ms!, end_ms: edit.end_ms! };
    const keys = await keyFrameBefore(asked.start_ms, (from, until) =>
      keyFramesOfPackets(on, file.path, video.source!, from, until, run.signal),
    );
    film = await cutFilm(on, file.path, video.source, { ...asked, ...keys }, folder, { signal: run.signal });
    // What was cut is looked at like any file: what cannot be played is not put in a good film's place.
    const { duration_ms }: Probe = await probeVideo(on, film.path, { signal: run.signal });
    cut = { start_ms: film.start_ms, end_ms: film.start_ms + duration_ms };
  }
  await blobs.put(uploadBlob(edit.upload_id), { path: film.path }, { media_type: film.media_type });
  const room_bytes = await roomOf(needs.limits, edit.owner_id);
  await run.fenced((tx) => settle(tx, edit.id, film, cut, room_bytes, needs));
}

async function keyFrameBefore(
  start_ms: number,
  look: (from_ms: number, until_ms: number) => Promise<number[]>,
): Promise<{ key_ms: number; next_key_ms: number | null }> {
  for (let back_ms = LOOK_BACK_MS; ; back_ms *= 2) {
    const from_ms = Math.max(0, start_ms - back_ms);
    const found = await look(from_ms, start_ms + LOOK_AHEAD_MS);
    const key_ms = found.findLast((at_ms) => at_ms <= start_ms);
    const next_key_ms = found.find((at_ms) => at_ms > (key_ms ?? 0)) ?? null;
    if (key_ms !== undefined || from_ms === 0) return { key_ms: key_ms ?? 0, next_key_ms };
  }
}

/** The upload's row, and what is made of it, in one. */
async function settle(
  tx: Query,
  id: EditId,
  film: CutFilm,
  cut: Cut,
  room_bytes: number,
  needs: TrimNeeds,
): Promise<void> {
  const { clock, jobs, limits } = needs;
  const edit = await store.lockOpenEdit(tx, id);
  const video = edit && (await videos.lockVideo(tx, edit.video_id));
  if (!edit || !video) return;
  const { owner_id, upload_id } = edit;
  const at = new Date(clock.now());
  await checkQuota(tx, owner_id, film.size_bytes, room_bytes, limits);
  await insertUpload(tx, {
    id: upload_id,
    owner_id,
    kind: "video",
    filename: film.media_type === "video/mp4" ? "cut.mp4" : "cut.mkv",
    media_type: film.media_type,
    size_bytes: film.size_bytes,
    ...cutOf(film.size_bytes),
    multipart_id: "cut",
    state: "open",
    created_at: at,
    expires_at: new Date(at.getTime() + limits.upload_kept_ms),
    used_at: null,
    door: "parts",
    sized: true,
    offset_bytes: 0,
    space_id: null,
    becomes: null,
    told: null,
    object_key: null,
    source_url: null,
    source_etag: null,
    job_id: null,
    failure_code: null,
    failure_detail: null,
  });
  await markComplete(tx, upload_id, at);
  await markUsed(tx, upload_id, at);
  await store.setCut(tx, id, cut);
  if (edit.save_as === "replace") {
    await prepare(tx, edit, video, needs);
    return;
  }
  await store.markDone(tx, id, at, await asNew(tx, { ...edit, upload_id }, video, cut, needs));
  await needs.tell(tx, { type: "media.video_changed", version: 1, data: { video_id: video.id, owner_id } });
  await lookBeside(tx, jobs, video.id);
}

/** A film of its own, which only its owner sees until they say otherwise. */
async function asNew(tx: Query, edit: store.EditRow, video: videos.VideoRow, cut: Cut, needs: TrimNeeds) {
  const { jobs, ids, tell, clock } = needs;
  const { owner_id } = video;
  const id = ids.next<"video">();
  const created_at = new Date(clock.now());
  const seen = { audience: "private" as const, space_id: null };
  await videos.insertVideo(tx, {
    id,
    owner_id,
    upload_id: edit.upload_id,
    title: edit.title ?? video.title,
    description: video.description,
    ...seen,
    place: newPlace("videos", id, false),
    hidden_at: video.hidden_at,
    created_at,
  });
  if (edit.keep_texts) await moveTexts(tx, video.id, id, cut.start_ms, cut.end_ms, created_at);
  await startWork(tx, jobs, id, owner_id, PROBE_VIDEO);
  await tell(tx, { type: "media.video_created", version: 1, data: { video_id: id, owner_id } });
  return id;
}
