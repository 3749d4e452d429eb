import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { Ids, PersonId, UploadId, VideoId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import type { Tell } from "../events.ts";
import { belongsInPublic, newPlace } from "../places.ts";
import type { Acceptance } from "../uploads/admission.ts";
import type { Uploads } from "../uploads/index.ts";
import { PROBE_VIDEO, removeVideo, startWork } from "../videos/index.ts";
import * as videos from "../videos/store.ts";
import { type EditId, TRIM_MS_MIN } from "./contract.ts";
import * as store from "./store.ts";

export interface Edits {
  /** @throws Problem 404, 409 `edit.open`, and what taking an upload throws */
  replace(owner_id: PersonId, id: VideoId, asked: { upload_id: UploadId; keep_texts: boolean }): Promise<store.EditRow>;
  /** @throws Problem 409 `edit.open`, `video.not_made`, `video.no_source`, 422 `edit.too_short` */
  trim(owner_id: PersonId, id: VideoId, asked: AskedTrim): Promise<store.EditRow>;
  list(id: VideoId): Promise<store.EditRow[]>;
  /** @throws Problem 404 `edit.not_found`, 409 `edit.ended` */
  cancel(video_id: VideoId, id: EditId, by: PersonId): Promise<void>;
}

export interface AskedTrim {
  start_ms: number;
  end_ms: number;
  save_as: "replace" | "new";
  title?: string | undefined;
  keep_texts: boolean;
}

export interface EditsNeeds {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  ids: Ids;
  tell: Tell;
  uploads: Uploads;
  acceptsVideo: () => Acceptance;
}

export const TRIM_VIDEO = "media.trim";
export const FINISH_EDIT = "media.finish_edit";
export const holderOfEdit = (id: EditId) => `edit:${id}`;
const EDITS_SHOWN = 20;

export function createEdits(needs: EditsNeeds): Edits {
  const { sql, jobs, clock, ids, uploads } = needs;

  const wanted = async (tx: Query, id: VideoId) => {
    const video = await videos.lockVideo(tx, id);
    if (!video) throw notFound("video");
    return video;
  };
  const accept = () => {
    const { accepted, because } = needs.acceptsVideo();
    if (!accepted) throw new Problem(503, "media.no_ffmpeg", because);
  };
  const begin = async (tx: Query, row: Parameters<typeof store.insertEdit>[1]): Promise<store.EditRow> => {
    if (!(await store.insertEdit(tx, row)))
      throw conflict("edit.open", "Another edit of this film is under way. Wait for its end, or give it up.");
    const edit = await store.findEdit(tx, row.id);
    if (!edit) throw notFound("edit");
    return edit;
  };

  return {
    async replace(owner_id, video_id, { upload_id, keep_texts }) {
      accept();
      return sql.tx(async (tx) => {
        const video = await wanted(tx, video_id);
        if (video.holder?.startsWith("edit:")) throw notFound("video");
        if (video.early) throw stillArriving();
        await uploads.take(tx, owner_id, upload_id, "video");
        const edit = await begin(tx, {
          id: ids.next<"edit">(),
          video_id,
          owner_id,
          kind: "replace",
          save_as: "replace",
          status: "preparing",
          start_ms: null,
          end_ms: null,
          title: null,
          keep_texts,
          upload_id,
          created_at: new Date(clock.now()),
        });
        return { ...edit, shadow_id: await prepare(tx, edit, video, needs) };
      });
    },

    async trim(owner_id, video_id, asked) {
      accept();
      return sql.tx(async (tx) => {
        const video = await wanted(tx, video_id);
        if (video.holder?.startsWith("edit:")) throw notFound("video");
        if (video.early) throw stillArriving();
        if (!video.source || video.duration_ms === null || video.status === "failed")
          throw conflict("video.not_made", "This film is not made yet. Wait until it can be watched.");
        if (video.upload_id === null)
          throw conflict("video.no_source", "The file that was sent is not kept any more, so there is nothing to cut.");
        const end_ms = Math.min(asked.end_ms, video.duration_ms);
        if (end_ms - asked.start_ms < TRIM_MS_MIN) {
          throw new Problem(422, "edit.too_short", "What stays has to be a second or longer, and within the film.");
        }
        const edit = await begin(tx, {
          id: ids.next<"edit">(),
          video_id,
          owner_id,
          kind: "trim",
          save_as: asked.save_as,
          status: "cutting",
          start_ms: asked.start_ms,
          end_ms,
          title: asked.title ?? null,
          keep_texts: asked.keep_texts,
          upload_id: ids.next<"upload">(),
          created_at: new Date(clock.now()),
        });
        await jobs.enqueue(tx, TRIM_VIDEO, { edit_id: edit.id }, { tenant: owner_id });
        return edit;
      });
    },

    list: (id) => store.listEdits(sql.pool, id, EDITS_SHOWN),

    async cancel(video_id, id, by) {
      await sql.tx(async (tx) => {
        const known = await store.findEdit(tx, id);
        if (known?.video_id !== video_id) throw notFound("edit");
        const edit = await store.lockOpenEdit(tx, id);
        if (!edit) throw conflict("edit.ended", "This edit has ended already.");
        await giveUp(tx, edit, { code: "edit.cancelled", detail: "You gave this edit up." }, by, needs);
      });
    },
  };
}

const stillArriving = () =>
  conflict("video.not_made", "The file of this film is still being uploaded. Wait until all of it is there.");

/** Begins to make the new file beside what is shown: a film of its own that only its owner sees, held by the edit. */
export async function prepare(
  tx: Query,
  edit: store.EditRow,
  video: videos.VideoRow,
  { jobs, clock, ids }: Pick<EditsNeeds, "jobs" | "clock" | "ids">,
): Promise<VideoId> {
  const id = ids.next<"video">();
  const { owner_id, title } = video;
  const held = { holder: holderOfEdit(edit.id), audience: "private" as const, space_id: null };
  await videos.insertVideo(tx, {
    id,
    owner_id,
    upload_id: edit.upload_id,
    title,
    description: "",
    audience: held.audience,
    space_id: held.space_id,
    // It will be the film's own, so it carries the film's id.
    place: newPlace("videos", video.id, belongsInPublic({ ...held, hidden_at: null })),
    created_at: new Date(clock.now()),
  });
  await videos.setHolder(tx, id, held);
  await store.setShadow(tx, edit.id, id);
  await startWork(tx, jobs, id, owner_id, PROBE_VIDEO);
  return id;
}

/** What was shown is shown on; what was prepared goes, its source too. The edit is locked by the caller. */
export async function giveUp(
  tx: Query,
  edit: store.EditRow,
  failure: { code: string; detail: string },
  by: PersonId,
  needs: Pick<EditsNeeds, "jobs" | "clock" | "tell" | "uploads">,
): Promise<void> {
  await store.markFailed(tx, edit.id, failure, new Date(needs.clock.now()));
  const shadow = edit.shadow_id === null ? null : await videos.lockVideo(tx, edit.shadow_id);
  if (shadow) await removeVideo(tx, shadow, by, needs);
  const { video_id, owner_id } = edit;
  await needs.tell(tx, { type: "media.video_changed", version: 1, data: { video_id, owner_id } });
}
