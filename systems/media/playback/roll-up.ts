import type { VideoId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";
import type { Query } from "#ports/sql/index.ts";

import { VIEW_AGAIN_MS } from "../bounds.ts";
import { noteWatched } from "../storage/store.ts";
import { noteViews } from "../watching/store.ts";
import { BEACONS_FOLDED_AT_ONCE, DAY_VIEWERS_KEPT_MS, DAYS_KEPT, SESSIONS_KEPT_MS } from "./bounds.ts";
import { dayKey, dayOf, fold, sessionKey } from "./fold.ts";
import * as store from "./store.ts";
import { keyedHash } from "./tell.ts";

/**
 * Folds the oldest calls into sums, in one transaction with their end: killed in the middle, nothing of it has happened.
 * @param secret names a day's viewers
 * @returns how many it folded
 */
export async function rollUp(tx: Query, secret: string, limit = BEACONS_FOLDED_AT_ONCE): Promise<number> {
  await store.lockSums(tx);
  const told = await store.readTold(tx, limit);
  if (told.length === 0) return 0;
  const state = await store.loadState(tx, told);
  const days = new Map<string, { video_id: VideoId; day: string }>();
  for (const row of told) {
    if (!state.videos.has(row.video_id)) continue;
    const { video_id } = row;
    const day = state.sessions.get(sessionKey(row))?.day ?? dayOf(row.at);
    days.set(dayKey(video_id, day), { video_id, day });
  }
  await store.loadSums(tx, state, [...days.values()]);
  for (const row of told) fold(state, row);

  await store.saveSessions(tx, [...state.sessions.values()]);
  await store.saveSums(tx, state);
  await store.addDayViewers(
    tx,
    state.viewed.map(({ video_id, viewer, viewed_at }) => {
      const day = dayOf(viewed_at);
      return { video_id, day, viewer: keyedHash(secret, `day:${day}:${video_id}:${viewer}`) };
    }),
  );
  await noteWatched(
    tx,
    [...state.sessions.values()].map(({ video_id, last_at }) => ({ video_id, at: last_at })),
  );
  await noteViews(
    tx,
    state.viewed.map(({ video_id, viewer, session, viewed_at: at }) => ({ video_id, viewer, session, at })),
    VIEW_AGAIN_MS,
  );
  await store.deleteTold(
    tx,
    told.map((row) => row.id),
  );
  return told.length;
}

/** Drops what has served its time. */
export async function forgetPlayback(tx: Query, now_ms: number): Promise<void> {
  await store.lockSums(tx);
  await store.forgetSessions(tx, new Date(now_ms - SESSIONS_KEPT_MS), BEACONS_FOLDED_AT_ONCE * 10);
  await store.forgetDayViewers(tx, dayOf(now_ms - DAY_VIEWERS_KEPT_MS));
  await store.forgetDays(tx, dayOf(now_ms - DAYS_KEPT * DAY_MS));
}
