import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface RuleRow {
  id: string;
  place: number;
  title: string;
  text: string;
  retired_at: Date | null;
}

export const all = async (db: Query) =>
  (await db`SELECT id, place, title, text, retired_at FROM moderation_rules ORDER BY place, id`) as RuleRow[];

/** Changes of rules go one after the other: their number has a bound. */
export async function lockAll(tx: Query): Promise<RuleRow[]> {
  await tx`LOCK TABLE moderation_rules IN SHARE ROW EXCLUSIVE MODE`;
  return all(tx);
}

export async function find(db: Query, id: string): Promise<RuleRow | null> {
  const [row] =
    (await db`SELECT id, place, title, text, retired_at FROM moderation_rules WHERE id = ${id}`) as RuleRow[];
  return row ?? null;
}

export const insert = (tx: Query, row: RuleRow, by: PersonId, at: Date) => tx`
  INSERT INTO moderation_rules (id, place, title, text, changed_at, changed_by)
  VALUES (${row.id}, ${row.place}, ${row.title}, ${row.text}, ${at}, ${by})`;

export const update = (tx: Query, row: RuleRow, by: PersonId, at: Date) => tx`
  UPDATE moderation_rules SET place = ${row.place}, title = ${row.title}, text = ${row.text}, retired_at = ${row.retired_at},
    changed_at = ${at}, changed_by = ${by} WHERE id = ${row.id}`;
