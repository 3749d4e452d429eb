import { createHmac } from "node:crypto";

import type { VideoId } from "#kernel/ids.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import { addressKey } from "#ports/http/index.ts";
import type { JobKind } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { VIEW_AGAIN_MS, VIEWS_COUNTED_EVERY_MS, VIEWS_KEPT_MS } from "../bounds.ts";
import * as store from "./store.ts";

const ROWS_AT_ONCE = 5_000;

export interface Views {
  /** One view per viewer and session; a second inside half an hour is the same one, whatever session it names. */
  note(video_id: VideoId, viewer: Viewer, session: string, address: string): Promise<void>;
}

/** @param secret hides addresses: what is stored cannot be turned back into one */
export function createViews({ sql, clock, secret }: { sql: Sql; clock: Clock; secret: string }): Views {
  return {
    async note(video_id, viewer, session, address) {
      const now_ms = clock.now();
      const known = viewer.kind === "person";
      const who = known
        ? `p${viewer.person_id}`
        : `a${createHmac("sha256", secret)
            .update(`view:${video_id}:${addressKey(address)}`)
            .digest("base64url")
            .slice(0, 32)}`;
      await store.noteView(sql.pool, {
        video_id,
        viewer: who,
        // Who is not signed in could name any session; for them the address and the half hour count.
        session: known ? session : `w${Math.floor(now_ms / VIEW_AGAIN_MS)}`,
        at: new Date(now_ms),
        since: new Date(now_ms - VIEW_AGAIN_MS),
      });
    },
  };
}

export function countViewsJob({ sql, clock }: { sql: Sql; clock: Clock }): JobKind {
  return {
    name: "media.count_views",
    class: "maintenance",
    tries_max: 5,
    lease_ms: MINUTE_MS,
    run_ms_max: 5 * MINUTE_MS,
    concurrency_max: 1,
    every_ms: VIEWS_COUNTED_EVERY_MS,
    async handle(_payload, run) {
      const now_ms = clock.now();
      while (
        (await store.countViews(sql.pool, new Date(now_ms), ROWS_AT_ONCE)) === ROWS_AT_ONCE &&
        !run.signal.aborted
      );
      while (
        (await store.forgetViews(sql.pool, new Date(now_ms - VIEWS_KEPT_MS), ROWS_AT_ONCE)) === ROWS_AT_ONCE &&
        !run.signal.aborted
      );
    },
  };
}
