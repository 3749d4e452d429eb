import type { PersonId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import {
  addressKeyOf,
  dayKey,
  type DaySums,
  type FoldState,
  noSums,
  type Retention,
  type Session,
  sessionKey,
  type Told,
} from "./fold.ts";

export type ToldRow = Told & { id: string };

const json = (value: unknown) => JSON.stringify(value);
const hex = (bits: Uint8Array) => Buffer.from(bits).toString("hex");

export async function addTold(q: Query, told: Told[]): Promise<void> {
  await q`INSERT INTO media_beacons (video_id, session, seq, viewer, address, at, body)
    SELECT video_id, session, seq, viewer, address, at, body
    FROM jsonb_to_recordset(${json(told)}::text::jsonb) AS t(video_id bigint, session text, seq integer, viewer text, address text, at timestamptz, body jsonb)`;
}

/** One at a time folds, counts and recounts, whatever runs twice: until the transaction ends. */
export async function lockSums(q: Query): Promise<void> {
  await q`SELECT pg_advisory_xact_lock(hashtextextended('media.playback', 0))`;
}

export async function readTold(q: Query, limit: number): Promise<ToldRow[]> {
  return q<
    ToldRow[]
  >`SELECT id, video_id, session, seq, viewer, address, at, body FROM media_beacons ORDER BY id LIMIT ${limit}`;
}

export async function deleteTold(q: Query, ids: string[]): Promise<void> {
  await q`DELETE FROM media_beacons WHERE id = ANY(${q.array(ids, "BIGINT")})`;
}

/** All that these calls touch, as it is now. */
export async function loadState(q: Query, told: ToldRow[]): Promise<FoldState> {
  const ids = [...new Set(told.map((row) => row.video_id))];
  const keys = json(told.map(({ video_id, session, address }) => ({ video_id, session, address })));
  const videos = await q<{ id: VideoId; duration_ms: number | null; rungs: string[] }[]>`
    SELECT id, duration_ms, ARRAY(SELECT rung FROM media_rungs WHERE video_id = id AND kind = 'video') AS rungs
    FROM media_videos WHERE id = ANY(${q.array(ids, "BIGINT")}) AND deleted_at IS NULL FOR KEY SHARE`;
  const sessions = await q<Session[]>`
    SELECT s.video_id, s.session, s.viewer, s.address, s.day::text AS day, s.first_at, s.last_at, s.seqs, s.seen,
      s.played_ms::float8 AS played_ms, s.told_ms::float8 AS told_ms, s.credited_ms::float8 AS credited_ms, s.started, s.viewed_at
    FROM media_sessions s WHERE (s.video_id, s.session) IN (
      SELECT video_id, session FROM jsonb_to_recordset(${keys}::text::jsonb) AS t(video_id bigint, session text))`;
  const addresses = await q<{ video_id: VideoId; address: string; sessions: number }[]>`
    SELECT video_id, address, count(*)::int AS sessions FROM media_sessions WHERE (video_id, address) IN (
      SELECT video_id, address FROM jsonb_to_recordset(${keys}::text::jsonb) AS t(video_id bigint, address text))
    GROUP BY video_id, address`;
  return {
    videos: new Map(videos.map((row) => [row.id, { duration_ms: row.duration_ms, rungs: new Set(row.rungs) }])),
    sessions: new Map(sessions.map((row) => [sessionKey(row), row])),
    addresses: new Map(addresses.map((row) => [addressKeyOf(row), row.sessions])),
    days: new Map(),
    house_days: new Map(),
    retention: new Map(),
    viewed: [],
  };
}

export async function saveSessions(q: Query, sessions: Session[]): Promise<void> {
  const rows = sessions.map((s) => ({ ...s, seqs: hex(s.seqs), seen: hex(s.seen) }));
  await q`INSERT INTO media_sessions (video_id, session, viewer, address, day, first_at, last_at, seqs, seen, played_ms, told_ms, credited_ms, started, viewed_at)
    SELECT video_id, session, viewer, address, day, first_at, last_at, decode(seqs, 'hex'), decode(seen, 'hex'), played_ms, told_ms, credited_ms, started, viewed_at
    FROM jsonb_to_recordset(${json(rows)}::text::jsonb) AS t(video_id bigint, session text, viewer text, address text, day date, first_at timestamptz,
      last_at timestamptz, seqs text, seen text, played_ms bigint, told_ms bigint, credited_ms bigint, started boolean, viewed_at timestamptz)
    ON CONFLICT (video_id, session) DO UPDATE SET first_at = excluded.first_at, last_at = excluded.last_at, seqs = excluded.seqs, seen = excluded.seen,
      played_ms = excluded.played_ms, told_ms = excluded.told_ms, credited_ms = excluded.credited_ms, started = excluded.started,
      viewed_at = excluded.viewed_at`;
}

interface DayRow {
  sessions: number;
  watched_ms: number;
  rebuffers: number;
  rebuffer_ms: number;
  switches: number;
  autoplays: number;
  startups: number[];
  errors: Record<string, number>;
  rungs: Record<string, number>;
  referrers: Record<string, number>;
  devices: Record<string, number>;
  browsers: Record<string, number>;
}

const SUMS = `sessions::float8 AS sessions, watched_ms::float8 AS watched_ms, rebuffers::float8 AS rebuffers, rebuffer_ms::float8 AS rebuffer_ms,
  switches::float8 AS switches, autoplays::float8 AS autoplays, startups, errors, rungs, referrers, devices, browsers`;
const SUM_TYPES = `sessions bigint, watched_ms bigint, rebuffers bigint, rebuffer_ms bigint, switches bigint, autoplays bigint,
  startups jsonb, errors jsonb, rungs jsonb, referrers jsonb, devices jsonb, browsers jsonb`;
const SUM_NAMES = Object.keys(noSums());
const SUM_SET = SUM_NAMES.map((name) => `${name} = excluded.${name}`).join(", ");

const counts = (record: Record<string, number>) => new Map(Object.entries(record));
const fromRow = (row: DayRow): DaySums => ({
  sessions: row.sessions,
  watched_ms: row.watched_ms,
  rebuffers: row.rebuffers,
  rebuffer_ms: row.rebuffer_ms,
  switches: row.switches,
  autoplays: row.autoplays,
  startups: row.startups,
  errors: counts(row.errors),
  rungs: counts(row.rungs),
  referrers: counts(row.referrers),
  devices: counts(row.devices),
  browsers: counts(row.browsers),
});
const toRow = (sums: DaySums): DayRow => ({
  ...sums,
  errors: Object.fromEntries(sums.errors),
  rungs: Object.fromEntries(sums.rungs),
  referrers: Object.fromEntries(sums.referrers),
  devices: Object.fromEntries(sums.devices),
  browsers: Object.fromEntries(sums.browsers),
});

/** Fills in the days and curves that stand in the books; what is not there begins at nothing. */
export async function loadSums(q: Query, state: FoldState, days: { video_id: VideoId; day: string }[]): Promise<void> {
  const keys = json(days);
  const ofVideos = await q<(DayRow & { video_id: VideoId; day: string })[]>`
    SELECT d.video_id, d.day::text AS day, ${q.unsafe(SUMS)} FROM media_video_days d WHERE (d.video_id, d.day) IN (
      SELECT video_id, day FROM jsonb_to_recordset(${keys}::text::jsonb) AS t(video_id bigint, day date))`;
  for (const row of ofVideos) state.days.set(dayKey(row.video_id, row.day), fromRow(row));
  const ofHouse = await q<(DayRow & { day: string })[]>`
    SELECT day::text AS day, ${q.unsafe(SUMS)} FROM media_house_days
    WHERE day IN (SELECT day FROM jsonb_to_recordset(${keys}::text::jsonb) AS t(day date))`;
  for (const row of ofHouse) state.house_days.set(row.day, fromRow(row));
  for (const [id, curve] of await retentionOf(q, [...new Set(days.map((day) => day.video_id))]))
    state.retention.set(id, curve);
}

export async function retentionOf(q: Query, ids: VideoId[]): Promise<Map<VideoId, Retention>> {
  const rows = await q<(Retention & { video_id: VideoId })[]>`
    SELECT video_id, sessions::float8 AS sessions, watched, again FROM media_retention WHERE video_id = ANY(${q.array(ids, "BIGINT")})`;
  return new Map(rows.map(({ video_id, sessions, watched, again }) => [video_id, { sessions, watched, again }]));
}

export async function saveSums(q: Query, state: FoldState): Promise<void> {
  const days = [...state.days].map(([key, sums]) => {
    const [video_id = "", day = ""] = key.split(":");
    return { video_id, day, ...toRow(sums) };
  });
  await q`INSERT INTO media_video_days (video_id, day, ${q.unsafe(SUM_NAMES.join(", "))})
    SELECT * FROM jsonb_to_recordset(${json(days)}::text::jsonb) AS t(video_id bigint, day date, ${q.unsafe(SUM_TYPES)})
    ON CONFLICT (video_id, day) DO UPDATE SET ${q.unsafe(SUM_SET)}`;
  const house = [...state.house_days].map(([day, sums]) => ({ day, ...toRow(sums) }));
  await q`INSERT INTO media_house_days (day, ${q.unsafe(SUM_NAMES.join(", "))})
    SELECT * FROM jsonb_to_recordset(${json(house)}::text::jsonb) AS t(day date, ${q.unsafe(SUM_TYPES)})
    ON CONFLICT (day) DO UPDATE SET ${q.unsafe(SUM_SET)}`;
  const curves = [...state.retention].map(([video_id, curve]) => ({ video_id, ...curve }));
  await q`INSERT INTO media_retention (video_id, sessions, watched, again)
    SELECT * FROM jsonb_to_recordset(${json(curves)}::text::jsonb) AS t(video_id bigint, sessions bigint, watched jsonb, again jsonb)
    ON CONFLICT (video_id) DO UPDATE SET sessions = excluded.sessions, watched = excluded.watched, again = excluded.again`;
}

/** Counts who was not there on this day yet. */
export async function addDayViewers(
  q: Query,
  viewers: { day: string; video_id: VideoId; viewer: string }[],
): Promise<void> {
  await q`WITH new AS (
      INSERT INTO media_day_viewers (day, video_id, viewer)
      SELECT DISTINCT day, video_id, viewer FROM jsonb_to_recordset(${json(viewers)}::text::jsonb) AS t(day date, video_id bigint, viewer text)
      ON CONFLICT DO NOTHING RETURNING day, video_id
    )
    INSERT INTO media_video_days AS d (video_id, day, viewers) SELECT video_id, day, count(*) FROM new GROUP BY video_id, day
    ON CONFLICT (video_id, day) DO UPDATE SET viewers = d.viewers + excluded.viewers`;
}

export async function forgetSessions(q: Query, before: Date, limit: number): Promise<number> {
  const gone = await q`DELETE FROM media_sessions WHERE (video_id, session) IN (
    SELECT video_id, session FROM media_sessions WHERE last_at < ${before} LIMIT ${limit})`;
  return gone.count;
}

export async function forgetDayViewers(q: Query, before: string): Promise<void> {
  await q`DELETE FROM media_day_viewers WHERE day < ${before}::date`;
}

/** Their views stay in the sum. */
export async function forgetDays(q: Query, before: string): Promise<void> {
  await q`WITH gone AS (DELETE FROM media_video_days WHERE day < ${before}::date RETURNING video_id, views),
      sums AS (SELECT video_id, sum(views) AS views FROM gone GROUP BY video_id)
    UPDATE media_videos v SET views_before = v.views_before + sums.views FROM sums WHERE v.id = sums.video_id`;
  await q`DELETE FROM media_house_days WHERE day < ${before}::date`;
}

export type VideoDay = DaySums & { day: string; views: number; viewers: number };

export async function videoDays(q: Query, video_id: VideoId, since: string): Promise<VideoDay[]> {
  const rows = await q<(DayRow & { day: string; views: number; viewers: number })[]>`
    SELECT day::text AS day, views::float8 AS views, viewers::float8 AS viewers, ${q.unsafe(SUMS)}
    FROM media_video_days WHERE video_id = ${video_id} AND day >= ${since}::date ORDER BY day`;
  return rows.map((row) => ({ day: row.day, views: row.views, viewers: row.viewers, ...fromRow(row) }));
}

export async function houseDays(q: Query, since: string): Promise<(DaySums & { day: string })[]> {
  const rows = await q<(DayRow & { day: string })[]>`
    SELECT day::text AS day, ${q.unsafe(SUMS)} FROM media_house_days WHERE day >= ${since}::date ORDER BY day`;
  return rows.map((row) => ({ day: row.day, ...fromRow(row) }));
}

export interface OwnDay {
  day: string;
  views: number;
  viewers: number;
  sessions: number;
  watched_ms: number;
}

/** Of all that a person made and that is still there. */
export async function ownDays(q: Query, owner_id: PersonId, since: string): Promise<OwnDay[]> {
  return q<OwnDay[]>`SELECT d.day::text AS day, sum(d.views)::float8 AS views, sum(d.viewers)::float8 AS viewers,
      sum(d.sessions)::float8 AS sessions, sum(d.watched_ms)::float8 AS watched_ms
    FROM media_videos v JOIN media_video_days d ON d.video_id = v.id AND d.day >= ${since}::date
    WHERE v.owner_id = ${owner_id} AND v.deleted_at IS NULL GROUP BY d.day ORDER BY d.day`;
}

export async function mostWatched(
  q: Query,
  owner_id: PersonId,
  since: string,
  limit: number,
): Promise<{ id: VideoId; views: number; sessions: number; watched_ms: number }[]> {
  return q<
    { id: VideoId; views: number; sessions: number; watched_ms: number }[]
  >`SELECT v.id, sum(d.views)::float8 AS views, sum(d.sessions)::float8 AS sessions, sum(d.watched_ms)::float8 AS watched_ms
    FROM media_videos v JOIN media_video_days d ON d.video_id = v.id AND d.day >= ${since}::date
    WHERE v.owner_id = ${owner_id} AND v.deleted_at IS NULL
    GROUP BY v.id ORDER BY sum(d.watched_ms) DESC, v.id DESC LIMIT ${limit}`;
}

export async function ownTotals(q: Query, owner_id: PersonId): Promise<{ videos: number; views: number }> {
  const [row] = await q<{ videos: number; views: number }[]>`SELECT count(*)::float8 AS videos,
      COALESCE(sum(view_count), 0)::float8 AS views FROM media_videos
    WHERE owner_id = ${owner_id} AND deleted_at IS NULL AND (holder IS NULL OR holder NOT LIKE 'edit:%')`;
  return row ?? { videos: 0, views: 0 };
}
