import type { VideoId } from "#kernel/ids.ts";
import { HOUR_MS, SECOND_MS } from "#kernel/time.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";

import { segmentSeconds } from "../encode/grid.ts";
import type { Ladder } from "../encode/ladder.ts";
import { isSound, type Measured, namesOf, segmentsOf } from "../encode/playlist.ts";
import type { Probe } from "../encode/probe.ts";
import { type MadeFile, transcode } from "../encode/transcode.ts";
import { belongsInPublic, isPublicPlace, type Place } from "../places.ts";
import { openScratch } from "../scratch.ts";
import { moveVideo } from "../upkeep/move.ts";
import { uploadBlob } from "../uploads/index.ts";
import type { WorkNeeds } from "../work.ts";
import { checkRoom, onDeadVideo, orFail, VideoGone } from "./fail.ts";
import { MOVE_VIDEO, startWork } from "./index.ts";
import { measure, publishMaster, publishTrack } from "./publish.ts";
import { insertSegment, markRungComplete, rungsOf } from "./rungs.ts";
import * as store from "./store.ts";

/** The lowest rung and the sound: what a viewer waits for. */
export const MAKE_FIRST = "media.transcode_first";
/** All other rungs, in one decode. */
export const MAKE_REST = "media.transcode";

/** While the first rung grows its list is written again at most so often; a film of two hours has 1,800 segments. */
const PUBLISH_EVERY_MS = SECOND_MS;
/** A source that takes longer than this to encode is beyond what one house should do; it fails and says so. */
const RUN_MS_MAX = 24 * HOUR_MS;

export function transcodeJobs(needs: WorkNeeds): JobKind[] {
  const base = {
    tries_max: 6,
    // Short, so that what a crash interrupted goes on soon; the runner renews it.
    lease_ms: 20_000,
    run_ms_max: RUN_MS_MAX,
    backoff: { base_ms: 1_000, delay_ms_max: 60_000 },
    onDead: onDeadVideo(needs),
  };
  return [
    {
      ...base,
      name: MAKE_FIRST,
      class: "interactive",
      concurrency_max: 2,
      handle: (payload, run) => make(String(payload.video_id) as VideoId, "first", run, needs),
    },
    {
      ...base,
      name: MAKE_REST,
      class: "batch",
      concurrency_max: 1,
      handle: (payload, run) => make(String(payload.video_id) as VideoId, "rest", run, needs),
    },
  ];
}

async function make(id: VideoId, step: "first" | "rest", run: JobRun, needs: WorkNeeds): Promise<void> {
  const video = await store.findVideo(needs.sql.pool, id);
  const { source, ladder, upload_id } = video ?? {};
  if (video?.status !== "processing" || !source || !ladder || !upload_id) return;
  await orFail(id, run, needs, async () => {
    const making = createMaking(video, source, ladder, step, run, needs);
    await making.encode(uploadBlob(upload_id));
    await making.finish();
  });
}

/** One step of one video by one attempt. Goes on after the segments that are committed, whoever made them. */
function createMaking(
  video: store.VideoRow,
  source: Probe,
  ladder: Ladder,
  step: "first" | "rest",
  run: JobRun,
  needs: WorkNeeds,
) {
  const { sql, blobs, clock, tell, tools } = needs;
  const { id, owner_id } = video;
  const names = namesOf(ladder);
  const lowest = ladder.rungs[0]!.name;
  const rungs = step === "first" ? [lowest] : ladder.rungs.slice(1).map((rung) => rung.name);
  const sounds = step === "first" ? ladder.sounds.map((sound) => sound.name) : [];
  const tracks = [...sounds, ...rungs];
  const done = new Map<string, number>();
  let place: Place = video.place;
  let playable = video.playable_at !== null;
  let published_ms = Number.NEGATIVE_INFINITY;

  return { encode, finish };

  async function encode(source_name: string): Promise<void> {
    if (!tools) throw new Error("there is no ffmpeg on this node");
    for (const row of (await rungsOf(sql.pool, [id])).get(id) ?? []) done.set(row.rung, row.segments_done);
    const from = Math.min(...tracks.map((track) => (isDone(track) ? ladder.grid.segments : (done.get(track) ?? 0))));
    if (from >= ladder.grid.segments) return;
    await using scratch = await openScratch(needs.scratch_folder, run);
    await using file = await blobs.localFile(source_name);
    await transcode(
      { sandbox: needs.sandbox, clock, tools },
      {
        source_path: file.path,
        probe: source,
        ladder,
        tracks,
        from,
        folder: scratch.path,
        onFile: commit,
        onProgress: (share) => run.progress((from + share * (ladder.grid.segments - from)) / ladder.grid.segments),
        signal: run.signal,
        // Whoever waits for a page, or for a first rung, goes before the rest.
        nice: step === "first" ? 5 : 15,
      },
    );
  }

  /** The blob, then its row, then the list: a crash between any two redoes at most this one segment. */
  async function commit(file: MadeFile): Promise<void> {
    const { track, bytes } = file;
    const media_type = isSound(ladder, track) ? "audio/mp4" : "video/mp4";
    if (file.kind === "init") {
      await blobs.put(place + names.init(track), bytes, { media_type });
      return;
    }
    const k = file.index;
    if (k < (done.get(track) ?? 0)) return;
    await checkRoom(needs);
    await blobs.put(place + names.segment(track, k), bytes, { media_type });
    const now = await run.fenced(async (tx) => {
      const now = await store.lockVideo(tx, id);
      if (now?.status !== "processing") return null;
      const duration_ms = Math.max(1, Math.round(segmentSeconds(ladder.grid, k) * 1000));
      await insertSegment(tx, id, track, { k, bytes: bytes.length, duration_ms });
      return now;
    });
    // The deletion's own job may have passed before this blob was put.
    if (!now) {
      await blobs.deletePrefix(place);
      throw new VideoGone();
    }
    done.set(track, k + 1);
    if (belongsInPublic(now) !== isPublicPlace(place)) place = await moveVideo(now, run, needs);
    if (step === "first") await showGrowing();
  }

  /** From the first segment on there is something to play; its list grows until the rung is whole. */
  async function showGrowing(): Promise<void> {
    const now_ms = clock.monotonic();
    if (now_ms - published_ms < PUBLISH_EVERY_MS || tracks.some((track) => (done.get(track) ?? 0) === 0)) return;
    published_ms = now_ms;
    for (const track of tracks) await publishTrack(blobs, place, ladder, track, done.get(track) ?? 0);
    if (playable) return;
    await publishMaster(blobs, place, ladder, new Set([lowest]), new Map());
    playable = true;
    await run.fenced(async (tx) => {
      if (await store.markPlayable(tx, id, new Date(clock.now()))) {
        await tell(tx, { type: "media.video_playable", version: 1, data: { video_id: id, owner_id } });
      }
    });
  }

  async function finish(): Promise<void> {
    const missing = tracks.find((track) => !isDone(track));
    if (missing !== undefined) throw new Error(`the track ${missing} of video ${id} ended early`);
    const measured = new Map<string, Measured>();
    for (const rung of [lowest, ...rungs]) measured.set(rung, await measure(sql.pool, id, ladder, rung));
    for (const track of tracks) await publishTrack(blobs, place, ladder, track, segmentsOf(ladder, track));
    await publishMaster(blobs, place, ladder, new Set([lowest, ...rungs]), measured);
    const whole = step === "rest" || ladder.rungs.length === 1;
    await run.fenced(async (tx) => {
      const now = await store.lockVideo(tx, id);
      if (now?.status !== "processing") throw new VideoGone();
      const at = new Date(clock.now());
      for (const track of tracks) {
        const bitrate_bps = measured.get(track)?.average_bps ?? ladder.sounds[0]?.bitrate_bps ?? 0;
        await markRungComplete(tx, id, track, { segment_count: segmentsOf(ladder, track), bitrate_bps, at });
      }
      if (await store.markPlayable(tx, id, at)) {
        await tell(tx, { type: "media.video_playable", version: 1, data: { video_id: id, owner_id } });
      }
      if (!whole) return startWork(tx, needs.jobs, id, owner_id, MAKE_REST);
      await store.markReady(tx, id, at);
      // Its audience may have changed after the last segment was committed.
      if (belongsInPublic(now) !== isPublicPlace(now.place)) await needs.jobs.enqueue(tx, MOVE_VIDEO, { video_id: id });
      await tell(tx, { type: "media.video_ready", version: 1, data: { video_id: id, owner_id } });
    });
  }

  function isDone(track: string): boolean {
    return (done.get(track) ?? 0) >= segmentsOf(ladder, track);
  }
}
