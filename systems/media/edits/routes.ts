import { Problem } from "#kernel/errors.ts";
import type { VideoId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { Sandbox } from "#ports/sandbox/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { ByteSource } from "../encode/copy/index.ts";
import { cutsExactly } from "../encode/cut-film.ts";
import {
  KEY_FRAMES_SHOWN_MAX,
  KEY_FRAMES_WINDOW_MS,
  keyFramesOfIndex,
  keyFramesOfPackets,
} from "../encode/key-frames.ts";
import type { Probe } from "../encode/probe.ts";
import { type FfmpegTools, MediaRefusal } from "../encode/tools.ts";
import { uploadBlob } from "../uploads/index.ts";
import { progressOf } from "../videos/present.ts";
import { rungsOf } from "../videos/rungs.ts";
import { findVideo } from "../videos/store.ts";
import { type Edit, editRoutes as r } from "./contract.ts";
import type { Edits } from "./index.ts";
import type { EditRow } from "./store.ts";

export interface EditRoutesNeeds {
  sql: Sql;
  blobs: Blobs;
  sandbox: Sandbox;
  clock: Clock;
  tools: FfmpegTools | null;
  edits: Edits;
  /** @throws Problem 404 or 403 unless this viewer may change it */
  own(viewer: SignedIn, id: VideoId): Promise<void>;
}

export function serveEdits(api: Api, needs: EditRoutesNeeds): void {
  const { edits, sql } = needs;

  async function shown(rows: readonly EditRow[]): Promise<Edit[]> {
    const rungs = await rungsOf(
      sql.pool,
      rows.flatMap(({ shadow_id, ended_at }) => (shadow_id === null || ended_at !== null ? [] : shadow_id)),
    );
    return rows.map((row) =>
      present(row, row.status === "done" ? 1 : progressOf(rungs.get(row.shadow_id ?? "") ?? [])),
    );
  }

  api.serve(r.trimVideo, async ({ viewer, params, body }) => {
    await needs.own(viewer, params.video_id);
    return { status: 202, body: present(await edits.trim(viewer.person_id, params.video_id, body), 0) };
  });
  api.serve(r.replaceVideo, async ({ viewer, params, body }) => {
    await needs.own(viewer, params.video_id);
    return { status: 202, body: present(await edits.replace(viewer.person_id, params.video_id, body), 0) };
  });
  api.serve(r.listEdits, async ({ viewer, params }) => {
    await needs.own(viewer, params.video_id);
    return { status: 200, body: { items: await shown(await edits.list(params.video_id)) } };
  });
  api.serve(r.cancelEdit, async ({ viewer, params }) => {
    await needs.own(viewer, params.video_id);
    await edits.cancel(params.video_id, params.edit_id, viewer.person_id);
    return { status: 204 };
  });
  api.serve(r.getKeyFrames, async ({ viewer, params, query, signal }) => {
    await needs.own(viewer, params.video_id);
    const video = await findVideo(sql.pool, params.video_id);
    if (!video?.source || video.early) throw new Problem(409, "video.not_made", "This film is not made yet.");
    if (video.upload_id === null)
      throw new Problem(409, "video.no_source", "The file that was sent is not kept any more.");
    const from_ms = Math.max(0, query.around_ms - KEY_FRAMES_WINDOW_MS);
    const until_ms = query.around_ms + KEY_FRAMES_WINDOW_MS;
    const found = await keyFrames(uploadBlob(video.upload_id), video.source, from_ms, until_ms, signal, needs);
    // Of a film of key frames alone those that are nearest.
    const near = found.toSorted((a, b) => Math.abs(a - query.around_ms) - Math.abs(b - query.around_ms));
    const items = near.slice(0, KEY_FRAMES_SHOWN_MAX).toSorted((a, b) => a - b);
    return { status: 200, body: { items: items.map((at_ms) => ({ at_ms })), exact: cutsExactly(video.source) } };
  });
}

async function keyFrames(
  name: string,
  source: Probe,
  from_ms: number,
  until_ms: number,
  signal: AbortSignal,
  { blobs, sandbox, clock, tools }: EditRoutesNeeds,
): Promise<number[]> {
  const bytes = await blobSource(blobs, name);
  const told = bytes && (await keyFramesOfIndex(bytes, source, from_ms, until_ms));
  if (told) return told;
  if (!tools) throw new Problem(503, "media.no_ffmpeg", "This file can be looked into only where ffmpeg is.");
  await using file = await blobs.localFile(name);
  try {
    return await keyFramesOfPackets({ sandbox, clock, tools }, file.path, source, from_ms, until_ms, signal);
  } catch (error) {
    if (error instanceof MediaRefusal) throw new Problem(422, error.code, error.detail);
    throw error;
  }
}

/** Reads where it is asked to: an index of some megabytes, and never the film. */
async function blobSource(blobs: Blobs, name: string): Promise<ByteSource | null> {
  const head = await blobs.head(name);
  if (!head) return null;
  return {
    size_bytes: head.size_bytes,
    async read(start, end_exclusive) {
      const { body } = await blobs.get(name, { start, end_exclusive });
      return new Response(body).bytes();
    },
  };
}

const present = (row: EditRow, progress: number): Edit => ({
  id: row.id,
  video_id: row.video_id,
  kind: row.kind,
  save_as: row.save_as,
  status: row.status,
  progress,
  asked: row.start_ms === null || row.end_ms === null ? null : { start_ms: row.start_ms, end_ms: row.end_ms },
  cut:
    row.cut_start_ms === null || row.cut_end_ms === null
      ? null
      : { start_ms: row.cut_start_ms, end_ms: row.cut_end_ms },
  new_video_id: row.new_video_id,
  failure: row.failure_code === null ? null : { code: row.failure_code, detail: row.failure_detail ?? "" },
  created_at: rfc3339(row.created_at),
  ended_at: row.ended_at && rfc3339(row.ended_at),
});
