import { natureOf } from "#kernel/errors.ts";
import type { PostId } from "#kernel/ids.ts";
import { isAway, type Sql } from "#ports/sql/index.ts";

import { LIKES_PER_BATCH_MAX, LIKES_WAITING_MAX } from "../bounds.ts";
import { createTogether } from "../reactions/together.ts";
import { exactSumsOf, type Sums } from "./store.ts";

/** Sums to the last step, read after the call: a thousand who just liked one post are answered by one query. */
export type ExactSums = (post_id: PostId) => Promise<Sums>;

export function createExactSums({ sql }: { sql: Sql }): ExactSums {
  let asked = 0;
  const together = createTogether<{ post_id: PostId; key: string }, Sums>({
    // Whoever asks later needs a later answer, so each has a key of their own.
    keyOf: (item) => item.key,
    async run(items) {
      const sums = await exactSumsOf(sql.pool, [...new Set(items.map((item) => item.post_id))]);
      return items.map((item) => sums.get(item.post_id) ?? { likes: 0, reposts: 0, comments: 0, views: 0, quotes: 0 });
    },
    isForAll: (error) => natureOf(error) === "transient" || isAway(error),
    items_max: LIKES_PER_BATCH_MAX * 4,
    batches_max: 2,
    waiting_max: LIKES_WAITING_MAX,
  });
  return (post_id) => together.do({ post_id, key: `${asked++}` });
}
