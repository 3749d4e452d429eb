import { Problem } from "#kernel/errors.ts";
import type { PersonId, VideoId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { MINUTE_MS } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { JobKind } from "#ports/jobs/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { CollectionId } from "../collections/contract.ts";
import type { Collections } from "../collections/index.ts";
import type { Rules } from "../rules.ts";
import {
  BEGUN_SHARE,
  CONTINUE_COLLECTIONS_MAX,
  CONTINUE_LOOKED_AT_MAX,
  CONTINUE_MS_MIN,
  ENDED_SHARE,
  HISTORY_MAX,
  HISTORY_TRIMMED_EVERY_MS,
} from "./bounds.ts";
import * as store from "./store.ts";

/** What comes up under "Continue watching". */
export interface Offer {
  video_id: VideoId;
  because: "unfinished" | "next";
  collection: { id: CollectionId; title: string } | null;
  at: Date;
}

export interface History {
  list(viewer: SignedIn, asked: { limit: number; cursor?: string | undefined }): Promise<Page<store.WatchedRow>>;
  goingOn(viewer: SignedIn, limit: number): Promise<Offer[]>;
  forget(person_id: PersonId, video_id: VideoId): Promise<void>;
  clear(person_id: PersonId): Promise<void>;
  pausedAt(person_id: PersonId): Promise<Date | null>;
  setPaused(person_id: PersonId, paused: boolean): Promise<Date | null>;
  /** How far they came in what they watched last, the latest first; for the house's own choice, so no rules here. */
  watchedBy(person_id: PersonId, films_max: number): Promise<{ video_id: VideoId; share: number; at: Date }[]>;
}

const ROWS_AT_ONCE = 200;

export function createHistory({
  sql,
  clock,
  rules,
  collections,
}: {
  sql: Sql;
  clock: Clock;
  rules: Rules;
  collections: Pick<Collections, "readable" | "order">;
}): History {
  return {
    async list(viewer, { limit, cursor }) {
      let before = cursor === undefined ? null : fromCursor(cursor);
      const items: store.WatchedRow[] = [];
      // A page is full although some of what was watched may not be seen any more: at most a few reads, as histories have an end.
      for (;;) {
        const rows = await store.watchedBy(sql.pool, viewer.person_id, before, ROWS_AT_ONCE);
        for (const row of await rules.readable(viewer, "video", rows)) {
          if (items.length === limit) {
            const last = items[limit - 1]!;
            return { items, next_cursor: encodeCursor([last.at_micros, last.video_id]) };
          }
          items.push(row);
        }
        const last = rows.at(-1);
        if (rows.length < ROWS_AT_ONCE || !last) return { items, next_cursor: null };
        before = last;
      }
    },

    async goingOn(viewer, limit) {
      const rows = await store.watchedBy(sql.pool, viewer.person_id, null, CONTINUE_LOOKED_AT_MAX);
      const seen = new Set(await rules.readable(viewer, "video", rows));
      const share = (row: store.WatchedRow) => (row.duration_ms ? row.position_ms / row.duration_ms : 0);
      const ended = new Set(rows.filter((row) => share(row) > ENDED_SHARE).map((row) => row.video_id));
      const offers: Offer[] = [];
      const lists = new Map<CollectionId, { id: CollectionId; title: string; order: VideoId[] } | null>();
      for (const row of rows) {
        if (offers.length >= limit) break;
        const first = row.collection_id !== null && !lists.has(row.collection_id);
        // A playlist that has gone, or is not for this viewer any more, is not named.
        if (first && lists.size < CONTINUE_COLLECTIONS_MAX)
          lists.set(row.collection_id!, await open(row.collection_id!));
        const list = row.collection_id === null ? null : (lists.get(row.collection_id) ?? null);
        const collection = list && { id: list.id, title: list.title };
        const known = new Set(offers.map((offer) => offer.video_id));
        if (share(row) > ENDED_SHARE) {
          // What was seen last of a playlist says how far its viewer is.
          const at = first && list ? list.order.indexOf(row.video_id) : -1;
          const next = at < 0 ? undefined : list?.order.slice(at + 1).find((id) => !ended.has(id));
          if (next !== undefined && !known.has(next))
            offers.push({ video_id: next, because: "next", collection, at: row.at });
        } else if (
          seen.has(row) &&
          row.can_play &&
          (row.duration_ms ?? 0) > CONTINUE_MS_MIN &&
          share(row) >= BEGUN_SHARE &&
          !known.has(row.video_id)
        ) {
          offers.push({ video_id: row.video_id, because: "unfinished", collection, at: row.at });
        }
      }
      return offers;

      async function open(id: CollectionId) {
        const list = await collections.readable(viewer, id).catch((error: unknown) => {
          if (isNotFound(error)) return null;
          throw error;
        });
        return list && { id, title: list.title, order: await collections.order(viewer, id) };
      }
    },

    forget: (person_id, video_id) => store.forget(sql.pool, person_id, video_id),
    clear: (person_id) => store.forgetAll(sql.pool, person_id),
    async watchedBy(person_id, films_max) {
      const rows = await store.watchedBy(sql.pool, person_id, null, films_max);
      return rows.flatMap(({ video_id, position_ms, duration_ms, at }) =>
        duration_ms ? [{ video_id, share: Math.min(1, position_ms / duration_ms), at }] : [],
      );
    },
    pausedAt: (person_id) => store.pausedAt(sql.pool, person_id),
    async setPaused(person_id, paused) {
      if (!paused) await store.resume(sql.pool, person_id);
      else await store.pause(sql.pool, person_id, new Date(clock.now()));
      return store.pausedAt(sql.pool, person_id);
    },
  };
}

const isNotFound = (error: unknown) => error instanceof Problem && error.status === 404;

function fromCursor(cursor: string) {
  const [at_micros, video_id] = decodeCursor(cursor, ["micros", "id"]);
  return { at_micros: String(at_micros), video_id: String(video_id) as VideoId };
}

/** Keeps what each person watched last; the rest is forgotten. */
export function trimHistoryJob({ sql }: { sql: Sql }): JobKind {
  return {
    name: "media.trim_history",
    class: "maintenance",
    tries_max: 5,
    lease_ms: MINUTE_MS,
    run_ms_max: 10 * MINUTE_MS,
    concurrency_max: 1,
    every_ms: HISTORY_TRIMMED_EVERY_MS,
    async handle(_payload, run) {
      for (;;) {
        run.signal.throwIfAborted();
        const long = await store.overlong(sql.pool, HISTORY_MAX, ROWS_AT_ONCE);
        for (const person_id of long) await store.trim(sql.pool, person_id, HISTORY_MAX);
        if (long.length < ROWS_AT_ONCE) return;
      }
    },
  };
}
