import type { JobKind } from "#ports/jobs/index.ts";

import { ARCHIVE_WAIT_MS, SWEEP_EVERY_MS } from "./bounds.ts";
import { exportFolder } from "./export.ts";
import * as imports from "./imports-store.ts";
import type { MovingGround } from "./index.ts";
import { importBlob } from "./posts.ts";
import * as store from "./store.ts";

const PEOPLE_PER_STEP = 500;

/** Archives go when their day is over, bytes that were waited for are given up, and of who has left nothing is kept. */
export function sweepJob(ground: MovingGround): JobKind {
  const { sql, blobs, clock } = ground;
  return {
    name: "feed.moving_sweep",
    class: "maintenance",
    tries_max: 3,
    lease_ms: 60_000,
    run_ms_max: 10 * 60_000,
    concurrency_max: 1,
    every_ms: SWEEP_EVERY_MS,
    async handle(_payload, run) {
      const now_ms = clock.now();
      for (const id of await store.expiredExports(sql.pool, new Date(now_ms))) {
        await blobs.deletePrefix(exportFolder(id));
        await store.endExport(sql.pool, id, "gone", null);
      }
      for (const row of await imports.waitingTooLong(sql.pool, new Date(now_ms - ARCHIVE_WAIT_MS))) {
        if (row.multipart_id !== null) await blobs.multipart.abort(importBlob(row.id), row.multipart_id);
        const reason = "The archive never came.";
        await imports.setImportState(sql.pool, row.id, ["waiting"], "failed", { at: new Date(now_ms), reason });
      }
      for (let after = "0"; ;) {
        run.signal.throwIfAborted();
        const people = await store.movingPeople(sql.pool, after, PEOPLE_PER_STEP);
        const cards = await ground.people.cards(people);
        const gone = people.filter((id) => !cards.has(id));
        if (gone.length > 0) {
          const kept = await sql.tx((tx) => store.forgetMoving(tx, gone));
          for (const id of kept.exports) await blobs.deletePrefix(exportFolder(id));
          await blobs.delete(kept.imports.map((id) => importBlob(id)));
        }
        if (people.length < PEOPLE_PER_STEP) return;
        after = people.at(-1)!;
      }
    },
  };
}
