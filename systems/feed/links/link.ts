import type { Id } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ground } from "../ground.ts";

/** The row of the first link of these words; null where there is none. */
export async function linkOf(_ground: Ground, _tx: Query, _text: string): Promise<Id<"link"> | null> {
  return null;
}
