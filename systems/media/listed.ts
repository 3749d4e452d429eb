import type { PersonCard } from "#kernel/cards.ts";
import type { PersonId, VideoId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { ListedVideo } from "./collections/contract.ts";
import { addressesOf } from "./places.ts";
import type { PeopleFacts } from "./rules.ts";
import { posterFile } from "./videos/present.ts";
import { findVideos } from "./videos/store.ts";
import { positionsOf } from "./watching/store.ts";

export interface ListedNeeds {
  sql: Sql;
  blobs: Blobs;
  clock: Clock;
  people: Pick<PeopleFacts, "cards">;
}

/**
 * Films as lists show them, a whole page at once. Whether the viewer may see them was decided before.
 * @returns by id; what went meanwhile, and what belongs to nobody any more, is missing
 */
export async function listedVideos(
  viewer: Viewer,
  ids: readonly VideoId[],
  { sql, blobs, clock, people }: ListedNeeds,
): Promise<Map<VideoId, ListedVideo>> {
  const rows = await findVideos(sql.pool, [...new Set(ids)]);
  const [owners, positions] = await Promise.all([
    people.cards([...new Set(rows.map((row) => row.owner_id))]) as Promise<ReadonlyMap<PersonId, PersonCard>>,
    viewer.kind === "person"
      ? positionsOf(
          sql.pool,
          viewer.person_id,
          rows.map((row) => row.id),
        )
      : new Map<VideoId, number>(),
  ]);
  const listed = new Map<VideoId, ListedVideo>();
  for (const row of rows) {
    const owner = owners.get(row.owner_id);
    if (!owner) continue;
    const { url } = addressesOf(row.place, row.duration_ms ?? 0, { blobs, clock });
    listed.set(row.id, {
      id: row.id,
      title: row.title,
      owner,
      audience: row.audience,
      status: row.status,
      duration_ms: row.duration_ms,
      width: row.width,
      height: row.height,
      poster_url: row.poster_bytes === null ? null : url(posterFile(row)),
      placeholder: row.placeholder,
      view_count: row.view_count,
      created_at: rfc3339(row.created_at),
      position_ms: positions.get(row.id) ?? null,
    });
  }
  return listed;
}
