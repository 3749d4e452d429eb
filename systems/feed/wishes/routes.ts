import type { Api } from "#ports/http/index.ts";

import type { ReadingGround } from "../reading/ground.ts";
import { changePreferences, muteWordNow, presentWord, unmuteWordNow } from "./change.ts";
import { READING_PREFERENCES_USUAL, wishRoutes as r } from "./contract.ts";
import { mutedWordsOf, preferencesOf } from "./store.ts";

export function serveWishes(api: Api, ground: ReadingGround): void {
  const { pool } = ground.sql;
  api.serve(r.listMutedWords, async ({ viewer }) => {
    const rows = await mutedWordsOf(pool, viewer.person_id, new Date(ground.clock.now()));
    return { status: 200, body: { items: rows.map(presentWord), next_cursor: null } };
  });
  api.serve(r.muteWord, async ({ viewer, body }) => ({ status: 200, body: await muteWordNow(ground, viewer, body) }));
  api.serve(r.unmuteWord, async ({ viewer, params }) => {
    await unmuteWordNow(ground, viewer, params.id);
    return { status: 204 };
  });
  api.serve(r.getReadingPreferences, async ({ viewer }) => ({
    status: 200,
    body: (await preferencesOf(pool, viewer.person_id)) ?? READING_PREFERENCES_USUAL,
  }));
  api.serve(r.patchReadingPreferences, async ({ viewer, body }) => ({
    status: 200,
    body: await changePreferences(ground, viewer, definedOf(body)),
  }));
}

/** Without what was left out, so that it does not take away what stands. */
const definedOf = <T extends object>(body: T) =>
  Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
