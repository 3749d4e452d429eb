import type { PersonId, SpaceId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind, Jobs } from "#ports/jobs/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";
import { SPACES_TOPIC } from "#systems/spaces/index.ts";

import type { Tell } from "../events.ts";
import { closeCollectionsOf, deleteCollection, lockCollectionsOf } from "./store.ts";

const GROUP = "media.collections";
const CLOSE = "media.close_collections";
const AT_ONCE = 100;

/** A space that closes: what its members had listed in it is theirs alone from then on. */
export function followSpaces({ log, jobs }: { log: Log; jobs: Jobs }): Disposable {
  return log.consume(SPACES_TOPIC, GROUP, async (batch, tx) => {
    for (const { type, data } of batch) {
      if (type !== "spaces.space_deleted") continue;
      const space_id = String(data.space_id);
      await jobs.enqueue(tx, CLOSE, { space_id }, { unique_key: `${CLOSE}:${space_id}` });
    }
  });
}

export function closeCollectionsJob({ sql, clock, tell }: { sql: Sql; clock: Clock; tell: Tell }): JobKind {
  return {
    name: CLOSE,
    class: "maintenance",
    tries_max: 20,
    lease_ms: MINUTE_MS,
    run_ms_max: 10 * MINUTE_MS,
    concurrency_max: 1,
    async handle(payload, run) {
      const space_id = String(payload.space_id) as SpaceId;
      for (;;) {
        run.signal.throwIfAborted();
        const closed = await sql.tx(async (tx) => {
          const some = await closeCollectionsOf(tx, space_id, new Date(clock.now()), AT_ONCE);
          for (const { id, owner_id } of some)
            await tell(tx, { type: "media.collection_changed", version: 1, data: { collection_id: id, owner_id } });
          return some.length;
        });
        if (closed === 0) return;
      }
    },
  };
}

/** Somebody left the house: some of their lists. @returns how many went */
export async function deleteCollectionsOf(tx: Query, owner_id: PersonId, limit: number, tell: Tell): Promise<number> {
  const some = await lockCollectionsOf(tx, owner_id, limit);
  for (const { id } of some) {
    await deleteCollection(tx, id);
    await tell(tx, { type: "media.collection_deleted", version: 1, data: { collection_id: id, owner_id } });
  }
  return some.length;
}
