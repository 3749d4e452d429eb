import { notFound } from "#kernel/errors.ts";
import type { UploadId, VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { borrowSource } from "../early/view.ts";
import { fileSource, withCopies } from "../encode/copy/index.ts";
import { type Ladder, planLadder, type Rung } from "../encode/ladder.ts";
import { segmentsOf } from "../encode/playlist.ts";
import { type Probe, probeVideo } from "../encode/probe.ts";
import type { MediaLimits } from "../limits.ts";
import { makeAhead } from "../making/ahead.ts";
import { FILL_VIDEO } from "../making/fill.ts";
import type { Place } from "../places.ts";
import { uploadBlob } from "../uploads/index.ts";
import type { WorkNeeds } from "../work.ts";
import { checkRoom, onDeadVideo, orFail, VideoGone } from "./fail.ts";
import { PROBE_VIDEO, startWork } from "./index.ts";
import { MAKE_POSTER } from "./poster.ts";
import { writeLists } from "./publish.ts";
import { insertRung } from "./rungs.ts";
import * as store from "./store.ts";

/** Looks at the file, plans what to make of it, shows it, and makes its beginning; or says why not. */
export function probeVideoJob(needs: WorkNeeds): JobKind {
  return {
    name: PROBE_VIDEO,
    class: "interactive",
    tries_max: 3,
    lease_ms: 20_000,
    run_ms_max: 10 * MINUTE_MS,
    concurrency_max: 2,
    backoff: { base_ms: 500, delay_ms_max: 30_000 },
    onDead: onDeadVideo(needs),
    async handle(payload, run) {
      const id = String(payload.video_id) as VideoId;
      const video = await store.findVideo(needs.sql.pool, id);
      if (video?.status !== "processing") return;
      using _somebody = needs.making.quiet.disturb();
      await orFail(id, run, needs, async () => {
        await checkRoom(needs);
        const { source, ladder } = await planOf(video, run, needs);
        await publishPlan(id, source, ladder, run, needs);
        await makeAhead(needs.making.ground, id, run.signal);
      });
    },
  };
}

/** The lists first, then the row that tells of them; where the video moved between the two, both again. */
async function publishPlan(id: VideoId, source: Probe, ladder: Ladder, run: JobRun, needs: WorkNeeds): Promise<void> {
  for (;;) {
    const place = (await store.findVideo(needs.sql.pool, id))?.place;
    if (place === undefined) throw new VideoGone();
    await writeLists(needs.blobs, place, ladder);
    const planned = await run.fenced((tx) => plan(tx, id, place, source, ladder, needs));
    if (planned) return;
    await needs.blobs.deletePrefix(place);
  }
}

/** A retry goes on with the plan that it had: its segments have names that come from it. */
async function planOf(
  video: store.VideoRow,
  run: JobRun,
  needs: WorkNeeds,
): Promise<{ source: Probe; ladder: Ladder }> {
  const { sandbox, clock, tools, making } = needs;
  if (video.source && video.ladder) return { source: video.source, ladder: video.ladder };
  if (!tools) throw new Error("there is no ffmpeg on this node");
  if (video.upload_id === null) throw new VideoGone();
  const { upload_id, early } = video;
  await using file = await borrowSource(making.ground, { upload_id, early });
  const source = await probeVideo({ sandbox, clock, tools }, file.path, { signal: run.signal });
  await using bytes = await fileSource(file.path, file.partial?.ranges);
  const { ladder } = await withCopies(planLadder(source, await identityOf(upload_id, early, needs)), source, bytes);
  return { source, ladder };
}

/** What names the bytes that segments are made of: one upload has only one film in it, begun early or not. */
async function identityOf(upload_id: UploadId, early: boolean, { blobs }: WorkNeeds): Promise<string> {
  if (early) return `upload ${upload_id}`;
  const head = await blobs.head(uploadBlob(upload_id));
  if (!head) throw notFound("blob");
  return head.etag;
}

/** @returns false when it does not lie in this place any more */
/** What is copied costs nothing to make when it is asked for. */
const isEager = ({ kind, codec, width, height }: Rung, { eager_side_px_max }: MediaLimits): boolean =>
  kind === "encode" && codec === "h264" && Math.min(width, height) <= eager_side_px_max;

async function plan(
  tx: Query,
  id: VideoId,
  place: Place,
  source: Probe,
  ladder: Ladder,
  { jobs, clock, tell, limits }: WorkNeeds,
): Promise<boolean> {
  const video = await store.lockVideo(tx, id);
  if (video?.status !== "processing") throw new VideoGone();
  if (video.place !== place) return false;
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
      // The lowest always: it is what plays while all else is missing.
      eager: isEager(rung, limits) || (rung === ladder.rungs[0] && rung.kind === "encode"),
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
      eager: !sound.copied,
      segment_count: segmentsOf(ladder, sound.name),
    });
  }
  const { owner_id } = video;
  if (await store.markPlayable(tx, id, new Date(clock.now())))
    await tell(tx, { type: "media.video_playable", version: 1, data: { video_id: id, owner_id } });
  // The rest begins when all of the file is there (`wholeArrived`).
  if (video.early) return true;
  await startWork(tx, jobs, id, owner_id, FILL_VIDEO);
  if (video.poster_bytes === null) await jobs.enqueue(tx, MAKE_POSTER, { video_id: id }, { tenant: owner_id });
  return true;
}
