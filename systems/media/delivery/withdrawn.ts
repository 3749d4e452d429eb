import { LRUCache } from "lru-cache";

import { isId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import { PEOPLE_TOPIC } from "#systems/people/index.ts";

import { WITHDRAWN_KEPT_MAX, WITHDRAWN_KNOWN_MS } from "../bounds.ts";
import { MEDIA_TOPIC } from "../events.ts";
import type { Holders } from "./holders.ts";
import { type Placed, type Withdrawal, withdrawalOf } from "./store.ts";

const PLACED = /^(public\/)?(videos|images|sounds)\/([0-9]{1,20})\//;

/**
 * Whether what lies at a name was taken away from who asks, while its bytes still wait to be moved or deleted: it was deleted,
 * moderators took it out of sight, or its owner is suspended. Asked for every segment, so it is remembered for a second, and
 * forgotten when an event tells of a change.
 */
export interface Withdrawn {
  isWithdrawn(name: string, holder: string | null): Promise<boolean>;
  listen(): Promise<AsyncDisposable>;
}

interface Known {
  at_ms: number;
  what: Withdrawal | null;
}

export function createWithdrawn(needs: { sql: Sql; log: Log; clock: Clock; holders: Holders }): Withdrawn {
  const { sql, log, clock, holders } = needs;
  const known = new LRUCache<string, Known>({ max: WITHDRAWN_KEPT_MAX });

  async function look(kind: Placed, id: string): Promise<Withdrawal | null> {
    const key = `${kind}/${id}`;
    const before = known.get(key);
    if (before && Math.abs(clock.now() - before.at_ms) < WITHDRAWN_KNOWN_MS) return before.what;
    try {
      const what = await withdrawalOf(sql.pool, kind, id);
      known.set(key, { at_ms: clock.now(), what });
      return what;
    } catch {
      // While the database is away films go on, as they were when it was last asked.
      return before?.what ?? null;
    }
  }

  return {
    async isWithdrawn(name, holder) {
      const [, open, kind, id = ""] = PLACED.exec(name) ?? [];
      if (kind === undefined || !isId(id)) return false;
      const what = await look(kind as Placed, id);
      if (!what) return false;
      if (what.is_deleted) return true;
      // Those who judge see what a suspended person shows, by addresses that were given to them.
      if (what.is_suspended && open !== undefined) return true;
      return what.is_taken && (holder === null || !holders.isOf(holder, what.owner_id));
    },
    async listen() {
      await using opened = new AsyncDisposableStack();
      opened.use(
        await log.tail(MEDIA_TOPIC, (batch) => {
          for (const { data } of batch) {
            if (data.video_id !== undefined) known.delete(`videos/${String(data.video_id)}`);
            if (data.image_id !== undefined) known.delete(`images/${String(data.image_id)}`);
            if (data.sound_id !== undefined) known.delete(`sounds/${String(data.sound_id)}`);
          }
        }),
      );
      opened.use(
        await log.tail(PEOPLE_TOPIC, (batch) => {
          if (batch.some(({ type }) => type === "people.suspended" || type === "people.reinstated")) known.clear();
        }),
      );
      const owned = opened.move();
      return { [Symbol.asyncDispose]: () => owned.disposeAsync() };
    },
  };
}
