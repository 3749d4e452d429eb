import type { Id, PersonId, SpaceId } from "#kernel/ids.ts";
import type { SpaceRole } from "#kernel/viewer.ts";
import type { Query, Tx } from "#ports/sql/index.ts";

export interface SpaceRow {
  id: SpaceId;
  slug: string;
  name: string;
  description: string;
  visibility: "public" | "private";
  join_policy: "open" | "invitation";
  who_may_post: "members" | "moderators";
  owner_id: PersonId;
  tier: "free" | "pro" | "enterprise";
  members: number;
  members_max: number;
  created_at: Date;
}

const columns = (q: Query) => q`
  s.id, s.slug, s.name, s.description, s.visibility, s.join_policy, s.who_may_post, s.owner_id, s.tier, s.members, s.members_max, s.created_at`;

/** Of the living only. */
export const byIds = (q: Query, ids: SpaceId[]) => q<SpaceRow[]>`
  SELECT ${columns(q)} FROM spaces_spaces s WHERE s.id = ANY(${q.array(ids, "BIGINT")}) AND s.deleted_at IS NULL`;

export async function bySlug(q: Query, slug: string): Promise<SpaceRow | null> {
  const [row] = await q<
    SpaceRow[]
  >`SELECT ${columns(q)} FROM spaces_spaces s WHERE s.slug = ${slug} AND s.deleted_at IS NULL`;
  return row ?? null;
}

/** Whoever changes a space or its members holds its row, so that roles, owner and count go one after the other. */
export async function lock(tx: Tx, id: SpaceId): Promise<SpaceRow | null> {
  const [row] = await tx<
    SpaceRow[]
  >`SELECT ${columns(tx)} FROM spaces_spaces s WHERE s.id = ${id} AND s.deleted_at IS NULL FOR UPDATE`;
  return row ?? null;
}

/** One person's own spaces are counted and made one after the other. */
export const lockMaker = (tx: Tx, person: PersonId) =>
  tx`SELECT pg_advisory_xact_lock(hashtextextended(${`spaces:maker:${person}`}, 0))`;

export async function countOwned(q: Query, person: PersonId): Promise<number> {
  const [row] = await q<
    { n: number }[]
  >`SELECT count(*)::int AS n FROM spaces_spaces WHERE owner_id = ${person} AND deleted_at IS NULL`;
  return row?.n ?? 0;
}

/** @throws a unique violation on `spaces_spaces_slug_key` */
/** Bytes that may stand in a space; null for one that is not there. */
export async function storageMax(q: Query, id: SpaceId): Promise<number | null> {
  const [row] = await q<{ bytes: number }[]>`
    SELECT storage_bytes_max::float8 AS bytes FROM spaces_spaces WHERE id = ${id} AND deleted_at IS NULL`;
  return row?.bytes ?? null;
}

export const insert = (q: Query, s: Omit<SpaceRow, "members"> & { storage_bytes_max: number }) => q`
  INSERT INTO spaces_spaces (id, slug, name, description, visibility, join_policy, who_may_post, owner_id, tier, members_max, storage_bytes_max, created_at)
  VALUES (${s.id}, ${s.slug}, ${s.name}, ${s.description}, ${s.visibility}, ${s.join_policy}, ${s.who_may_post}, ${s.owner_id}, ${s.tier},
    ${s.members_max}, ${s.storage_bytes_max}, ${s.created_at})`;

export type SpaceChange = {
  [K in "slug" | "name" | "description" | "visibility" | "join_policy" | "who_may_post"]?: SpaceRow[K] | undefined;
};

/** Only what is given changes. @throws a unique violation on `spaces_spaces_slug_key` */
export const edit = (q: Query, id: SpaceId, c: SpaceChange) => q`
  UPDATE spaces_spaces SET slug = coalesce(${c.slug ?? null}::text, slug), name = coalesce(${c.name ?? null}::text, name),
    description = coalesce(${c.description ?? null}::text, description), visibility = coalesce(${c.visibility ?? null}::text, visibility),
    join_policy = coalesce(${c.join_policy ?? null}::text, join_policy), who_may_post = coalesce(${c.who_may_post ?? null}::text, who_may_post)
  WHERE id = ${id}`;

/** Members and what they made stay in their rows; nothing leads there any more. */
export const remove = (q: Query, id: SpaceId, by: PersonId | null, at: Date) => q`
  UPDATE spaces_spaces SET deleted_at = ${at}, deleted_by = ${by}, slug = 'gone-' || id::text WHERE id = ${id}`;

export const setOwner = (q: Query, id: SpaceId, owner: PersonId) =>
  q`UPDATE spaces_spaces SET owner_id = ${owner} WHERE id = ${id}`;

export const countMembers = (q: Query, id: SpaceId, by: 1 | -1) =>
  q`UPDATE spaces_spaces SET members = members + ${by}::int WHERE id = ${id}`;

/** Newest first, from below an id: what is public, and those of `mine`. `pattern` is a LIKE pattern over ` slug name`. */
export const list = (
  q: Query,
  asked: { mine: SpaceId[]; pattern: string | null; below_id: string | null; limit: number },
) => q<SpaceRow[]>`
  SELECT ${columns(q)} FROM spaces_spaces s
  WHERE s.deleted_at IS NULL AND (s.visibility = 'public' OR s.id = ANY(${q.array(asked.mine, "BIGINT")}))
    AND (${asked.pattern}::text IS NULL OR s.search_text LIKE ${asked.pattern}::text)
    AND (${asked.below_id}::bigint IS NULL OR s.id < ${asked.below_id}::bigint)
  ORDER BY s.id DESC LIMIT ${asked.limit}`;

/** A place in a list by time: microseconds since 1970, which a Date would lose, and an id. */
export type Below = { at: string; id: string } | null;
const micros = (q: Query, column: string) => q`(extract(epoch FROM ${q(column)}) * 1000000)::bigint::text`;
const timeOf = (q: Query, below: Below) =>
  q`('epoch'::timestamptz + ${below?.at ?? "0"}::bigint * interval '1 microsecond')`;

export const membershipsOf = (q: Query, person: PersonId) => q<{ space_id: SpaceId; role: SpaceRole }[]>`
  SELECT m.space_id, m.role FROM spaces_members m JOIN spaces_spaces s ON s.id = m.space_id
  WHERE m.person_id = ${person} AND s.deleted_at IS NULL`;

/** Roles of people in spaces, as they stand in the database at this moment; who is no member has no row. */
export const rolesOf = (q: Query, pairs: readonly { space_id: SpaceId; person_id: PersonId }[]) => q<
  { space_id: SpaceId; person_id: PersonId; role: SpaceRole }[]
>`
  SELECT m.space_id, m.person_id, m.role
  FROM unnest(${q.array(
    pairs.map((pair) => pair.space_id),
    "BIGINT",
  )}, ${q.array(
    pairs.map((pair) => pair.person_id),
    "BIGINT",
  )}) AS asked (space_id, person_id)
    JOIN spaces_members m ON m.space_id = asked.space_id AND m.person_id = asked.person_id
    JOIN spaces_spaces s ON s.id = m.space_id
  WHERE s.deleted_at IS NULL`;

export const stands = async (q: Query, id: SpaceId): Promise<boolean> =>
  (await q`SELECT 1 FROM spaces_spaces WHERE id = ${id} AND deleted_at IS NULL`).length > 0;

export const joinedBy = (q: Query, person: PersonId, below: Below, limit: number) => q<
  (SpaceRow & { role: SpaceRole; at: string })[]
>`
  SELECT ${columns(q)}, m.role, ${micros(q, "m.joined_at")} AS at FROM spaces_members m JOIN spaces_spaces s ON s.id = m.space_id
  WHERE m.person_id = ${person} AND s.deleted_at IS NULL
    AND (${below === null}::boolean OR (m.joined_at, m.space_id) < (${timeOf(q, below)}, ${below?.id ?? "0"}::bigint))
  ORDER BY m.joined_at DESC, m.space_id DESC LIMIT ${limit}`;

export const membersOf = (q: Query, space: SpaceId, below: Below, limit: number) => q<
  { person_id: PersonId; role: SpaceRole; joined_at: Date; at: string }[]
>`
  SELECT m.person_id, m.role, m.joined_at, ${micros(q, "m.joined_at")} AS at FROM spaces_members m
  WHERE m.space_id = ${space} AND (${below === null}::boolean OR (m.joined_at, m.person_id) < (${timeOf(q, below)}, ${below?.id ?? "0"}::bigint))
  ORDER BY m.joined_at DESC, m.person_id DESC LIMIT ${limit}`;

export async function roleOf(q: Query, space: SpaceId, person: PersonId): Promise<SpaceRole | null> {
  const [row] = await q<
    { role: SpaceRole }[]
  >`SELECT role FROM spaces_members WHERE space_id = ${space} AND person_id = ${person}`;
  return row?.role ?? null;
}

export const addMember = (q: Query, space: SpaceId, person: PersonId, role: SpaceRole, at: Date) => q`
  INSERT INTO spaces_members (space_id, person_id, role, joined_at) VALUES (${space}, ${person}, ${role}, ${at})`;

export const removeMember = async (q: Query, space: SpaceId, person: PersonId): Promise<boolean> =>
  (await q`DELETE FROM spaces_members WHERE space_id = ${space} AND person_id = ${person} RETURNING 1`).length > 0;

export const setRole = (q: Query, space: SpaceId, person: PersonId, role: SpaceRole) => q`
  UPDATE spaces_members SET role = ${role} WHERE space_id = ${space} AND person_id = ${person}`;

/** Who takes over when an owner is gone: the highest role, and of those whoever is there longest. */
export async function heir(q: Query, space: SpaceId, but: PersonId): Promise<PersonId | null> {
  const [row] = await q<{ person_id: PersonId }[]>`
    SELECT m.person_id FROM spaces_members m WHERE m.space_id = ${space} AND m.person_id <> ${but}
    ORDER BY array_position(ARRAY['owner', 'admin', 'moderator', 'member'], m.role), m.joined_at, m.person_id LIMIT 1`;
  return row?.person_id ?? null;
}

export interface BanRow {
  person_id: PersonId;
  reason: string;
  banned_by: PersonId;
  banned_at: Date;
  at: string;
}

export const isBanned = async (q: Query, space: SpaceId, person: PersonId): Promise<boolean> =>
  (await q`SELECT 1 FROM spaces_bans WHERE space_id = ${space} AND person_id = ${person}`).length > 0;

export const addBan = async (
  q: Query,
  space: SpaceId,
  person: PersonId,
  reason: string,
  by: PersonId,
  at: Date,
): Promise<boolean> =>
  (
    await q`INSERT INTO spaces_bans (space_id, person_id, reason, banned_by, banned_at) VALUES (${space}, ${person}, ${reason}, ${by}, ${at})
    ON CONFLICT DO NOTHING RETURNING 1`
  ).length > 0;

export const removeBan = async (q: Query, space: SpaceId, person: PersonId): Promise<boolean> =>
  (await q`DELETE FROM spaces_bans WHERE space_id = ${space} AND person_id = ${person} RETURNING 1`).length > 0;

export const bansOf = (q: Query, space: SpaceId, below: Below, limit: number) => q<BanRow[]>`
  SELECT person_id, reason, banned_by, banned_at, ${micros(q, "banned_at")} AS at FROM spaces_bans
  WHERE space_id = ${space} AND (${below === null}::boolean OR (banned_at, person_id) < (${timeOf(q, below)}, ${below?.id ?? "0"}::bigint))
  ORDER BY banned_at DESC, person_id DESC LIMIT ${limit}`;

export interface InvitationRow {
  id: Id<"space_invitation">;
  space_id: SpaceId;
  uses: number;
  uses_max: number;
  created_by: PersonId;
  created_at: Date;
  expires_at: Date;
  revoked_at: Date | null;
}

const invitationColumns = (q: Query) => q`id, space_id, uses, uses_max, created_by, created_at, expires_at, revoked_at`;

export const insertInvitation = (q: Query, i: Omit<InvitationRow, "uses" | "revoked_at"> & { hash: Uint8Array }) => q`
  INSERT INTO spaces_invitations (id, space_id, secret_hash, uses_max, created_by, created_at, expires_at)
  VALUES (${i.id}, ${i.space_id}, ${i.hash}, ${i.uses_max}, ${i.created_by}, ${i.created_at}, ${i.expires_at})`;

export async function countInvitations(q: Query, space: SpaceId, now: Date): Promise<number> {
  const [row] = await q<{ n: number }[]>`SELECT count(*)::int AS n FROM spaces_invitations
    WHERE space_id = ${space} AND revoked_at IS NULL AND expires_at > ${now} AND uses < uses_max`;
  return row?.n ?? 0;
}

export async function livingInvitation(q: Query, hash: Uint8Array, now: Date): Promise<InvitationRow | null> {
  const [row] = await q<InvitationRow[]>`SELECT ${invitationColumns(q)} FROM spaces_invitations
    WHERE secret_hash = ${hash} AND revoked_at IS NULL AND expires_at > ${now} AND uses < uses_max`;
  return row ?? null;
}

/** Takes one use, or says that none is left for this space. */
export const useInvitation = async (q: Query, space: SpaceId, hash: Uint8Array, now: Date): Promise<boolean> =>
  (
    await q`UPDATE spaces_invitations SET uses = uses + 1 WHERE secret_hash = ${hash} AND space_id = ${space}
    AND revoked_at IS NULL AND expires_at > ${now} AND uses < uses_max RETURNING 1`
  ).length > 0;

export const invitationsOf = (q: Query, space: SpaceId, below_id: string | null, limit: number) => q<InvitationRow[]>`
  SELECT ${invitationColumns(q)} FROM spaces_invitations
  WHERE space_id = ${space} AND (${below_id}::bigint IS NULL OR id < ${below_id}::bigint) ORDER BY id DESC LIMIT ${limit}`;

export const revokeInvitation = async (
  q: Query,
  space: SpaceId,
  id: string,
  by: PersonId,
  at: Date,
): Promise<boolean> =>
  (
    await q`UPDATE spaces_invitations SET revoked_at = coalesce(revoked_at, ${at}::timestamptz), revoked_by = coalesce(revoked_by, ${by}::bigint)
    WHERE space_id = ${space} AND id = ${id} RETURNING 1`
  ).length > 0;

/** What somebody gave out ends when they may not give it any more. */
export const revokeInvitationsBy = (q: Query, space: SpaceId, by: PersonId, at: Date) => q`
  UPDATE spaces_invitations SET revoked_at = ${at}, revoked_by = ${by} WHERE space_id = ${space} AND created_by = ${by} AND revoked_at IS NULL`;
