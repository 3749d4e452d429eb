import type { Sql } from "#ports/sql/index.ts";

import { entriesBelow } from "./store.ts";
import { homeEntry, type Timeline } from "./timeline.ts";

/** The same answer from the database alone: what every other strategy is measured against, and what a house without memory to spare may use. */
export const createPlainTimeline = (sql: Sql): Timeline => ({
  name: "plain",
  read: (actors, before, entries_max) => entriesBelow(sql.pool, actors, before, entries_max),
  readHome: async (_viewer_id, actors, before, entries_max) =>
    (await entriesBelow(sql.pool, actors, before, entries_max)).map(homeEntry),
});
