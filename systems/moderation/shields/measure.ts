import { idTimeMs, type PersonId } from "#kernel/ids.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";
import { FEED_TOPIC, type FeedEvent } from "#systems/feed/index.ts";
import { MEDIA_TOPIC, type MediaEvent } from "#systems/media/index.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import { ENDS_EVERY_MS } from "../bounds.ts";
import type { ShieldKind } from "./contract.ts";
import type { Shields } from "./shields.ts";
import { NEWCOMER_MS } from "./steps.ts";
import { vouchFor } from "./store.ts";

const GROUP = "moderation.shields";
export const TICK_JOB = "moderation.shields";

const ifNew = (person_id: PersonId, at: Date): PersonId | null =>
  at.getTime() - idTimeMs(person_id) < NEWCOMER_MS ? person_id : null;

/** What a shield counts: every new account that came in by the open door, and what new accounts write and upload. A lively evening of old ones is no flood. */
const COUNTED: readonly { kind: ShieldKind; topic: string; whose: (event: StoredEvent) => PersonId | null }[] = [
  {
    kind: "sign_up",
    topic: PEOPLE_TOPIC,
    whose(stored) {
      const event = stored as unknown as PeopleEvent;
      return event.type === "people.person_created" && event.data.from_outside === true ? event.data.person_id : null;
    },
  },
  {
    kind: "posting",
    topic: FEED_TOPIC,
    whose(stored) {
      const event = stored as unknown as FeedEvent;
      if (event.type === "feed.post_created") return ifNew(event.data.author_id, stored.at);
      return event.type === "feed.commented" ? ifNew(event.data.person_id, stored.at) : null;
    },
  },
  {
    kind: "uploading",
    topic: MEDIA_TOPIC,
    whose(stored) {
      const event = stored as unknown as MediaEvent;
      return event.type === "media.upload_completed" ? ifNew(event.data.owner_id, stored.at) : null;
    },
  },
];

/** Who came by the open door has nobody's word; everybody else has somebody's. Unknown is without. */
async function noteVouched(tx: Query, batch: readonly StoredEvent[]): Promise<void> {
  const ids = (batch as unknown as PeopleEvent[]).flatMap((event) =>
    event.type === "people.person_created" && event.data.from_outside !== true ? [event.data.person_id] : [],
  );
  if (ids.length > 0) await vouchFor(tx, ids);
}

/** Each event is counted once: the sum and the reader's place commit together. */
export function startMeasuring(log: Log, shields: Shields): Disposable {
  const readers = COUNTED.map(({ kind, topic, whose }) =>
    log.consume(
      topic,
      GROUP,
      async (batch, tx) => {
        const happened = batch.flatMap((stored) => {
          const by = whose(stored);
          return by === null ? [] : [{ by, at_ms: stored.at.getTime() }];
        });
        if (happened.length > 0) await shields.count(tx, kind, happened);
        if (topic === PEOPLE_TOPIC) await noteVouched(tx, batch);
      },
      { from: "now" },
    ),
  );
  return {
    [Symbol.dispose]() {
      for (const reader of readers) reader[Symbol.dispose]();
    },
  };
}

export function defineTicks(jobs: Jobs, shields: Shields): void {
  jobs.define({
    name: TICK_JOB,
    class: "maintenance",
    tries_max: 3,
    lease_ms: 60_000,
    run_ms_max: 60_000,
    concurrency_max: 1,
    every_ms: ENDS_EVERY_MS,
    handle: () => shields.tick(),
  });
}
