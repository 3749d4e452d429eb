import type { PersonId } from "#kernel/ids.ts";
import type { JobKind } from "#ports/jobs/index.ts";

import { takePostAway } from "../posts/delete.ts";
import { IMPORT_RUN_MS_MAX, UNDO_POSTS_PER_STEP_MAX } from "./bounds.ts";
import * as store from "./imports-store.ts";
import type { MovingGround } from "./index.ts";
import { takeBack, takeMadeBack } from "./lists.ts";
import { importBlob } from "./posts.ts";

export const UNDO_JOB = "feed.import_undo";

/** Takes back what an import changed, by the same steps as by hand; what was so before it came stays. */
export function undoJob(ground: MovingGround): JobKind {
  const { sql, clock, blobs } = ground;
  return {
    name: UNDO_JOB,
    class: "batch",
    tries_max: 10,
    lease_ms: 60_000,
    run_ms_max: IMPORT_RUN_MS_MAX,
    concurrency_max: 1,
    tenant_concurrency_max: 1,
    async handle(payload, run) {
      const id = payload.import_id as store.ImportId;
      const row = await store.findImport(sql.pool, id);
      if (row?.state !== "undoing") return;
      for (;;) {
        run.signal.throwIfAborted();
        const post_ids = await store.importedPosts(sql.pool, id, UNDO_POSTS_PER_STEP_MAX);
        for (const post_id of post_ids) {
          const event = await run.fenced(async (tx) => {
            const told = await takePostAway(ground, tx, post_id, row.person_id);
            await store.forgetImported(tx, id, post_id, new Date(clock.now()));
            return told;
          });
          if (event) ground.happened(event);
        }
        if (post_ids.length < UNDO_POSTS_PER_STEP_MAX) break;
      }
      if (row.kind !== "posts") {
        for (let after = 0; ;) {
          run.signal.throwIfAborted();
          const lines = await store.linesOf(sql.pool, id, "taken", after, UNDO_POSTS_PER_STEP_MAX);
          const standing = lines.filter((line) => line.undone_at === null && line.result_id !== null);
          const cards = await ground.people.cards(standing.map((line) => line.result_id as PersonId));
          for (const line of standing) await takeBack(ground, row, line, cards.get(line.result_id as PersonId));
          if (lines.length < UNDO_POSTS_PER_STEP_MAX) break;
          after = lines.at(-1)!.n;
        }
        for (const line of await store.makingLines(sql.pool, id)) await takeMadeBack(ground, row, line);
      }
      await blobs.delete([importBlob(id)]);
      await run.fenced((tx) => store.setImportState(tx, id, ["undoing"], "undone", { at: new Date(clock.now()) }));
    },
  };
}
