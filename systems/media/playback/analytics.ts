import type { PersonId, VideoId } from "#kernel/ids.ts";
import { DAY_MS, rfc3339 } from "#kernel/time.ts";
import type { Query } from "#ports/sql/index.ts";

import { presentClass } from "../storage/present.ts";
import { classesOf } from "../storage/store.ts";
import { MOST_WATCHED_MAX } from "./bounds.ts";
import type { HouseQuality, Quality, Share, VideoAnalytics } from "./contract.ts";
import { dayOf, type DaySums, noRetention, noSums } from "./fold.ts";
import { addSteps, quantileOf } from "./histogram.ts";
import * as store from "./store.ts";

const DIGITS = 10_000;
const share = (part: number, of: number) => (of === 0 ? 0 : Math.round((part / of) * DIGITS) / DIGITS);
const round = (value: number) => Math.round(value * DIGITS) / DIGITS;

/** The numbers of one video; every day of the time is there, so that a chart needs no calendar. */
export async function videoAnalytics(
  q: Query,
  video: { id: VideoId; view_count: number },
  days: number,
  now_ms: number,
): Promise<VideoAnalytics> {
  const { since, list } = calendar(days, now_ms);
  const [rows, curves, classes] = await Promise.all([
    store.videoDays(q, video.id, since),
    store.retentionOf(q, [video.id]),
    classesOf(q, [video.id]),
  ]);
  const kept = classes.get(video.id);
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const all = sumOf(rows);
  const curve = curves.get(video.id) ?? noRetention();
  const watched = curve.watched.map((count) => share(count, curve.sessions));
  return {
    video_id: video.id,
    since,
    until: dayOf(now_ms),
    totals: {
      views: rows.reduce((sum, row) => sum + row.views, 0),
      sessions: all.sessions,
      watched_ms: all.watched_ms,
      viewer_days: rows.reduce((sum, row) => sum + row.viewers, 0),
      average_watched_ms: all.sessions === 0 ? 0 : Math.round(all.watched_ms / all.sessions),
      autoplay_share: share(all.autoplays, all.sessions),
    },
    by_day: list.map((day) => {
      const row = byDay.get(day);
      return {
        day,
        views: row?.views ?? 0,
        viewers: row?.viewers ?? 0,
        sessions: row?.sessions ?? 0,
        watched_ms: row?.watched_ms ?? 0,
      };
    }),
    retention: {
      sessions: curve.sessions,
      average_share: round(watched.reduce((sum, part) => sum + part, 0) / watched.length),
      watched,
      again: curve.again.map((count) => share(count, curve.sessions)),
    },
    referrers: shares(all.referrers),
    quality: qualityOf(all),
    views_total: video.view_count,
    kept: kept ? presentClass(kept) : null,
  };
}

/** All that a person made, together. Which films these are is for the caller to show. */
export async function ownAnalytics(q: Query, owner_id: PersonId, days: number, now_ms: number) {
  const { since, list } = calendar(days, now_ms);
  const [rows, most_watched, ever] = await Promise.all([
    store.ownDays(q, owner_id, since),
    store.mostWatched(q, owner_id, since, MOST_WATCHED_MAX),
    store.ownTotals(q, owner_id),
  ]);
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const sum = (of: (row: store.OwnDay) => number) => rows.reduce((all, row) => all + of(row), 0);
  return {
    since,
    until: dayOf(now_ms),
    totals: {
      videos: ever.videos,
      views: sum((row) => row.views),
      sessions: sum((row) => row.sessions),
      watched_ms: sum((row) => row.watched_ms),
      viewer_days: sum((row) => row.viewers),
    },
    by_day: list.map((day) => byDay.get(day) ?? { day, views: 0, viewers: 0, sessions: 0, watched_ms: 0 }),
    most_watched,
    views_total: ever.views,
  };
}

export async function houseQuality(q: Query, days: number, now_ms: number): Promise<HouseQuality> {
  const { since, list } = calendar(days, now_ms);
  const rows = await store.houseDays(q, since);
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const all = sumOf(rows);
  return {
    since,
    until: dayOf(now_ms),
    totals: { sessions: all.sessions, watched_ms: all.watched_ms },
    by_day: list.map((day) => {
      const sums = byDay.get(day) ?? noSums();
      return {
        day,
        sessions: sums.sessions,
        watched_ms: sums.watched_ms,
        startup_p50_ms: quantileOf(sums.startups, 0.5),
        startup_p95_ms: quantileOf(sums.startups, 0.95),
        rebuffer_ratio: share(sums.rebuffer_ms, sums.watched_ms + sums.rebuffer_ms),
        errors: total(sums.errors),
      };
    }),
    referrers: shares(all.referrers),
    quality: qualityOf(all),
    measured_at: rfc3339(now_ms),
  };
}

function qualityOf(sums: DaySums): Quality {
  const in_rungs_ms = total(sums.rungs);
  return {
    startup: {
      starts: sums.startups.reduce((sum, count) => sum + count, 0),
      p50_ms: quantileOf(sums.startups, 0.5),
      p95_ms: quantileOf(sums.startups, 0.95),
    },
    rebuffering: {
      count: sums.rebuffers,
      ms: sums.rebuffer_ms,
      ratio: share(sums.rebuffer_ms, sums.watched_ms + sums.rebuffer_ms),
    },
    switches: sums.switches,
    errors: largest(sums.errors).map(([code, count]) => ({ code, count })),
    rungs: largest(sums.rungs).map(([rung, watched_ms]) => ({
      rung,
      watched_ms,
      share: share(watched_ms, in_rungs_ms),
    })),
    devices: shares(sums.devices),
    browsers: shares(sums.browsers),
  };
}

function sumOf(days: readonly DaySums[]): DaySums {
  const all = noSums();
  for (const day of days) {
    all.sessions += day.sessions;
    all.watched_ms += day.watched_ms;
    all.rebuffers += day.rebuffers;
    all.rebuffer_ms += day.rebuffer_ms;
    all.switches += day.switches;
    all.autoplays += day.autoplays;
    addSteps(all.startups, day.startups);
    for (const name of ["errors", "rungs", "referrers", "devices", "browsers"] as const)
      for (const [key, count] of day[name]) all[name].set(key, (all[name].get(key) ?? 0) + count);
  }
  return all;
}

const total = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((sum, count) => sum + count, 0);
const largest = (counts: ReadonlyMap<string, number>) =>
  [...counts].sort(([x, a], [y, b]) => b - a || (x < y ? -1 : 1));
const shares = (counts: ReadonlyMap<string, number>): Share[] => {
  const all = total(counts);
  return largest(counts).map(([name, count]) => ({ name, count, share: share(count, all) }));
};

/** The last `days` days in UTC, today as the last of them. */
function calendar(days: number, now_ms: number): { since: string; list: string[] } {
  const list = Array.from({ length: days }, (_, i) => dayOf(now_ms - (days - 1 - i) * DAY_MS));
  return { since: list[0] ?? dayOf(now_ms), list };
}
