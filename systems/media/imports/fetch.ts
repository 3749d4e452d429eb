import { Problem } from "#kernel/errors.ts";
import type { UploadId } from "#kernel/ids.ts";
import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, JobRun } from "#ports/jobs/index.ts";
import type { FromOutside, Outside } from "#ports/outside/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { IMPORT_MS_MAX } from "../bounds.ts";
import { type MediaLimits, roomOf } from "../limits.ts";
import type { SpaceFacts } from "../rules.ts";
import { checkQuota, checkSize, checkSpace, kindOf } from "../uploads/admission.ts";
import { nameIn, typeOf } from "../uploads/becomes.ts";
import { uploadBlob } from "../uploads/index.ts";
import type { Intake } from "../uploads/intake.ts";
import { checkSpaceRoom } from "../uploads/space-room.ts";
import * as uploads from "../uploads/store.ts";
import * as store from "./store.ts";

export interface FetchNeeds {
  sql: Sql;
  blobs: Blobs;
  clock: Clock;
  limits: MediaLimits;
  intake: Intake;
  outside: Outside;
  spaces: Pick<SpaceFacts, "storageMax">;
}

export const IMPORT_UPLOAD = "media.import_upload";
/** How long a failed import says why. */
const FAILED_KEPT_MS = DAY_MS;

/**
 * Fetches a file into the same uploads as every other. What came is kept step by step, so that a line that breaks or a process that dies
 * goes on by range where the other side allows it.
 */
export function importUploadJob(needs: FetchNeeds): JobKind {
  const { sql, blobs, clock, limits, intake } = needs;

  async function fail(q: Query, id: UploadId, code: string, detail: string): Promise<void> {
    const upload = await uploads.findUpload(q, id);
    if (upload && (await store.setFailed(q, id, code, detail, new Date(clock.now() + FAILED_KEPT_MS))))
      await blobs.multipart.abort(uploadBlob(id), upload.multipart_id);
  }

  /** The other side has something else now, or cannot go on: what came of the old is of no use. */
  async function anew(upload: uploads.UploadRow): Promise<uploads.UploadRow> {
    await blobs.multipart.abort(uploadBlob(upload.id), upload.multipart_id);
    const { media_type, part_size_bytes } = upload;
    const { multipart_id } = await blobs.multipart.create(uploadBlob(upload.id), { media_type, part_size_bytes });
    if (!(await store.setAnew(sql.pool, upload.id, multipart_id))) {
      await blobs.multipart.abort(uploadBlob(upload.id), multipart_id);
      throw gone();
    }
    return { ...upload, multipart_id, offset_bytes: 0, sized: false, size_bytes: 0, part_count: 0 };
  }

  async function takeRoom(tx: Query, row: uploads.UploadRow, more_bytes: number, bytes_max: number): Promise<void> {
    await checkQuota(tx, row.owner_id, more_bytes, bytes_max, limits, { begun: true });
    if (row.space_id !== null) await checkSpaceRoom(tx, needs.spaces, row.space_id, more_bytes);
  }

  /** Admission, now that it is known what comes: the same as of every upload. */
  async function admit(upload: uploads.UploadRow, from: FromOutside): Promise<void> {
    const media_type = typeOf(from.media_type, nameIn(from.url));
    const kind = kindOf(media_type);
    const size_bytes = from.size_bytes;
    if (size_bytes !== null) {
      checkSize(kind, size_bytes, limits);
      await checkSpace(sql.pool, blobs, upload.owner_id, kind, size_bytes, limits);
    }
    const room_bytes = await roomOf(limits, upload.owner_id);
    await sql.tx(async (tx) => {
      await uploads.lockRoom(tx, upload.owner_id);
      const row = await uploads.lockUpload(tx, upload.id);
      if (row?.state !== "importing") throw gone();
      await store.setSource(tx, upload.id, { media_type, kind, etag: from.etag });
      if (size_bytes === null || row.sized) return;
      await takeRoom(tx, row, size_bytes - row.size_bytes, room_bytes);
      const { part_size_bytes } = row;
      await uploads.setSize(tx, upload.id, {
        size_bytes,
        part_size_bytes,
        part_count: Math.ceil(size_bytes / part_size_bytes),
      });
    });
  }

  /** Room for the next step of what has no length. */
  const growing = (upload: uploads.UploadRow, bytes_max: number) => async (to_bytes: number) => {
    const room_bytes = await roomOf(limits, upload.owner_id);
    await sql.tx(async (tx) => {
      await uploads.lockRoom(tx, upload.owner_id);
      const row = await uploads.lockUpload(tx, upload.id);
      if (row?.state !== "importing") throw gone();
      const next = Math.min(to_bytes, bytes_max);
      if (row.sized || row.size_bytes >= next) return;
      await takeRoom(tx, row, next - row.size_bytes, room_bytes);
      await store.setPromised(tx, upload.id, next);
    });
  };

  async function fetchOnce(id: UploadId, run: JobRun): Promise<void> {
    let upload = await uploads.findUpload(sql.pool, id);
    if (upload?.state !== "importing" || upload.source_url === null) return;
    if (!upload.sized || upload.offset_bytes < upload.size_bytes) {
      const { offset_bytes, source_etag } = upload;
      const from = await needs.outside.fetchOutside(upload.source_url, {
        bytes_max: limits.video_bytes_max,
        ms_max: IMPORT_MS_MAX,
        accepts: isTaken,
        signal: run.signal,
        ...(offset_bytes > 0 && source_etag !== null ? { resume: { from_byte: offset_bytes, etag: source_etag } } : {}),
      });
      let came;
      try {
        if (upload.offset_bytes !== from.from_byte || (upload.sized && upload.size_bytes !== from.size_bytes))
          upload = await anew(upload);
        await admit(upload, from);
        came = await intake.write(id, from.from_byte, from.body, {
          ends: from.size_bytes === null,
          grow: growing(upload, limits.video_bytes_max),
          kept: (bytes) => from.size_bytes !== null && run.progress(bytes / from.size_bytes),
          signal: run.signal,
        });
      } finally {
        await from.drop();
      }
      if (came.broken !== null) throw new Error(`the fetch broke off after ${came.offset_bytes} bytes: ${came.broken}`);
    }
    await intake.finish(id);
  }

  return {
    name: IMPORT_UPLOAD,
    class: "batch",
    tries_max: 8,
    lease_ms: MINUTE_MS,
    run_ms_max: IMPORT_MS_MAX + MINUTE_MS,
    concurrency_max: 2,
    tenant_concurrency_max: 2,
    backoff: { base_ms: 2_000, delay_ms_max: 5 * MINUTE_MS },
    async handle(payload, run) {
      const id = String(payload.upload_id) as UploadId;
      try {
        await fetchOnce(id, run);
      } catch (error) {
        // Somebody gave it up meanwhile: then there is nothing to say of it.
        if ((await uploads.findUpload(sql.pool, id))?.state !== "importing") return;
        if (
          !(error instanceof Problem) ||
          error.status === 423 ||
          error.status === 429 ||
          (error.status >= 500 && error.status !== 507)
        )
          throw error;
        await fail(sql.pool, id, error.code, error.detail);
      }
    },
    async onDead(tx, payload) {
      await fail(
        tx,
        String(payload.upload_id) as UploadId,
        "upload.import_failed",
        "The other side did not send the file whole, though it was asked again and again. Try later, or upload it yourself.",
      );
    },
  };
}

function isTaken(media_type: string, url: string): boolean {
  try {
    kindOf(typeOf(media_type, nameIn(url)));
    return true;
  } catch {
    return false;
  }
}

const gone = () => new Problem(410, "upload.gone", "This upload was given up.");
