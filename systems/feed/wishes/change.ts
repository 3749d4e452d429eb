import type { BodyOf } from "#kernel/contract.ts";
import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { Id } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import type { ReadingGround } from "../reading/ground.ts";
import { MUTED_WORDS_MAX } from "./bounds.ts";
import type { MutedWord, muteWord, ReadingPreferences } from "./contract.ts";
import { READING_PREFERENCES_USUAL } from "./contract.ts";
import { tellReading } from "./events.ts";
import * as store from "./store.ts";
import { fold } from "./words.ts";

const DAY_MS = 24 * 3_600_000;

export const presentWord = (row: store.MutedWordRow): MutedWord => ({
  id: row.id,
  phrase: row.phrase,
  matches: row.matches,
  kind: row.kind,
  place: row.place,
  created_at: rfc3339(row.at),
  expires_at: row.expires_at === null ? null : rfc3339(row.expires_at),
});

/** @throws Problem 409 `muted_word.too_many`, 422 `muted_word.empty` */
export async function muteWordNow(
  ground: ReadingGround,
  viewer: SignedIn,
  body: BodyOf<typeof muteWord>,
): Promise<MutedWord> {
  const { sql, log, clock, ids } = ground;
  const folded = fold(body.phrase);
  if (folded === "" || folded === "#")
    throw new Problem(422, "muted_word.empty", "Write a word, a phrase, or a hashtag with its sign.");
  const now = clock.now();
  const row: store.MutedWordRow = {
    id: ids.next<"muted_word">(),
    phrase: body.phrase,
    folded,
    matches: body.matches,
    kind: body.kind,
    place: body.place,
    at: new Date(now),
    expires_at: body.expires_in_d == null ? null : new Date(now + body.expires_in_d * DAY_MS),
  };
  const kept = await sql.tx(async (tx) => {
    await store.lockWishes(tx, viewer.person_id);
    await store.deleteExpiredWords(tx, viewer.person_id, row.at);
    const put = await store.putMutedWord(tx, viewer.person_id, row, MUTED_WORDS_MAX);
    if (!put)
      throw conflict(
        "muted_word.too_many",
        `You have muted ${MUTED_WORDS_MAX} words, which is the most. Take one away first.`,
      );
    await tellReading(log, tx, "words_muted", viewer.person_id, put.id);
    return put;
  });
  ground.wishes.forget(viewer.person_id);
  return presentWord(kept);
}

/** @throws Problem 404 `muted_word.not_found` */
export async function unmuteWordNow(ground: ReadingGround, viewer: SignedIn, id: Id<"muted_word">): Promise<void> {
  await ground.sql.tx(async (tx) => {
    if (!(await store.deleteMutedWord(tx, viewer.person_id, id))) throw notFound("muted_word");
    await tellReading(ground.log, tx, "words_unmuted", viewer.person_id, id);
  });
  ground.wishes.forget(viewer.person_id);
}

export async function changePreferences(
  ground: ReadingGround,
  viewer: SignedIn,
  change: Partial<ReadingPreferences>,
): Promise<ReadingPreferences> {
  const next = await ground.sql.tx(async (tx) => {
    await store.lockWishes(tx, viewer.person_id);
    const before = (await store.preferencesOf(tx, viewer.person_id)) ?? READING_PREFERENCES_USUAL;
    const wanted = { ...before, ...change };
    await store.putPreferences(tx, viewer.person_id, wanted, new Date(ground.clock.now()));
    await tellReading(ground.log, tx, "preferences_changed", viewer.person_id, null);
    return wanted;
  });
  ground.wishes.forget(viewer.person_id);
  return next;
}
