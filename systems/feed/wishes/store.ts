import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { ReadingPreferences } from "./contract.ts";

export interface MutedWordRow {
  id: Id<"muted_word">;
  phrase: string;
  folded: string;
  matches: "word" | "part";
  kind: "hide" | "warn";
  place: "home" | "everywhere";
  at: Date;
  expires_at: Date | null;
}

/** Holds everybody back who would add to what this person has, until the transaction ends. */
export const lockWishes = (tx: Query, person_id: PersonId) =>
  tx`SELECT pg_advisory_xact_lock(hashtextextended(${`feed.wishes:${person_id}`}, 0))`;

/** Latest first; those whose time is over are left out. */
export async function mutedWordsOf(db: Query, person_id: PersonId, now: Date): Promise<MutedWordRow[]> {
  return (await db`
    SELECT id, phrase, folded, matches, kind, place, at, expires_at FROM feed_muted_words
    WHERE person_id = ${person_id} AND (expires_at IS NULL OR expires_at > ${now}) ORDER BY id DESC`) as MutedWordRow[];
}

/** Takes away those whose time is over. */
export async function deleteExpiredWords(tx: Query, person_id: PersonId, now: Date): Promise<void> {
  await tx`DELETE FROM feed_muted_words WHERE person_id = ${person_id} AND expires_at <= ${now}`;
}

/** @returns false where there are as many as there may be and this is a new one */
export async function putMutedWord(
  tx: Query,
  person_id: PersonId,
  row: MutedWordRow,
  words_max: number,
): Promise<MutedWordRow | null> {
  const [kept] = (await tx`
    INSERT INTO feed_muted_words AS w (id, person_id, phrase, folded, matches, kind, place, at, expires_at)
    SELECT ${row.id}, ${person_id}, ${row.phrase}, ${row.folded}, ${row.matches}, ${row.kind}, ${row.place}, ${row.at}, ${row.expires_at}
    WHERE (SELECT count(*) FROM feed_muted_words WHERE person_id = ${person_id} AND folded <> ${row.folded}) < ${words_max}
    ON CONFLICT (person_id, folded) DO UPDATE SET phrase = excluded.phrase, matches = excluded.matches, kind = excluded.kind,
      place = excluded.place, at = excluded.at, expires_at = excluded.expires_at
    RETURNING id, phrase, folded, matches, kind, place, at, expires_at`) as MutedWordRow[];
  return kept ?? null;
}

export async function deleteMutedWord(tx: Query, person_id: PersonId, id: Id<"muted_word">): Promise<boolean> {
  const gone = await tx`DELETE FROM feed_muted_words WHERE person_id = ${person_id} AND id = ${id}`;
  return gone.count === 1;
}

/** Null where this person never said anything. */
export async function preferencesOf(db: Query, person_id: PersonId): Promise<ReadingPreferences | null> {
  const [row] = (await db`
    SELECT sensitive_media, home_opens, home_reposts FROM feed_preferences WHERE person_id = ${person_id}`) as ReadingPreferences[];
  return row ?? null;
}

export async function putPreferences(
  tx: Query,
  person_id: PersonId,
  wanted: ReadingPreferences,
  at: Date,
): Promise<void> {
  await tx`
    INSERT INTO feed_preferences (person_id, sensitive_media, home_opens, home_reposts, at)
    VALUES (${person_id}, ${wanted.sensitive_media}, ${wanted.home_opens}, ${wanted.home_reposts}, ${at})
    ON CONFLICT (person_id) DO UPDATE SET sensitive_media = excluded.sensitive_media, home_opens = excluded.home_opens,
      home_reposts = excluded.home_reposts, at = excluded.at`;
}

/** Of somebody who deleted their account, at most so many of each. @returns how many went */
export async function deleteArrangements(tx: Query, person_id: PersonId, rows_max: number): Promise<number> {
  const gone = await Promise.all([
    tx`DELETE FROM feed_positions WHERE person_id = ${person_id}`,
    tx`DELETE FROM feed_preferences WHERE person_id = ${person_id}`,
    tx`DELETE FROM feed_muted_words WHERE id IN (SELECT id FROM feed_muted_words WHERE person_id = ${person_id} LIMIT ${rows_max})`,
    tx`DELETE FROM feed_folders WHERE id IN (SELECT id FROM feed_folders WHERE person_id = ${person_id} LIMIT ${rows_max})`,
    tx`DELETE FROM feed_list_people WHERE (list_id, person_id) IN
      (SELECT list_id, person_id FROM feed_list_people WHERE person_id = ${person_id} LIMIT ${rows_max})`,
    tx`DELETE FROM feed_lists WHERE id IN (SELECT id FROM feed_lists WHERE person_id = ${person_id} LIMIT 1)`,
  ]);
  return gone.reduce((rows, { count }) => rows + (count as number), 0);
}
