import type { VideoId } from "#kernel/ids.ts";
import { HOUR_MS, SECOND_MS } from "#kernel/time.ts";
import type { JobKind, JobRun, Jobs } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { FILL_PATIENCE_MS, FILL_RUN_MS, FILL_SEGMENTS, FILL_SOUND_SEGMENTS, MAKE_WAIT_MS_MAX } from "../bounds.ts";
import { isSound } from "../encode/playlist.ts";
import { onDeadVideo, orFail, VideoGone } from "../videos/fail.ts";
import { startWork } from "../videos/index.ts";
import { progressOf } from "../videos/present.ts";
import { publishVideo } from "../videos/publish.ts";
import { isAv1Rung, missingSegments, type RungRow, rungsOf } from "../videos/rungs.ts";
import * as store from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";
import { makeStretch, soundsFirst } from "./ahead.ts";
import { fitUpperRungs } from "./fit.ts";
import { MAKE_SEGMENT } from "./index.ts";
import { isCopied, isMakeable, type Makeable } from "./run.ts";

export const FILL_VIDEO = "media.fill";

/** It is watched: its upper rungs are made ahead of time too, before others of a lower priority. Asking again changes nothing. */
export async function wantRungs(tx: Query, jobs: Jobs, id: VideoId, at: Date, priority = 0): Promise<void> {
  const video = await store.lockVideo(tx, id);
  if (!isMakeable(video) || video.wanted_at !== null) return;
  await store.setWanted(tx, id, at);
  // What is being made goes on with them by itself.
  if (video.status === "ready") await startWork(tx, jobs, id, video.owner_id, FILL_VIDEO, { priority });
}

/** Fills what is missing of a video, behind everybody who waits, and lets other videos have their turn every minute. */
export function fillJobs(needs: WorkNeeds): JobKind[] {
  const { making } = needs;
  return [
    {
      name: FILL_VIDEO,
      class: "batch",
      tries_max: 3,
      // Short, so that what a crash interrupted goes on soon; the runner renews it.
      lease_ms: 20_000,
      run_ms_max: HOUR_MS,
      concurrency_max: 1,
      backoff: { base_ms: 1_000, delay_ms_max: 60_000 },
      async onDead(tx, payload, reason) {
        await onDeadVideo(needs)(tx, payload, reason);
        // What was ready stays ready; its upper rungs can be wanted again.
        await store.giveUpWanted(tx, String(payload.video_id) as VideoId);
      },
      async handle(payload, run) {
        const id = String(payload.video_id) as VideoId;
        const video = await store.findVideo(needs.sql.pool, id);
        if (!isMakeable(video) || video.early) return;
        if (video.status === "processing") await orFail(id, run, needs, () => fill(video, run, needs));
        else await fill(video, run, needs);
      },
    },
    {
      name: MAKE_SEGMENT,
      class: "interactive",
      tries_max: 1,
      lease_ms: 20_000,
      run_ms_max: 2 * MAKE_WAIT_MS_MAX,
      concurrency_max: 8,
      async handle({ video_id, rung, k }, run) {
        await making.makeFor(String(video_id) as VideoId, { rung: String(rung), k: Number(k) }, run.signal);
      },
    },
  ];
}

async function fill(video: Makeable, run: JobRun, needs: WorkNeeds): Promise<void> {
  const { sql, clock, jobs } = needs;
  const { id, owner_id } = video;
  let told_ms = clock.monotonic();
  /** Whoever waits for news of it gets them once a second. */
  const onKept = async () => {
    if (clock.monotonic() - told_ms < SECOND_MS) return;
    told_ms = clock.monotonic();
    await store.touch(sql.pool, id);
  };
  const began_ms = clock.monotonic();
  for (;;) {
    run.signal.throwIfAborted();
    const now = await store.findVideo(sql.pool, id);
    if (!isMakeable(now)) return;
    const rungs = (await rungsOf(sql.pool, [id])).get(id) ?? [];
    const eager = rungs.filter((rung) => rung.eager);
    const left = await nextStretch(now, eager, needs);
    run.progress(progressOf(rungs));
    if (left) await makeNext(now, left, onKept, run, needs);
    else if (now.status === "processing" && !now.ladder.before_fit) await fitUpperRungs(now, run, needs);
    else if (now.status === "processing") await finish(id, run, needs);
    else {
      const upper = now.wanted_at === null ? [] : rungs.filter((rung) => !eager.includes(rung) && !isAv1Rung(rung));
      const next = await nextStretch(now, upper, needs);
      if (!next) return run.fenced((tx) => store.setJob(tx, id, null));
      await makeNext(now, next, onKept, run, needs);
    }
    if (clock.monotonic() - began_ms > FILL_RUN_MS) {
      // Fresh tries, and a place at the end of the line: a long film keeps nobody else waiting.
      return run.fenced(async (tx) => {
        if (await store.lockVideo(tx, id)) await startWork(tx, jobs, id, owner_id, FILL_VIDEO);
      });
    }
  }
}

/** What is copied costs nothing to make when it is asked for. */
const isEncoded = ({ ladder }: Makeable, { rung }: RungRow): boolean => !isCopied(ladder, rung);

interface Next {
  tracks: string[];
  from: number;
  until: number;
}

/** The first stretch of these tracks in which something is missing, sounds first; null when all is there. */
export async function nextStretch(
  video: Makeable,
  rungs: RungRow[],
  { sql }: Pick<WorkNeeds, "sql">,
): Promise<Next | null> {
  const names = rungs.filter((rung) => !rung.complete_at && isEncoded(video, rung)).map(({ rung }) => rung);
  for (const tracks of soundsFirst(video, names)) {
    const length = isSound(video.ladder, tracks[0]!) ? FILL_SOUND_SEGMENTS : FILL_SEGMENTS;
    const missing = await missingSegments(sql.pool, video.id, { rungs: tracks, from: 0, limit: length });
    const [first] = missing;
    if (!first) continue;
    // Up to the first segment that all of them have: what is there is not decoded again.
    const stop = missing.findIndex(({ k }, i) => k !== first.k + i);
    const here = stop < 0 ? missing : missing.slice(0, stop);
    const wanted = new Set(here.flatMap((segment) => segment.rungs));
    return { tracks: tracks.filter((track) => wanted.has(track)), from: first.k, until: first.k + here.length };
  }
  return null;
}

export async function makeNext(
  video: Makeable,
  next: Next,
  onKept: () => Promise<void>,
  run: JobRun,
  needs: WorkNeeds,
  nice = 15,
): Promise<void> {
  await needs.making.quiet.wait(run.signal);
  const made = await makeStretch(needs.making.ground, video, {
    ...next,
    nice,
    patience_ms: FILL_PATIENCE_MS,
    signal: run.signal,
    onKept,
  });
  // Others are at all of it; their segments are stored in a moment, or theirs no more.
  if (!made) await needs.clock.sleep(200, run.signal);
}

/** The eager part is whole: the video is ready. */
async function finish(id: VideoId, run: JobRun, { clock, tell, jobs }: WorkNeeds): Promise<void> {
  await run.fenced(async (tx) => {
    const now = await store.lockVideo(tx, id);
    if (now?.status !== "processing") throw new VideoGone();
    await store.markReady(tx, id, new Date(clock.now()));
    if (now.wanted_at !== null) await startWork(tx, jobs, id, now.owner_id, FILL_VIDEO);
    await publishVideo(tx, jobs, id);
    await tell(tx, { type: "media.video_ready", version: 1, data: { video_id: id, owner_id: now.owner_id } });
  });
}
