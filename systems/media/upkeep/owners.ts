import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface OwnerState {
  suspended: boolean;
  private: boolean;
}

/** One fact of somebody changed. @returns both as they stand now */
export async function setOwner(
  tx: Query,
  owner_id: PersonId,
  change: Partial<OwnerState>,
  at: Date,
): Promise<OwnerState> {
  const [suspended, isPrivate] = [change.suspended ?? null, change.private ?? null];
  const [row] = await tx<OwnerState[]>`
    INSERT INTO media_owners AS o (owner_id, suspended, private, changed_at)
    VALUES (${owner_id}, coalesce(${suspended}::boolean, false), coalesce(${isPrivate}::boolean, false), ${at})
    ON CONFLICT (owner_id) DO UPDATE SET suspended = coalesce(${suspended}::boolean, o.suspended),
      private = coalesce(${isPrivate}::boolean, o.private), changed_at = excluded.changed_at
    RETURNING suspended, private`;
  return row!;
}

/**
 * Since when nothing of somebody lies in the open; null where it may. Held until the transaction ends, so that what it adds
 * is either kept out by itself or met by the change that comes.
 */
export async function keptOutSince(tx: Query, owner_id: PersonId): Promise<Date | null> {
  await tx`INSERT INTO media_owners (owner_id) VALUES (${owner_id}) ON CONFLICT DO NOTHING`;
  const [row] = await tx<{ since: Date | null }[]>`
    SELECT CASE WHEN suspended OR private THEN changed_at END AS since FROM media_owners WHERE owner_id = ${owner_id} FOR SHARE`;
  return row?.since ?? null;
}

export async function isSuspended(q: Query, owner_id: PersonId): Promise<boolean> {
  const rows = await q`SELECT 1 FROM media_owners WHERE owner_id = ${owner_id} AND suspended`;
  return rows.length > 0;
}
