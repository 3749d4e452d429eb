import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Focus } from "../entities/media.ts";

export async function focusOf(db: Query, media_ids: readonly string[]): Promise<Map<string, Focus>> {
  const rows = (await db`
    SELECT media_id, x, y FROM mastodon_focus WHERE media_id = ANY(${db.array([...media_ids], "BIGINT")})`) as (Focus & {
    media_id: string;
  })[];
  return new Map(rows.map(({ media_id, x, y }) => [media_id, { x, y }]));
}

/** Whose thing it is was asked before. */
export const setFocus = (db: Query, media_id: string, person_id: PersonId, { x, y }: Focus) => db`
  INSERT INTO mastodon_focus (media_id, person_id, x, y) VALUES (${media_id}, ${person_id}, ${x}, ${y})
  ON CONFLICT (media_id) DO UPDATE SET x = excluded.x, y = excluded.y WHERE mastodon_focus.person_id = excluded.person_id`;
