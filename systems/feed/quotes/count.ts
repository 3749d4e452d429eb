import type { Query } from "#ports/sql/index.ts";

import { addDelta } from "../counts/store.ts";
import type { PostRow } from "../posts/store.ts";

type Quoting = Pick<PostRow, "quote_id" | "quote_detached_at" | "deleted_at" | "audience">;

/** The post that this one counts as a quote of. What is for its author alone is nobody else's business, the number included. */
const countedFor = (row: Quoting | null) =>
  row === null || row.quote_detached_at !== null || row.deleted_at !== null || row.audience === "private"
    ? null
    : row.quote_id;

/** The steps of `quotes` from what stood there to what stands now, in the transaction that changes it. `null`: there was no post. */
export async function stepQuotes(tx: Query, before: Quoting | null, now: Quoting): Promise<void> {
  const [was, is] = [countedFor(before), countedFor(now)];
  if (was === is) return;
  if (was !== null) await addDelta(tx, was, "quotes", -1);
  if (is !== null) await addDelta(tx, is, "quotes", 1);
}
