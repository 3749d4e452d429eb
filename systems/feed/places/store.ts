import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface PositionRow {
  entry_id: Id<"entry">;
  at: Date;
  device: string;
}

/** Stands for home where a list's id would. */
export const HOME = "0";

export async function positionOf(db: Query, person_id: PersonId, list_id: string): Promise<PositionRow | null> {
  const [row] = (await db`
    SELECT entry_id, at, device FROM feed_positions WHERE person_id = ${person_id} AND list_id = ${list_id}`) as PositionRow[];
  return row ?? null;
}

/** What was read last wins. @returns what stands after it */
export async function putPosition(
  db: Query,
  person_id: PersonId,
  list_id: string,
  row: PositionRow,
): Promise<PositionRow> {
  const [stands] = (await db`
    INSERT INTO feed_positions AS p (person_id, list_id, entry_id, at, device)
    VALUES (${person_id}, ${list_id}, ${row.entry_id}, ${row.at}, ${row.device})
    ON CONFLICT (person_id, list_id) DO UPDATE SET
      entry_id = CASE WHEN excluded.at >= p.at THEN excluded.entry_id ELSE p.entry_id END,
      device = CASE WHEN excluded.at >= p.at THEN excluded.device ELSE p.device END,
      at = greatest(excluded.at, p.at)
    RETURNING p.entry_id, p.at, p.device`) as PositionRow[];
  return stands!;
}
