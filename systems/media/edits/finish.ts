import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { lookBeside } from "../beside.ts";
import { MOVED_KEPT_MS } from "../bounds.ts";
import { MEDIA_TOPIC } from "../events.ts";
import { belongsInPublic, DELETE_PLACE_LATER, isPublicPlace } from "../places.ts";
import { MOVE_VIDEO } from "../videos/index.ts";
import { MAKE_POSTER } from "../videos/poster.ts";
import { publishVideo } from "../videos/publish.ts";
import * as videos from "../videos/store.ts";
import type { WorkNeeds } from "../work.ts";
import type { EditId } from "./contract.ts";
import { FINISH_EDIT, giveUp } from "./index.ts";
import * as store from "./store.ts";
import { keepTexts } from "./texts.ts";

const ENDS = ["media.video_ready", "media.video_failed", "media.video_deleted"];

/** Hears of films that are being prepared, and of films that go while another is prepared for them. */
export function followPrepared({ log, jobs }: { log: Log; jobs: Jobs }): Disposable {
  return log.consume(MEDIA_TOPIC, "media.edits", async (batch, tx) => {
    for (const { type, data } of batch) {
      if (!ENDS.includes(type)) continue;
      const video_id = String(data.video_id) as VideoId;
      const edit =
        (await store.editOfShadow(tx, video_id)) ??
        (type === "media.video_deleted" ? await store.openEditOf(tx, video_id) : null);
      if (type === "media.video_deleted") await store.deleteEnded(tx, video_id);
      if (edit && edit.ended_at === null)
        await jobs.enqueue(tx, FINISH_EDIT, { edit_id: edit.id }, { unique_key: `${FINISH_EDIT}:${edit.id}` });
    }
  });
}

/** Ends an edit one way or the other, in one transaction: killed at any moment, the film has its old file or its new one. */
export function finishEditJob(needs: WorkNeeds): JobKind {
  return {
    name: FINISH_EDIT,
    class: "interactive",
    tries_max: 20,
    lease_ms: 20_000,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 2,
    async handle(payload, run) {
      await run.fenced((tx) => finish(tx, String(payload.edit_id) as EditId, needs));
    },
  };
}

async function finish(tx: Query, id: EditId, needs: WorkNeeds): Promise<void> {
  const edit = await store.lockOpenEdit(tx, id);
  if (!edit) return;
  const { owner_id } = edit;
  const video = await videos.lockVideo(tx, edit.video_id);
  if (!video) {
    await giveUp(tx, edit, { code: "video.not_found", detail: "The film was deleted." }, owner_id, needs);
    return store.deleteEnded(tx, edit.video_id);
  }
  const shadow = edit.shadow_id === null ? null : await videos.lockVideo(tx, edit.shadow_id);
  if (edit.shadow_id === null) return;
  if (!shadow)
    return giveUp(tx, edit, { code: "edit.cancelled", detail: "What was prepared was deleted." }, owner_id, needs);
  if (shadow.status === "failed") {
    const code = shadow.failure_code ?? "media.gave_up";
    const detail = shadow.failure_detail ?? "The new file could not be made playable.";
    return giveUp(tx, edit, { code, detail }, owner_id, needs);
  }
  if (shadow.status === "ready") await change(tx, edit, video, shadow, needs);
}

/** The two change places. What the old file was made into goes when nobody can hold an address of it any more. */
async function change(
  tx: Query,
  edit: store.EditRow,
  video: videos.VideoRow,
  shadow: videos.VideoRow,
  needs: WorkNeeds,
): Promise<void> {
  const { jobs, tell, clock, uploads } = needs;
  const { id, owner_id } = video;
  // Whoever still works on the old file stops; whatever it has not written yet has names that the film does not have any more.
  if (video.job_id !== null) await jobs.cancel(tx, video.job_id);
  await store.takeOver(tx, id, shadow.id);
  await keepTexts(tx, edit, needs);
  if (shadow.duration_ms !== null) await store.clipPositions(tx, id, shadow.duration_ms);
  if (video.upload_id !== null) await uploads.release(tx, video.upload_id);
  await jobs.enqueue(tx, DELETE_PLACE_LATER, { place: video.place }, { delay_ms: MOVED_KEPT_MS });
  if (belongsInPublic(video) !== isPublicPlace(shadow.place)) await jobs.enqueue(tx, MOVE_VIDEO, { video_id: id });
  if (shadow.poster_bytes === null) await jobs.enqueue(tx, MAKE_POSTER, { video_id: id }, { tenant: owner_id });
  await publishVideo(tx, jobs, id);
  await lookBeside(tx, jobs, id);
  await store.markDone(tx, edit.id, new Date(clock.now()), null);
  await tell(tx, { type: "media.video_changed", version: 1, data: { video_id: id, owner_id } });
  // To those who waited for it to be there at all, as after a failure.
  if (video.status !== "ready")
    await tell(tx, { type: "media.video_ready", version: 1, data: { video_id: id, owner_id } });
}
