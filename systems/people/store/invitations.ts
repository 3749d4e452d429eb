import type { Id, PersonId } from "#kernel/ids.ts";
import type { HouseRole } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

/** Links with a secret: invitations, password resets, and the first admin's. */

export interface InvitationRow {
  id: Id<"invitation">;
  note: string;
  role: HouseRole;
  uses: number;
  uses_max: number;
  created_by: PersonId | null;
  created_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
}

const columns = (q: Query) => q`id, note, role, uses, uses_max, created_by, created_at, expires_at, revoked_at`;

export const insertInvitation = (q: Query, i: Omit<InvitationRow, "uses" | "revoked_at"> & { hash: Uint8Array }) => q`
  INSERT INTO people_invitations (id, secret_hash, note, role, uses_max, created_by, created_at, expires_at)
  VALUES (${i.id}, ${i.hash}, ${i.note}, ${i.role}, ${i.uses_max}, ${i.created_by}, ${i.created_at}, ${i.expires_at})`;

export async function livingInvitation(q: Query, hash: Uint8Array, now: Date): Promise<InvitationRow | null> {
  const [row] = await q<InvitationRow[]>`SELECT ${columns(q)} FROM people_invitations
    WHERE secret_hash = ${hash} AND revoked_at IS NULL AND expires_at > ${now} AND uses < uses_max`;
  return row ?? null;
}

/** Takes one use, or null when there is none left: two who come at once cannot share the last. */
export async function useInvitation(
  q: Query,
  hash: Uint8Array,
  now: Date,
): Promise<{ id: Id<"invitation">; role: HouseRole } | null> {
  const [row] = await q<{ id: Id<"invitation">; role: HouseRole }[]>`UPDATE people_invitations SET uses = uses + 1
    WHERE secret_hash = ${hash} AND revoked_at IS NULL AND expires_at > ${now} AND uses < uses_max RETURNING id, role`;
  return row ?? null;
}

export const noteUse = (q: Query, invitation: Id<"invitation">, person: PersonId, at: Date) => q`
  INSERT INTO people_invitation_uses (invitation_id, person_id, at) VALUES (${invitation}, ${person}, ${at})`;

export const listInvitations = (q: Query, below_id: string | null, limit: number) => q<InvitationRow[]>`
  SELECT ${columns(q)} FROM people_invitations WHERE ${below_id}::bigint IS NULL OR id < ${below_id}::bigint ORDER BY id DESC LIMIT ${limit}`;

export async function countLiving(q: Query, by: PersonId, now: Date): Promise<number> {
  const [row] = await q<{ n: number }[]>`SELECT count(*)::int AS n FROM people_invitations
    WHERE created_by = ${by} AND revoked_at IS NULL AND expires_at > ${now} AND uses < uses_max`;
  return row?.n ?? 0;
}

/** Taking back twice is not an error; what never was is. */
export async function revokeInvitation(q: Query, id: string, by: PersonId, at: Date): Promise<boolean> {
  return (
    (
      await q`UPDATE people_invitations SET revoked_at = coalesce(revoked_at, ${at}::timestamptz), revoked_by = coalesce(revoked_by, ${by}::bigint)
    WHERE id = ${id} RETURNING 1`
    ).length > 0
  );
}

/** What a person gave out ends with their account, their suspension or their role; all but those into the roles `kept`. */
export const revokeInvitationsBy = (q: Query, by: PersonId, at: Date, kept: HouseRole[] = []) => q`
  UPDATE people_invitations SET revoked_at = ${at}, revoked_by = ${by}
  WHERE created_by = ${by} AND revoked_at IS NULL AND role <> ALL(${q.array(kept, "TEXT")})`;

export async function insertReset(
  q: Query,
  r: {
    id: Id<"reset">;
    person_id: PersonId;
    hash: Uint8Array;
    created_by: PersonId | null;
    created_at: Date;
    expires_at: Date;
  },
): Promise<void> {
  await q`DELETE FROM people_resets WHERE person_id = ${r.person_id}`;
  await q`INSERT INTO people_resets (id, person_id, secret_hash, created_by, created_at, expires_at)
    VALUES (${r.id}, ${r.person_id}, ${r.hash}, ${r.created_by}, ${r.created_at}, ${r.expires_at})`;
}

export async function livingReset(
  q: Query,
  hash: Uint8Array,
  now: Date,
): Promise<{ person_id: PersonId; handle: string } | null> {
  const [row] = await q<{ person_id: PersonId; handle: string }[]>`
    SELECT r.person_id, p.handle FROM people_resets r JOIN people_persons p ON p.id = r.person_id
    WHERE r.secret_hash = ${hash} AND r.used_at IS NULL AND r.expires_at > ${now} AND p.deleted_at IS NULL`;
  return row ?? null;
}

export async function useReset(q: Query, hash: Uint8Array, now: Date): Promise<PersonId | null> {
  const [row] = await q<{ person_id: PersonId }[]>`UPDATE people_resets SET used_at = ${now}
    WHERE secret_hash = ${hash} AND used_at IS NULL AND expires_at > ${now} RETURNING person_id`;
  return row?.person_id ?? null;
}

export const removeResets = (q: Query, person: PersonId) => q`DELETE FROM people_resets WHERE person_id = ${person}`;

/** Each start makes one; the newest few work, whichever of several nodes printed them. */
export async function insertSetupLink(q: Query, hash: Uint8Array, at: Date, keep: number): Promise<void> {
  await q`INSERT INTO people_setup_links (secret_hash, created_at) VALUES (${hash}, ${at})`;
  await q`DELETE FROM people_setup_links WHERE secret_hash IN (
    SELECT secret_hash FROM people_setup_links ORDER BY created_at DESC OFFSET ${keep})`;
}

export async function useSetupLink(q: Query, hash: Uint8Array): Promise<boolean> {
  return (await q`DELETE FROM people_setup_links WHERE secret_hash = ${hash} RETURNING 1`).length > 0;
}

export const isSetupLink = async (q: Query, hash: Uint8Array): Promise<boolean> =>
  (await q`SELECT 1 FROM people_setup_links WHERE secret_hash = ${hash}`).length > 0;

export const removeSetupLinks = (q: Query) => q`DELETE FROM people_setup_links`;
