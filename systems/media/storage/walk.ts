import { MINUTE_MS } from "#kernel/time.ts";
import type { BlobMeasure, Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { WALK_EVERY_MS, WALK_NAMES_AT_ONCE, WALK_RUN_MS, WALKS_KEPT } from "./bounds.ts";
import { type Named, readBlobName } from "./files.ts";
import { createKnown } from "./known.ts";
import * as store from "./store.ts";

export const TAKE_STOCK = "media.take_stock";

/** Walks through the store and writes down whose it is what it finds, so that what rows say can be held against it. */
export function takeStockJob({ sql, blobs, clock }: { sql: Sql; blobs: Blobs; clock: Clock }): JobKind {
  return {
    name: TAKE_STOCK,
    class: "maintenance",
    tries_max: 5,
    lease_ms: MINUTE_MS,
    run_ms_max: WALK_RUN_MS,
    concurrency_max: 1,
    every_ms: WALK_EVERY_MS,
    async handle(_payload, run) {
      const walk = await run.fenced((tx) => store.openWalk(tx, new Date(clock.now())));
      for (let after = walk.after_name; ;) {
        run.signal.throwIfAborted();
        const page = await blobs.measure("", { limit: WALK_NAMES_AT_ONCE, ...(after === "" ? {} : { after }) });
        const stocked = await stockOf(sql.pool, page.blobs);
        after = page.next_after ?? after;
        await run.fenced((tx) => store.addStock(tx, walk.id, stocked, after));
        if (page.next_after === null) break;
      }
      await run.fenced((tx) => store.endWalk(tx, walk.id, new Date(clock.now()), WALKS_KEPT));
    },
  };
}

async function stockOf(q: Query, blobs: BlobMeasure[]): Promise<store.Stocked[]> {
  const named = blobs.map(({ name, size_bytes }): { named: Named; size_bytes: number } => ({
    named: readBlobName(name),
    size_bytes,
  }));
  const known = await createKnown(
    q,
    named.map((one) => one.named),
  );
  const sums = new Map<string, store.Stocked>();
  for (const { named: name, size_bytes } of named) {
    const { owner_id, space_id, kind, name: called } = known.of(name);
    const key = `${owner_id}/${space_id}/${kind}/${called}`;
    const sum = sums.get(key) ?? { owner_id, space_id, kind, name: called, blobs: 0, bytes: 0 };
    sum.blobs += 1;
    sum.bytes += size_bytes;
    sums.set(key, sum);
  }
  return [...sums.values()];
}
