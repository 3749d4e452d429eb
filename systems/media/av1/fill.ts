import { Permanent } from "#kernel/errors.ts";
import type { PersonId, VideoId } from "#kernel/ids.ts";
import { HOUR_MS } from "#kernel/time.ts";
import type { JobKind, JobRun, Jobs } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { FILL_RUN_MS } from "../bounds.ts";
import { isAv1, planAv1 } from "../encode/av1.ts";
import { segmentsOf } from "../encode/playlist.ts";
import { MediaRefusal } from "../encode/tools.ts";
import { makeNext, nextStretch } from "../making/fill.ts";
import { isMakeable, type Makeable } from "../making/run.ts";
import { PRIORITY_MAX } from "../storage/bounds.ts";
import { VideoGone } from "../videos/fail.ts";
import { insertRung, isAv1Rung, rungsOf } from "../videos/rungs.ts";
import * as store from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";
import { TRIES_MAX } from "./bounds.ts";
import { noteGivenUp, setJob } from "./store.ts";

export const FILL_AV1 = "media.fill_av1";

/** Behind every other fill, the most watched of them first. */
export async function fillLater(
  tx: Query,
  jobs: Jobs,
  video: { id: VideoId; owner_id: PersonId },
  priority: number,
): Promise<void> {
  const { id, owner_id } = video;
  const job_id = await jobs.enqueue(
    tx,
    FILL_AV1,
    { video_id: id, priority },
    { tenant: owner_id, priority: priority - PRIORITY_MAX - 1 },
  );
  await setJob(tx, id, job_id);
}

/**
 * Makes a film's AV1 rungs, in runs of their own and behind all else; the lists name one when its last segment is stored. What goes
 * wrong here is noted and leaves the film as it is.
 */
export function fillAv1Job(needs: WorkNeeds): JobKind {
  const { sql, clock } = needs;
  return {
    name: FILL_AV1,
    class: "batch",
    tries_max: TRIES_MAX,
    lease_ms: 20_000,
    run_ms_max: HOUR_MS,
    concurrency_max: 1,
    backoff: { base_ms: 1_000, delay_ms_max: 60_000 },
    async onDead(tx, payload, reason) {
      await noteGivenUp(tx, String(payload.video_id) as VideoId, reason, new Date(clock.now()));
    },
    async handle(payload, run) {
      // Another node's ffmpeg may; this one is not asked again before the next offer.
      if (!needs.tools?.can_av1) return;
      const id = String(payload.video_id) as VideoId;
      try {
        await planned(id, run, needs);
        const more = await fill(id, run, needs);
        // Fresh tries, and a place at the end of the line.
        if (more) await run.fenced((tx) => fillLater(tx, needs.jobs, more, Number(payload.priority)));
      } catch (error) {
        if (error instanceof VideoGone) return;
        if (error instanceof MediaRefusal && error.code === "media.no_space") return;
        if (error instanceof MediaRefusal && error.lasting && !run.signal.aborted) throw new Permanent(error.message);
        throw error;
      }
    },
  };

  /** @returns the film where its time is over and something is missing still; null where nothing is, or it is not its turn */
  async function fill(id: VideoId, run: JobRun, needs: WorkNeeds): Promise<Makeable | null> {
    const began_ms = clock.monotonic();
    for (;;) {
      run.signal.throwIfAborted();
      const now = await store.findVideo(sql.pool, id);
      if (!mayFill(now)) return null;
      // Where room is short these would be the first to go; both end with the next offer.
      if (await isShort()) return null;
      const rungs = ((await rungsOf(sql.pool, [id])).get(id) ?? []).filter(isAv1Rung);
      const next = await nextStretch(now, rungs, needs);
      if (!next) return null;
      if (clock.monotonic() - began_ms > FILL_RUN_MS) return now;
      await makeNext(now, next, async () => {}, run, needs, 19);
    }
  }

  async function isShort(): Promise<boolean> {
    const free_bytes = await needs.blobs.freeBytes();
    return free_bytes !== null && free_bytes < needs.limits.pressure_free_bytes;
  }
}

/** Its own rungs are made first: a fill of those that is under way or waits has its turn. */
const mayFill = (video: store.VideoRow | null): video is Makeable =>
  isMakeable(video) && video.status === "ready" && !video.early && video.job_id === null;

/** Adds the rungs to the plan, once. @throws VideoGone where there is nothing to add them to, or not now */
async function planned(id: VideoId, run: JobRun, { limits }: WorkNeeds): Promise<void> {
  await run.fenced(async (tx) => {
    const video = await store.lockVideo(tx, id);
    if (!mayFill(video) || (limits.av1_views_min ?? 0) <= 0) throw new VideoGone();
    const { ladder } = video;
    if (ladder.rungs.some(isAv1)) return;
    const added = planAv1(ladder);
    if (added.length === 0) return;
    await store.setLadder(tx, id, { ...ladder, rungs: [...ladder.rungs, ...added] });
    const rows = (await rungsOf(tx, [id])).get(id) ?? [];
    let position = Math.max(...rows.map((row) => row.position)) + 1;
    for (const { name, width, height, maxrate_bps, codecs } of added) {
      await insertRung(tx, {
        video_id: id,
        rung: name,
        kind: "video",
        // Behind all others: the first to be given back.
        position: position++,
        width,
        height,
        bitrate_bps: maxrate_bps,
        codecs,
        eager: false,
        segment_count: segmentsOf({ ...ladder, rungs: added }, name),
      });
    }
  });
}
