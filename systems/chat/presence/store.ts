import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface PreferencesRow {
  person_id: PersonId;
  receipts: boolean;
  presence: boolean;
  direct_from: "everyone" | "followed";
  status_text: string;
  status_emoji: string | null;
  status_until: Date | null;
  quiet_until: Date | null;
}

export const preferencesOf = (row: PreferencesRow | undefined): Omit<PreferencesRow, "person_id"> =>
  row ?? {
    receipts: true,
    presence: true,
    direct_from: "everyone",
    status_text: "",
    status_emoji: null,
    status_until: null,
    quiet_until: null,
  };

/** Who never said anything is not in the map. */
export async function findPreferences(
  q: Query,
  person_ids: readonly PersonId[],
): Promise<Map<PersonId, PreferencesRow>> {
  if (person_ids.length === 0) return new Map();
  const rows = (await q`SELECT * FROM chat_preferences
    WHERE person_id = ANY(${q.array([...person_ids], "BIGINT")})`) as PreferencesRow[];
  return new Map(rows.map((row) => [row.person_id, row]));
}

export async function savePreferences(tx: Query, row: PreferencesRow): Promise<void> {
  await tx`
    INSERT INTO chat_preferences (person_id, receipts, presence, direct_from, status_text, status_emoji, status_until, quiet_until)
    VALUES (${row.person_id}, ${row.receipts}, ${row.presence}, ${row.direct_from}, ${row.status_text}, ${row.status_emoji},
      ${row.status_until}, ${row.quiet_until})
    ON CONFLICT (person_id) DO UPDATE SET receipts = excluded.receipts, presence = excluded.presence,
      direct_from = excluded.direct_from, status_text = excluded.status_text, status_emoji = excluded.status_emoji,
      status_until = excluded.status_until, quiet_until = excluded.quiet_until`;
}
