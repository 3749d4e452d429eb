import type { PersonId } from "#kernel/ids.ts";
import type { Cache, Caches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { peopleOutOfHome } from "../lists/store.ts";
import { WISHES_CACHED_BYTES_MAX, WISHES_CACHED_MAX, WISHES_CACHED_MS } from "./bounds.ts";
import { READING_PREFERENCES_USUAL, type ReadingPreferences } from "./contract.ts";
import { createMutedWords, type MutedWords } from "./muted.ts";
import { mutedWordsOf, preferencesOf } from "./store.ts";

/** What one reader wants and does not want to see, made ready for the rules. */
export interface Wishes {
  words: MutedWords | null;
  /** Of lists that are kept out of home; null where there are none. */
  out_of_home: ReadonlySet<PersonId> | null;
  preferences: ReadingPreferences;
}

/** Of nobody, and of everybody who wished for nothing: one object, so that there is nothing to do for them. */
export const NO_WISHES: Wishes = { words: null, out_of_home: null, preferences: READING_PREFERENCES_USUAL };

/** Remembered per reader, "none" too; forgotten here by a direct call after each change, elsewhere by its event. */
export interface WishBook {
  of(person_id: PersonId): Wishes | Promise<Wishes>;
  forget(person_id: PersonId): void;
  forgetAll(): void;
}

const PERSON_BYTES = 50;

export function createWishBook({ sql, caches, clock }: { sql: Sql; caches: Caches; clock: Clock }): WishBook {
  const cache: Cache<Wishes> = caches.create<Wishes>({
    name: "feed.wishes",
    version: 1,
    entries_max: WISHES_CACHED_MAX,
    bytes_max: WISHES_CACHED_BYTES_MAX,
    size_of: ({ words, out_of_home }) => 100 + (words?.bytes ?? 0) + (out_of_home?.size ?? 0) * PERSON_BYTES,
    ttl_ms: WISHES_CACHED_MS,
  });

  async function load(person_id: PersonId): Promise<Wishes> {
    const [rows, preferences, out] = await Promise.all([
      mutedWordsOf(sql.pool, person_id, new Date(clock.now())),
      preferencesOf(sql.pool, person_id),
      peopleOutOfHome(sql.pool, person_id),
    ]);
    if (rows.length === 0 && preferences === null && out.length === 0) return NO_WISHES;
    const words = rows.map((row) => ({ ...row, expires_ms: row.expires_at?.getTime() ?? null }));
    return {
      words: words.length > 0 ? createMutedWords(words, () => clock.now()) : null,
      out_of_home: out.length > 0 ? new Set(out) : null,
      preferences: preferences ?? READING_PREFERENCES_USUAL,
    };
  }

  return {
    of: (person_id) => cache.peek(person_id) ?? cache.get(person_id, () => load(person_id)).then((w) => w ?? NO_WISHES),
    forget: (person_id) => cache.delete(person_id),
    forgetAll: () => cache.clear(),
  };
}
