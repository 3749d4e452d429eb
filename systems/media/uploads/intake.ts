import { notFound, Problem } from "#kernel/errors.ts";
import type { PersonId, UploadId, VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { WRITER_LEASE_MS } from "../bounds.ts";
import type { MediaLimits } from "../limits.ts";
import type { Videos } from "../videos/index.ts";
import { type Came, pour } from "./body.ts";
import { FINISH_UPLOAD, uploadBlob, type Uploads } from "./index.ts";
import * as store from "./store.ts";
import { createWriters } from "./writers.ts";

/** For files that come in order, through us: tus, one PUT of S3, what we fetch. */
export interface Intake {
  /**
   * Goes on at `at_bytes` and keeps what comes, also of a body that breaks off.
   * @throws Problem 409 `upload.offset`, 413 `upload.too_long`, 423 `upload.busy`, 460 `upload.checksum_mismatch`, 404
   */
  write(id: UploadId, at_bytes: number, body: AsyncIterable<Uint8Array> | null, how?: WriteHow): Promise<Written>;
  /** Makes whole what has all its bytes, and a video of it where that was asked for. Harmless again. */
  finish(id: UploadId): Promise<VideoId | null>;
  /** Cuts a body of this upload that is on its way here, and waits until what came of it is kept. */
  interrupt(id: UploadId, only_silent_for_ms?: number): Promise<void>;
}

export interface WriteHow {
  /** Bytes that are announced; more is refused before they come. */
  length?: number | null;
  /** Nothing counts unless the whole body has this digest. */
  check?: { algorithm: string; digest: Uint8Array } | null;
  /** All or nothing: no step of it counts before its end. */
  whole?: boolean;
  /** True where the end of the body is the end of the file, whose length nobody told. */
  ends?: boolean;
  /** Told of each step that is kept. */
  kept?: (offset_bytes: number) => void;
  /** Makes room for more, where the length is not known. @throws Problem */
  grow?: (to_bytes: number) => Promise<void>;
  signal?: AbortSignal;
}

export interface Written extends Came {
  offset_bytes: number;
}

export interface IntakeNeeds {
  sql: Sql;
  jobs: Jobs;
  blobs: Blobs;
  clock: Clock;
  limits: MediaLimits;
  uploads: Uploads;
  videos: Videos;
}

export function createIntake(needs: IntakeNeeds): Intake {
  const { sql, jobs, blobs, clock, limits } = needs;
  const writers = createWriters({ sql, clock });
  const expires = () => new Date(clock.now() + limits.upload_kept_ms);

  const found = async (id: UploadId) => {
    const upload = await store.findUpload(sql.pool, id);
    if (!upload) throw notFound("upload");
    return upload;
  };

  return {
    interrupt: writers.interrupt,

    async write(id, at_bytes, body, how = {}) {
      await using writer = await writers.take(id);
      const upload = await found(id);
      if (upload.offset_bytes !== at_bytes) {
        throw new Problem(
          409,
          "upload.offset",
          `${upload.offset_bytes} bytes of this upload are stored; go on from there.`,
        );
      }
      const room = upload.sized ? upload.size_bytes - at_bytes : Number.MAX_SAFE_INTEGER;
      if ((how.length ?? 0) > room) throw tooLong(upload.size_bytes);
      let kept_bytes = at_bytes;
      const advance = async (offset_bytes: number) => {
        const ends = upload.sized && offset_bytes === upload.size_bytes;
        const kept = await sql.tx(async (tx) => {
          if (!(await store.advance(tx, id, writer.token, offset_bytes, expires()))) return false;
          // The last byte and the promise to go on with it commit together.
          if (ends) await jobs.enqueue(tx, FINISH_UPLOAD, { upload_id: id }, { unique_key: `${FINISH_UPLOAD}:${id}` });
          return true;
        });
        if (!kept) throw gone();
        kept_bytes = offset_bytes;
        how.kept?.(offset_bytes);
      };
      await how.grow?.(at_bytes + upload.part_size_bytes);
      const came = pour(body, { clock, room, check: how.check ?? null, writer, signal: how.signal ?? null });
      const end = await blobs.multipart.append(uploadBlob(id), upload.multipart_id, at_bytes, came.chunks(), {
        part_size_bytes: upload.part_size_bytes,
        isEnd: (at) => (upload.sized ? at === upload.size_bytes : how.ends === true && came.seen().broken === null),
        ...(how.check || how.whole
          ? {}
          : {
              durable: async (at: number) => {
                await advance(at);
                await how.grow?.(at + upload.part_size_bytes);
              },
            }),
      });
      const seen = came.seen();
      if (seen.too_long) throw tooLong(upload.size_bytes);
      // Not twice: with the last part kept, the job may have made it whole already.
      if (end > kept_bytes) await advance(end);
      return { ...seen, offset_bytes: end };
    },

    async finish(id) {
      const upload = await found(id);
      if (upload.door === "parts") return store.videoOfUpload(sql.pool, id);
      if (upload.state === "open" || upload.state === "importing") {
        // Of one that comes in order we know when it has all; of parts, who sends them does.
        if (!upload.sized ? upload.door === "s3" : upload.offset_bytes < upload.size_bytes) return null;
        const parts = await blobs.multipart.listParts(uploadBlob(id), upload.multipart_id);
        await needs.uploads.seal(upload, parts);
      }
      if (upload.becomes && upload.used_at === null) await become(upload, upload.becomes);
      return store.videoOfUpload(sql.pool, id);
    },
  };

  async function become(upload: store.UploadRow, { title, description, audience, space_id }: store.Becomes) {
    try {
      await needs.videos.create(upload.owner_id, {
        upload_id: upload.id,
        title,
        description,
        audience,
        space_id: space_id ?? undefined,
      });
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error;
      // Somebody was quicker: then there is a video.
      if (error.code === "upload.in_use") return;
      await store.setBecomesNothing(sql.pool, upload.id, error.code, error.detail);
    }
  }
}

/** Whoever sent the last byte may be gone before it was made whole: this is who goes on. */
export function finishUploadJob({ intake }: { intake: Intake }): JobKind {
  return {
    name: FINISH_UPLOAD,
    class: "interactive",
    tries_max: 12,
    lease_ms: 20_000,
    run_ms_max: 30 * MINUTE_MS,
    concurrency_max: 4,
    async handle(payload) {
      try {
        await intake.finish(String(payload.upload_id) as UploadId);
      } catch (error) {
        // Given up meanwhile.
        if (error instanceof Problem && (error.status === 404 || error.status === 410)) return;
        throw error;
      }
    },
  };
}

/** @throws Problem 404 for another's */
export async function ownUpload(sql: Sql, owner_id: PersonId, id: UploadId): Promise<store.UploadRow> {
  const upload = await store.findUpload(sql.pool, id);
  if (upload?.owner_id !== owner_id) throw notFound("upload");
  return upload;
}

export const WRITER_WAIT_S = Math.ceil(WRITER_LEASE_MS / 1000);

const gone = () => new Problem(410, "upload.gone", "This upload was given up or cleared away. Begin a new one.");
const tooLong = (size_bytes: number) =>
  new Problem(413, "upload.too_long", `This upload was announced with ${size_bytes} bytes. Send no more than these.`);
