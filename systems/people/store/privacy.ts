import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

/** Whether follows of this person are asked for; it stays so until this transaction has ended. */
export async function isPrivate(tx: Query, id: PersonId): Promise<boolean> {
  const [row] = await tx<
    { private_at: Date | null }[]
  >`SELECT private_at FROM people_persons WHERE id = ${id} FOR SHARE`;
  return row !== undefined && row.private_at !== null;
}

/** @returns whether that changed anything */
export async function setPrivate(tx: Query, id: PersonId, at: Date | null): Promise<boolean> {
  const rows = await tx`UPDATE people_persons SET private_at = ${at}::timestamptz
    WHERE id = ${id} AND (private_at IS NULL) = ${at !== null}::boolean RETURNING 1`;
  return rows.length > 0;
}
