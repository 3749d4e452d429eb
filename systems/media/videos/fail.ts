import { Problem } from "#kernel/errors.ts";
import type { VideoId } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, JobRun, Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { FAILURE_CHARS_MAX } from "../bounds.ts";
import type { Failure } from "../contract.ts";
import { namesOf } from "../encode/playlist.ts";
import { MediaRefusal } from "../encode/tools.ts";
import type { Tell } from "../events.ts";
import type { MediaLimits } from "../limits.ts";
import type { Uploads } from "../uploads/index.ts";
import { canPlayWhole } from "./present.ts";
import { publishVideo } from "./publish.ts";
import { deleteRungs, rungsOf } from "./rungs.ts";
import * as store from "./store.ts";

export interface FailNeeds {
  sql: Sql;
  blobs: Blobs;
  jobs: Jobs;
  clock: Clock;
  tell: Tell;
  uploads: Uploads;
  limits: MediaLimits;
}

/** The video was deleted while it was being made; whoever works on it stops. */
export class VideoGone extends Error {
  override readonly name = "VideoGone";
}

/** Runs a step of the making: what is the file's fault or the disk's ends as a failure with its reason; the rest is retried. */
export async function orFail(id: VideoId, run: JobRun, needs: FailNeeds, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (error instanceof VideoGone) return;
    // Cancelled, drained or out of time: not the file's fault.
    if (run.signal.aborted) throw error;
    const failure = await failureOf(error, needs);
    if (!failure) throw error;
    await failVideo(id, failure, run, needs);
  }
}

const NO_SPACE: Failure = {
  code: "media.no_space",
  detail: "The house's disk is nearly full, so this video could not be made playable. Try again when there is room.",
  can_retry: true,
};

async function failureOf(error: unknown, { blobs, limits }: FailNeeds): Promise<Failure | null> {
  if (error instanceof MediaRefusal) {
    if (error.code === "media.no_space") return NO_SPACE;
    return error.lasting ? { code: error.code, detail: error.detail, can_retry: false } : null;
  }
  if (error instanceof Problem && error.code === "blob.not_found") {
    return {
      code: "media.source_gone",
      detail: "The uploaded file is not there any more. Upload it again.",
      can_retry: false,
    };
  }
  const free = await blobs.freeBytes();
  return free !== null && free < limits.free_bytes_reserve ? NO_SPACE : null;
}

/** @throws MediaRefusal `media.no_space` before anything is written that could fill the disk */
export async function checkRoom({ blobs, limits }: Pick<FailNeeds, "blobs" | "limits">): Promise<void> {
  const free = await blobs.freeBytes();
  if (free !== null && free < limits.free_bytes_reserve) throw new MediaRefusal(NO_SPACE.code, NO_SPACE.detail, false);
}

/**
 * Ends the making. Nothing half stays: what is not a whole rung goes, rows first, so that a crash in between is a making
 * that begins again; and the source goes too unless trying again can help.
 */
async function failVideo(id: VideoId, failure: Failure, run: JobRun, needs: FailNeeds): Promise<void> {
  const left = await run.fenced(async (tx) => {
    const video = await store.lockVideo(tx, id);
    return video?.status === "processing" ? dropHalf(tx, video) : null;
  });
  if (!left) return;
  for (const prefix of left) await needs.blobs.deletePrefix(prefix);
  await run.fenced(async (tx) => {
    const video = await store.lockVideo(tx, id);
    if (video) await markFailed(tx, video, failure, needs);
  });
  // What somebody asked for in between was stored behind the first of the two. One that can be tried again may have begun.
  if (!failure.can_retry) for (const prefix of left) await needs.blobs.deletePrefix(prefix);
}

/**
 * Takes the rows of what is not whole, so that nothing names its blobs any more.
 * @returns the folders of those blobs, for the caller to delete
 */
export async function dropHalf(tx: Query, video: store.VideoRow): Promise<string[]> {
  const { id, place, ladder } = video;
  const rungs = (await rungsOf(tx, [id])).get(id) ?? [];
  const plays = canPlayWhole(rungs);
  const gone = rungs.filter((rung) => !plays || !rung.complete_at).map((rung) => rung.rung);
  await deleteRungs(tx, id, gone);
  if (!plays || !ladder) {
    await store.clearShown(tx, id);
    return [place];
  }
  const names = namesOf(ladder);
  return gone.map((track) => place + names.folder(track));
}

async function markFailed(
  tx: Query,
  video: store.VideoRow,
  failure: Failure,
  { clock, tell, uploads, jobs }: Pick<FailNeeds, "clock" | "tell" | "uploads" | "jobs">,
) {
  const { id, owner_id } = video;
  const detail = failure.detail.slice(0, FAILURE_CHARS_MAX);
  if (!(await store.markFailed(tx, id, { ...failure, detail }, new Date(clock.now())))) return;
  if (!failure.can_retry && video.upload_id !== null) {
    await store.clearSource(tx, id);
    await uploads.release(tx, video.upload_id);
  }
  // What is whole still plays; what its lists name besides will not come.
  if (video.playable_at !== null) await publishVideo(tx, jobs, id);
  await tell(tx, { type: "media.video_failed", version: 1, data: { video_id: id, owner_id, code: failure.code } });
}

/**
 * A job that gave up: the house's fault, so its owner may try again, and is told what was in the way where there are words
 * for it. What is made already is kept for that.
 */
export const onDeadVideo =
  (needs: Pick<FailNeeds, "clock" | "tell" | "uploads" | "jobs">): NonNullable<JobKind["onDead"]> =>
  async (tx, payload, reason) => {
    const video = await store.lockVideo(tx, String(payload.video_id) as VideoId);
    if (!video) return;
    const { code, detail } = lastReason(reason);
    await markFailed(tx, video, { code, detail: `${detail} ${GAVE_UP}`, can_retry: true }, needs);
  };

const GAVE_UP = "It was tried several times. Try again; if that does not help, tell whoever runs the house.";

/** A refusal says in its first words which one it is; all else is for the house's log, not for who sent the file. */
function lastReason(reason: string): { code: string; detail: string } {
  const [, code, detail] = /^((?:video|media)\.[a-z_]{1,40}): (.{10,300})$/s.exec(reason) ?? [];
  if (code === undefined || detail === undefined)
    return { code: "media.gave_up", detail: "Making this video playable failed." };
  return { code, detail };
}
