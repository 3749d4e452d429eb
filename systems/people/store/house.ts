import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface HouseRow {
  name: string | null;
  sign_up: "open" | "invitation" | "closed" | null;
}

export async function house(q: Query): Promise<HouseRow> {
  const [row] = await q<HouseRow[]>`SELECT name, sign_up FROM people_house`;
  return row ?? { name: null, sign_up: null };
}

export const editHouse = (q: Query, change: Partial<HouseRow>, by: PersonId, at: Date) => q`
  INSERT INTO people_house AS h (name, sign_up, changed_at, changed_by)
  VALUES (${change.name ?? null}, ${change.sign_up ?? null}, ${at}, ${by})
  ON CONFLICT (one) DO UPDATE SET name = coalesce(excluded.name, h.name), sign_up = coalesce(excluded.sign_up, h.sign_up),
    changed_at = excluded.changed_at, changed_by = excluded.changed_by`;
