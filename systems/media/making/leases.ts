import type { VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import { FAILED_CHARS_MAX, LEASE_MS, STORING_MS } from "../bounds.ts";

/** A segment of a track. */
export interface Spot {
  rung: string;
  k: number;
}

/** What a run has on its segments, so that no other node makes the same and no name ever gets two kinds of bytes. */
export interface Hold {
  video_id: VideoId;
  token: string;
  for_viewer: boolean;
}

/**
 * Takes what is neither stored nor taken. What is made ahead of time gives way to who waits, and does not wait for what
 * failed. @returns those that are this run's now
 */
export async function takeLeases(
  q: Query,
  hold: Hold,
  asked: { tracks: string[]; from: number; until: number },
): Promise<Spot[]> {
  const { video_id, token, for_viewer } = hold;
  const tracks = q.array(asked.tracks, "TEXT");
  const taken = await q<Spot[]>`INSERT INTO media_making_leases AS l (video_id, rung, k, token, for_viewer, until)
    SELECT ${video_id}, r.rung, s.k, ${token}, ${for_viewer}, clock_timestamp() + ${LEASE_MS} * interval '1 ms'
    FROM media_rungs r JOIN media_videos v ON v.id = r.video_id CROSS JOIN LATERAL generate_series(${asked.from}::int, least(${asked.until}::int, r.segment_count) - 1) s(k)
    WHERE r.video_id = ${video_id} AND r.rung = ANY(${tracks})
      AND NOT EXISTS (SELECT FROM media_segments m WHERE m.video_id = ${video_id} AND m.rung = r.rung AND m.k = s.k)
    ORDER BY r.rung, s.k
    -- The video before its leases, as whoever stores a segment has it: else the two wait for one another.
    FOR KEY SHARE OF v
    ON CONFLICT (video_id, rung, k) DO UPDATE SET token = excluded.token, for_viewer = excluded.for_viewer, storing = false,
        until = excluded.until
      WHERE l.until < clock_timestamp()
        OR (excluded.for_viewer AND NOT l.for_viewer AND NOT l.storing)
        OR (NOT excluded.for_viewer AND l.token = '')
    RETURNING rung, k`;
  if (taken.length === 0) return [];
  // Who stored one gave its lease back in the same moment; what this statement sees is newer than what the other saw.
  const stored = await q<Spot[]>`DELETE FROM media_making_leases l USING media_segments m
    WHERE l.video_id = ${video_id} AND l.token = ${token}
      AND m.video_id = l.video_id AND m.rung = l.rung AND m.k = l.k
    RETURNING l.rung, l.k`;
  const gone = new Set(stored.map(({ rung, k }) => `${rung}/${k}`));
  return taken.filter(({ rung, k }) => !gone.has(`${rung}/${k}`));
}

export async function renewLeases(q: Query, { video_id, token }: Hold): Promise<void> {
  await q`UPDATE media_making_leases SET until = greatest(until, clock_timestamp() + ${LEASE_MS} * interval '1 ms')
    WHERE video_id = ${video_id} AND token = ${token}`;
}

/** From here on nobody takes it over. @returns false when somebody has */
export async function holdToStore(q: Query, { video_id, token }: Hold, { rung, k }: Spot): Promise<boolean> {
  const held =
    await q`UPDATE media_making_leases SET storing = true, until = clock_timestamp() + ${STORING_MS} * interval '1 ms'
    WHERE video_id = ${video_id} AND rung = ${rung} AND k = ${k} AND token = ${token}`;
  return held.count === 1;
}

/** In the transaction that writes the segment's row. */
export async function endLease(q: Query, { video_id, token }: Hold, { rung, k }: Spot): Promise<boolean> {
  const ended = await q`DELETE FROM media_making_leases
    WHERE video_id = ${video_id} AND rung = ${rung} AND k = ${k} AND token = ${token}`;
  return ended.count === 1;
}

/** Gives back all that a run still has; failures stay on the books. */
export async function giveBack(q: Query, { video_id, token }: Hold): Promise<void> {
  await q`DELETE FROM media_making_leases WHERE video_id = ${video_id} AND token = ${token} AND failed_tries = 0`;
  await q`UPDATE media_making_leases SET token = '', storing = false, until = clock_timestamp()
    WHERE video_id = ${video_id} AND token = ${token}`;
}

/** Nobody tries again before `pause_ms` have passed. After `tries` of them the count begins anew with the next try. */
export async function noteFailure(
  q: Query,
  { video_id, token }: Hold,
  { rung, k }: Spot,
  failed: { because: string; tries: number; pause_ms: number },
): Promise<void> {
  await q`UPDATE media_making_leases SET token = '', storing = false, failed_tries = ${failed.tries},
      failed_because = ${failed.because.slice(0, FAILED_CHARS_MAX)},
      until = clock_timestamp() + ${failed.pause_ms} * interval '1 ms'
    WHERE video_id = ${video_id} AND rung = ${rung} AND k = ${k} AND token = ${token}`;
}

export interface LeaseState {
  token: string;
  left_ms: number;
  failed_tries: number;
  failed_because: string | null;
}

export async function leaseOf(q: Query, video_id: VideoId, { rung, k }: Spot): Promise<LeaseState | null> {
  const [row] = await q<LeaseState[]>`SELECT token, failed_tries, failed_because,
      (extract(epoch FROM until - clock_timestamp()) * 1000)::float8 AS left_ms
    FROM media_making_leases WHERE video_id = ${video_id} AND rung = ${rung} AND k = ${k}`;
  return row ?? null;
}
