import { isId } from "#kernel/ids.ts";
import type { Sql } from "#ports/sql/index.ts";

import { type Placed, standing } from "./store.ts";

const PLACED = /^(public\/)?(videos|images|sounds)\/([0-9]{1,20})\/[0-9a-f]{32}\//;

/**
 * Whether what lies at a name may still be shown by a cache that has it: the row decides, from its commit on, long before
 * bytes are deleted or moved. Null for names that are no place of ours.
 */
export function createShown(sql: Sql): (name: string) => Promise<boolean | null> {
  return async (name) => {
    const [, open, kind, id = ""] = PLACED.exec(name) ?? [];
    if (kind === undefined || !isId(id)) return null;
    const row = await standing(sql.pool, kind as Placed, id);
    if (!row) return false;
    // A signed place stays good when more may see the thing now; an open one does not when fewer may.
    return open === undefined || row.open;
  };
}
