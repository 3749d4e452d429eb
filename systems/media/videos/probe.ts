import { notFound } from "#kernel/errors.ts";
import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { type Ladder, planLadder } from "../encode/ladder.ts";
import { segmentsOf } from "../encode/playlist.ts";
import { type Probe, probeVideo } from "../encode/probe.ts";
import { uploadBlob } from "../uploads/index.ts";
import type { WorkNeeds } from "../work.ts";
import { checkRoom, onDeadVideo, orFail, VideoGone } from "./fail.ts";
import { PROBE_VIDEO, startWork } from "./index.ts";
import { MAKE_POSTER } from "./poster.ts";
import { insertRung } from "./rungs.ts";
import * as store from "./store.ts";
import { MAKE_FIRST } from "./transcode.ts";

/** Looks at the file, plans what to make of it, and queues that; or says why not. */
export function probeVideoJob(needs: WorkNeeds): JobKind {
  return {
    name: PROBE_VIDEO,
    class: "interactive",
    tries_max: 4,
    lease_ms: 20_000,
    run_ms_max: 10 * MINUTE_MS,
    concurrency_max: 2,
    backoff: { base_ms: 500, delay_ms_max: 30_000 },
    onDead: onDeadVideo(needs),
    async handle(payload, run) {
      const id = String(payload.video_id) as VideoId;
      const video = await store.findVideo(needs.sql.pool, id);
      if (video?.status !== "processing") return;
      await orFail(id, run, needs, async () => {
        await checkRoom(needs);
        const { source, ladder } = await planOf(video, run, needs);
        await run.fenced((tx) => plan(tx, id, source, ladder, needs));
      });
    },
  };
}

/** A retry goes on with the plan that it had: its segments have names that come from it. */
async function planOf(
  video: store.VideoRow,
  run: JobRun,
  { blobs, sandbox, clock, tools }: WorkNeeds,
): Promise<{ source: Probe; ladder: Ladder }> {
  if (video.source && video.ladder) return { source: video.source, ladder: video.ladder };
  if (!tools) throw new Error("there is no ffmpeg on this node");
  if (video.upload_id === null) throw new VideoGone();
  await using file = await blobs.localFile(uploadBlob(video.upload_id));
  const source = await probeVideo({ sandbox, clock, tools }, file.path, { signal: run.signal });
  const head = await blobs.head(uploadBlob(video.upload_id));
  if (!head) throw notFound("blob");
  return { source, ladder: planLadder(source, head.etag) };
}

async function plan(tx: Query, id: VideoId, source: Probe, ladder: Ladder, { jobs }: WorkNeeds): Promise<void> {
  const video = await store.lockVideo(tx, id);
  if (video?.status !== "processing") throw new VideoGone();
  const { duration_ms, width, height } = source;
  await store.setPlan(tx, id, { source, ladder, duration_ms, width, height });
  let position = 0;
  for (const rung of ladder.rungs) {
    await insertRung(tx, {
      video_id: id,
      rung: rung.name,
      kind: "video",
      position: position++,
      width: rung.width,
      height: rung.height,
      bitrate_bps: rung.maxrate_bps,
      codecs: rung.codecs,
      segment_count: segmentsOf(ladder, rung.name),
    });
  }
  for (const sound of ladder.sounds) {
    await insertRung(tx, {
      video_id: id,
      rung: sound.name,
      kind: "audio",
      position: position++,
      width: null,
      height: null,
      bitrate_bps: sound.bitrate_bps,
      codecs: sound.codecs,
      segment_count: segmentsOf(ladder, sound.name),
    });
  }
  await startWork(tx, jobs, id, video.owner_id, MAKE_FIRST);
  if (video.poster_bytes === null) await jobs.enqueue(tx, MAKE_POSTER, { video_id: id }, { tenant: video.owner_id });
}
