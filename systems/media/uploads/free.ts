import type { UploadId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { EXPIRE_EVERY_MS } from "../bounds.ts";
import { type EarlyVideos, FREE_UPLOAD, uploadBlob } from "./index.ts";
import * as store from "./store.ts";

const EXPIRED_AT_ONCE = 100;

/** Frees one upload: bytes first, then the row, so that a crash in between leaves something that says what is still to do. */
export function freeUploadJob({ sql, blobs }: { sql: Sql; blobs: Blobs }): JobKind {
  return {
    name: FREE_UPLOAD,
    class: "maintenance",
    tries_max: 20,
    lease_ms: MINUTE_MS,
    run_ms_max: 10 * MINUTE_MS,
    concurrency_max: 4,
    async handle(payload) {
      const id = String(payload.upload_id) as UploadId;
      const upload = await store.findFreeing(sql.pool, id);
      if (!upload) return;
      await blobs.multipart.abort(uploadBlob(id), upload.multipart_id);
      await blobs.delete([uploadBlob(id)]);
      await store.deleteUpload(sql.pool, id);
    },
  };
}

/** Uploads that nobody went on with. */
export function expireUploadsJob({
  sql,
  jobs,
  clock,
  early,
}: {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  early: EarlyVideos;
}): JobKind {
  return {
    name: "media.expire_uploads",
    class: "maintenance",
    tries_max: 5,
    lease_ms: MINUTE_MS,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 1,
    every_ms: EXPIRE_EVERY_MS,
    async handle(_payload, run) {
      for (;;) {
        const freed = await sql.tx(async (tx) => {
          const ids = await store.takeExpired(tx, new Date(clock.now()), EXPIRED_AT_ONCE);
          for (const id of await store.expiredEarly(tx, new Date(clock.now()), EXPIRED_AT_ONCE))
            await early.end(tx, id);
          for (const id of ids)
            await jobs.enqueue(tx, FREE_UPLOAD, { upload_id: id }, { unique_key: `${FREE_UPLOAD}:${id}` });
          return ids.length;
        });
        if (freed < EXPIRED_AT_ONCE || run.signal.aborted) return;
      }
    },
  };
}
