import type { PersonId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

import type { CollectionId } from "../collections/contract.ts";

/** Where somebody stopped, with what says whether they may still see it. */
export interface WatchedRow {
  video_id: VideoId;
  position_ms: number;
  at: Date;
  at_micros: string;
  collection_id: CollectionId | null;
  owner_id: PersonId;
  audience: Audience;
  space_id: SpaceId | null;
  duration_ms: number | null;
  can_play: boolean;
}

export async function watchedBy(
  q: Query,
  person_id: PersonId,
  before: { at_micros: string; video_id: VideoId } | null,
  limit: number,
): Promise<WatchedRow[]> {
  return q<
    WatchedRow[]
  >`SELECT p.video_id, p.position_ms, p.at, (extract(epoch FROM p.at) * 1000000)::bigint AS at_micros,
      p.collection_id, v.owner_id, v.audience, v.space_id, v.duration_ms, v.playable_at IS NOT NULL AS can_play
    FROM media_positions p JOIN media_videos v ON v.id = p.video_id
    WHERE p.person_id = ${person_id} AND v.deleted_at IS NULL
      AND (${before === null} OR (p.at, p.video_id) <
        (timestamptz 'epoch' + ${before?.at_micros ?? "0"}::bigint * interval '1 microsecond', ${before?.video_id ?? "0"}::bigint))
    ORDER BY p.at DESC, p.video_id DESC LIMIT ${limit}`;
}

export async function forget(q: Query, person_id: PersonId, video_id: VideoId): Promise<void> {
  await q`DELETE FROM media_positions WHERE person_id = ${person_id} AND video_id = ${video_id}`;
}

/** At most `HISTORY_MAX` and what came since it was last trimmed. */
export async function forgetAll(q: Query, person_id: PersonId): Promise<void> {
  await q`DELETE FROM media_positions WHERE person_id = ${person_id}`;
}

export async function forgetPerson(q: Query, person_id: PersonId): Promise<void> {
  await forgetAll(q, person_id);
  await q`DELETE FROM media_history_pauses WHERE person_id = ${person_id}`;
}

export async function pausedAt(q: Query, person_id: PersonId): Promise<Date | null> {
  const [row] = await q<{ at: Date }[]>`SELECT at FROM media_history_pauses WHERE person_id = ${person_id}`;
  return row?.at ?? null;
}

/** The first moment stays where it is paused already. */
export async function pause(q: Query, person_id: PersonId, at: Date): Promise<void> {
  await q`INSERT INTO media_history_pauses (person_id, at) VALUES (${person_id}, ${at}) ON CONFLICT (person_id) DO NOTHING`;
}

export async function resume(q: Query, person_id: PersonId): Promise<void> {
  await q`DELETE FROM media_history_pauses WHERE person_id = ${person_id}`;
}

/** People whose history is longer than it may be: one walk over an index. */
export async function overlong(q: Query, kept: number, limit: number): Promise<PersonId[]> {
  const rows = await q<{ person_id: PersonId }[]>`SELECT person_id FROM media_positions
    GROUP BY person_id HAVING count(*) > ${kept} LIMIT ${limit}`;
  return rows.map((row) => row.person_id);
}

export async function trim(q: Query, person_id: PersonId, kept: number): Promise<number> {
  const gone = await q`DELETE FROM media_positions WHERE person_id = ${person_id} AND video_id IN (
    SELECT video_id FROM media_positions WHERE person_id = ${person_id} ORDER BY at DESC, video_id DESC OFFSET ${kept})`;
  return gone.count;
}
