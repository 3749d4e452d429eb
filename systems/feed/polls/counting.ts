import type { PostId } from "#kernel/ids.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { type ChangedEvent, COUNTS_TOPIC, FEED_TOPIC } from "../events.ts";
import { BALLOTS_PER_STEP_MAX } from "./bounds.ts";
import { sumBallots } from "./store.ts";

export const POLLS_GROUP = "feed.polls";
/** Ids that one event carries: 22 bytes each, within the log's 16 KiB. */
const CHANGED_PER_EVENT_MAX = 500;

/** Sums of polls, as of likes: each vote leaves a step beside its ballot, and this group of the log takes whatever steps there are. */
export function startPollCounting({ log }: { log: Log }): Disposable {
  return log.consume(FEED_TOPIC, POLLS_GROUP, async (batch, tx) => {
    if (!batch.some((event) => event.type === "feed.voted")) return;
    for (;;) {
      const { taken, post_ids } = await sumBallots(tx, BALLOTS_PER_STEP_MAX);
      await tellChanged(log, tx, post_ids);
      if (taken < BALLOTS_PER_STEP_MAX) return;
    }
  });
}

/** Every node forgets what it remembers of these posts. */
export async function tellChanged(log: Log, tx: Query, post_ids: readonly PostId[]): Promise<void> {
  for (let from = 0; from < post_ids.length; from += CHANGED_PER_EVENT_MAX) {
    const event: ChangedEvent = {
      type: "feed.changed",
      version: 1,
      data: { post_ids: post_ids.slice(from, from + CHANGED_PER_EVENT_MAX) },
    };
    await log.append(tx, COUNTS_TOPIC, "changed", event);
  }
}

export const changedIn = (batch: readonly StoredEvent[]): PostId[] =>
  batch.flatMap((event) =>
    event.type === "feed.changed" && event.version === 1 ? (event as unknown as ChangedEvent).data.post_ids : [],
  );
