import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { Ids, PersonId, SpaceId, UploadId, VideoId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import type { VideoStatus } from "../contract.ts";
import { checkEarly } from "../early/begin.ts";
import type { Tell } from "../events.ts";
import { findTakedown } from "../moderation/store.ts";
import { belongsInPublic, isPublicPlace, newPlace } from "../places.ts";
import type { Rules, SpaceFacts } from "../rules.ts";
import { bytesOfVideo } from "../storage/held.ts";
import { keptOutSince } from "../upkeep/owners.ts";
import type { Acceptance } from "../uploads/admission.ts";
import type { Uploads } from "../uploads/index.ts";
import { checkSpaceRoom } from "../uploads/space-room.ts";
import { findUpload } from "../uploads/store.ts";
import * as store from "./store.ts";

export interface Videos {
  create(owner_id: PersonId, asked: NewVideo): Promise<{ id: VideoId; status: VideoStatus }>;
  /** Whether this person could make such a video now. @throws Problem 422 `video.space_required`, 403 `video.not_member` */
  check(owner_id: PersonId, asked: { audience: Audience; space_id: SpaceId | null }): Promise<void>;
  find(id: VideoId): Promise<store.VideoRow | null>;
  listMine(
    owner_id: PersonId,
    asked: {
      status?: VideoStatus | undefined;
      audience?: Audience | undefined;
      q?: string | undefined;
      limit: number;
      cursor?: string | undefined;
    },
  ): Promise<Page<store.VideoRow>>;
  change(id: VideoId, to: VideoChange): Promise<void>;
  remove(id: VideoId, by: PersonId): Promise<void>;
  /** @throws Problem 409 `video.not_failed` or `video.cannot_retry` */
  retry(id: VideoId): Promise<{ id: VideoId; status: VideoStatus }>;
}

export interface NewVideo {
  upload_id: UploadId;
  title: string;
  description: string;
  audience: Audience;
  space_id?: SpaceId | undefined;
  /** Also of an upload that is still open. */
  early?: boolean;
}

export interface VideoChange {
  title?: string | undefined;
  description?: string | undefined;
  audience?: Audience | undefined;
  space_id?: SpaceId | undefined;
  downloads?: store.VideoRow["downloads"] | undefined;
  embedding?: store.VideoRow["embedding"] | undefined;
}

export interface VideosNeeds {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  ids: Ids;
  tell: Tell;
  uploads: Uploads;
  blobs: Blobs;
  rules: Rules;
  spaces: Pick<SpaceFacts, "storageMax">;
  acceptsVideo: () => Acceptance;
}

export const PROBE_VIDEO = "media.probe";
export const MOVE_VIDEO = "media.move_video";
export const DELETE_VIDEO = "media.delete_video";

export function createVideos(needs: VideosNeeds): Videos {
  const { sql, jobs, clock, tell } = needs;

  const wanted = async (tx: Query, id: VideoId) => {
    const video = await store.lockVideo(tx, id);
    if (!video) throw notFound("video");
    return video;
  };
  /** @throws Problem 422 `video.space_required`, 403 `video.not_member` */
  const checkSpace = async (owner_id: PersonId, audience: Audience, space_id: SpaceId | null) => {
    if (audience === "space" && space_id === null) {
      throw new Problem(
        422,
        "video.space_required",
        "Say in which space: with the audience `space` goes a `space_id`.",
      );
    }
    if (space_id !== null && !(await needs.rules.isMember(owner_id, space_id))) {
      throw new Problem(403, "video.not_member", "Join this space first.");
    }
  };
  /** An upload that is complete by now is as good as any. */
  const checkEarlyOf = async (owner_id: PersonId, upload_id: UploadId) => {
    const upload = await findUpload(sql.pool, upload_id);
    if (upload?.owner_id !== owner_id || upload.state !== "open") return;
    if (upload.kind === "video" && upload.used_at === null) await checkEarly(needs, upload);
  };
  const accept = () => {
    const { accepted, because } = needs.acceptsVideo();
    if (!accepted) throw new Problem(503, "media.no_ffmpeg", because);
  };

  return {
    async create(owner_id, asked) {
      accept();
      const space_id = asked.space_id ?? null;
      await checkSpace(owner_id, asked.audience, space_id);
      const id = needs.ids.next<"video">();
      const { upload_id, title, description, audience } = asked;
      if (asked.early) await checkEarlyOf(owner_id, upload_id);
      await sql.tx(async (tx) => {
        const hidden_at = await keptOutSince(tx, owner_id);
        const place = newPlace("videos", id, belongsInPublic({ audience, space_id, hidden_at }));
        const upload = await needs.uploads.take(tx, owner_id, upload_id, "video", { early: asked.early === true });
        // What was uploaded for this space counts in it already.
        if (space_id !== null && upload.space_id !== space_id)
          await checkSpaceRoom(tx, needs.spaces, space_id, upload.size_bytes);
        await store.insertVideo(tx, {
          id,
          owner_id,
          upload_id,
          title,
          description,
          audience,
          space_id,
          place,
          hidden_at,
          early: upload.state === "open",
          created_at: new Date(clock.now()),
        });
        await startWork(tx, jobs, id, owner_id, PROBE_VIDEO);
        await tell(tx, { type: "media.video_created", version: 1, data: { video_id: id, owner_id } });
      });
      return { id, status: "processing" };
    },

    check: (owner_id, { audience, space_id }) => checkSpace(owner_id, audience, space_id),

    find: (id) => store.findVideo(sql.pool, id),

    async listMine(owner_id, { status, audience, q, limit, cursor }) {
      const before = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const rows = await store.listVideos(sql.pool, {
        owner_id,
        status: status ?? null,
        audience: audience ?? null,
        q: q === undefined || q === "" ? null : q,
        before,
        limit: limit + 1,
      });
      const items = rows.slice(0, limit);
      const last = items.at(-1);
      return { items, next_cursor: rows.length > limit && last ? encodeCursor([last.id]) : null };
    },

    async change(id, to) {
      const before = await store.findVideo(sql.pool, id);
      if (!before) throw notFound("video");
      if (to.audience !== undefined || to.space_id !== undefined) {
        await checkSpace(
          before.owner_id,
          to.audience ?? before.audience,
          to.space_id ?? (to.audience === undefined || to.audience === "space" ? before.space_id : null),
        );
      }
      await sql.tx(async (tx) => {
        const video = await wanted(tx, id);
        const audience = to.audience ?? video.audience;
        // Who widens or narrows the audience without naming a space takes the video out of the one it was in.
        const space_id = to.space_id ?? (to.audience === undefined || audience === "space" ? video.space_id : null);
        if ((audience !== video.audience || space_id !== video.space_id) && (await findTakedown(tx, id)))
          throw conflict(
            "video.hidden",
            "Moderators took this video out of sight. You can appeal; until then it is yours alone.",
          );
        if (video.holder !== null && (audience !== video.audience || space_id !== video.space_id)) {
          throw conflict("video.in_post", "A post shows this video; change who may see the post.");
        }
        const changed = {
          title: to.title ?? video.title,
          description: to.description ?? video.description,
          audience,
          space_id,
          downloads: to.downloads ?? video.downloads,
          embedding: to.embedding ?? video.embedding,
        };
        if (space_id !== null && space_id !== video.space_id)
          await checkSpaceRoom(tx, needs.spaces, space_id, await bytesOfVideo(tx, id));
        await store.changeVideo(tx, id, changed);
        if (belongsInPublic({ ...video, ...changed }) !== isPublicPlace(video.place))
          await jobs.enqueue(tx, MOVE_VIDEO, { video_id: id });
        await tell(tx, { type: "media.video_changed", version: 1, data: { video_id: id, owner_id: video.owner_id } });
      });
    },

    remove: (id, by) => sql.tx(async (tx) => removeVideo(tx, await wanted(tx, id), by, needs)),

    async retry(id) {
      accept();
      return sql.tx(async (tx) => {
        const video = await wanted(tx, id);
        if (video.status !== "failed")
          throw conflict("video.not_failed", "This video did not fail; there is nothing to try again.");
        if (!video.failure_can_retry || video.upload_id === null) {
          throw conflict("video.cannot_retry", "Trying again would fail the same way. Upload another file.");
        }
        await store.markProcessing(tx, id);
        await startWork(tx, jobs, id, video.owner_id, PROBE_VIDEO);
        await tell(tx, { type: "media.video_changed", version: 1, data: { video_id: id, owner_id: video.owner_id } });
        return { id, status: "processing" as const };
      });
    },
  };
}

/** Queues the next step of a video and remembers the job, so that a deletion can end it. */
export async function startWork(
  tx: Query,
  jobs: Jobs,
  id: VideoId,
  owner_id: PersonId,
  kind: string,
  options: { priority?: number } = {},
): Promise<void> {
  await store.setJob(tx, id, await jobs.enqueue(tx, kind, { video_id: id }, { tenant: owner_id, ...options }));
}

/** Out of sight at once; what works on it is ended, and its blobs and its source go by jobs. */
export async function removeVideo(
  tx: Query,
  video: store.VideoRow,
  by: PersonId,
  { jobs, clock, tell, uploads }: Pick<VideosNeeds, "jobs" | "clock" | "tell" | "uploads">,
): Promise<void> {
  const { id, owner_id } = video;
  await store.markDeleted(tx, id, new Date(clock.now()));
  if (video.upload_id !== null) await uploads.release(tx, video.upload_id);
  if (video.job_id !== null) await jobs.cancel(tx, video.job_id);
  await jobs.enqueue(tx, DELETE_VIDEO, { video_id: id }, { unique_key: `${DELETE_VIDEO}:${id}` });
  await tell(tx, { type: "media.video_deleted", version: 1, data: { video_id: id, owner_id, by } });
}
