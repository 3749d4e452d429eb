import type { PersonId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Query } from "#ports/sql/index.ts";

export interface Takedown {
  audience: Audience;
  space_id: SpaceId | null;
}

export async function findTakedown(q: Query, id: VideoId): Promise<Takedown | null> {
  const [row] = await q<Takedown[]>`SELECT audience, space_id FROM media_takedowns WHERE video_id = ${id}`;
  return row ?? null;
}

export async function takenDown(q: Query, ids: readonly VideoId[]): Promise<Set<VideoId>> {
  if (ids.length === 0) return new Set();
  const rows = await q<{ video_id: VideoId }[]>`
    SELECT video_id FROM media_takedowns WHERE video_id = ANY(${q.array([...ids], "BIGINT")})`;
  return new Set(rows.map((row) => row.video_id));
}

export const insertTakedown = (q: Query, id: VideoId, by: PersonId, at: Date, { audience, space_id }: Takedown) => q`
  INSERT INTO media_takedowns (video_id, at, by_id, audience, space_id) VALUES (${id}, ${at}, ${by}, ${audience}, ${space_id})`;

/** Whose it will be again. @returns false where it is not taken down */
export async function redirectTakedown(q: Query, id: VideoId, { audience, space_id }: Takedown): Promise<boolean> {
  const rows =
    await q`UPDATE media_takedowns SET audience = ${audience}, space_id = ${space_id} WHERE video_id = ${id}`;
  return rows.count === 1;
}

export const deleteTakedown = (q: Query, id: VideoId) => q`DELETE FROM media_takedowns WHERE video_id = ${id}`;
