import type { Id, PersonId } from "#kernel/ids.ts";
import type { HouseRole } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

export interface PersonRow {
  id: PersonId;
  handle: string;
  display_name: string;
  bio: string;
  links: { label: string; url: string }[];
  avatar_image_id: Id<"image"> | null;
  role: HouseRole;
  created_at: Date;
  suspended_at: Date | null;
  suspended_reason: string | null;
  suspended_until: Date | null;
  limited_at: Date | null;
  private_at: Date | null;
  /** Of a bot: whose it is. */
  bot_owner_id: PersonId | null;
  followers: number;
  following: number;
}

const columns = (q: Query) => q`
  p.id, p.handle, p.display_name, p.bio, p.links, p.avatar_image_id, p.role, p.created_at, p.suspended_at, p.suspended_reason,
  p.suspended_until, p.limited_at, p.private_at, p.bot_owner_id,
  greatest(c.followers, 0) AS followers, greatest(c.following, 0) AS following`;

/** Of the living only; a deleted person is not found. */
export const byIds = (q: Query, ids: PersonId[]) => q<PersonRow[]>`
  SELECT ${columns(q)} FROM people_persons p JOIN people_counts c ON c.person_id = p.id
  WHERE p.id = ANY(${q.array(ids, "BIGINT")}) AND p.deleted_at IS NULL`;

export const byHandles = (q: Query, handles: string[]) => q<PersonRow[]>`
  SELECT ${columns(q)} FROM people_persons p JOIN people_counts c ON c.person_id = p.id
  WHERE p.handle = ANY(${q.array(handles, "TEXT")}) AND p.deleted_at IS NULL`;

export interface NewPerson {
  id: PersonId;
  handle: string;
  display_name: string;
  role: HouseRole;
  password_hash: string;
  at: Date;
}

/** @throws a unique violation on `people_persons_handle_key` */
export async function insert(q: Query, person: NewPerson): Promise<void> {
  await q`INSERT INTO people_persons (id, handle, display_name, role, password_hash, created_at)
    VALUES (${person.id}, ${person.handle}, ${person.display_name}, ${person.role}, ${person.password_hash}, ${person.at})`;
  await q`INSERT INTO people_counts (person_id) VALUES (${person.id})`;
}

export interface BotRow {
  handle: string;
  bot_owner_id: PersonId;
}

/** @throws a unique violation on `people_persons_handle_key` */
export async function insertBot(
  q: Query,
  bot: Pick<PersonRow, "id" | "handle" | "display_name" | "avatar_image_id"> & { bot_owner_id: PersonId; at: Date },
): Promise<void> {
  await q`INSERT INTO people_persons (id, handle, display_name, bot_owner_id, avatar_image_id, created_at)
    VALUES (${bot.id}, ${bot.handle}, ${bot.display_name}, ${bot.bot_owner_id}, ${bot.avatar_image_id}, ${bot.at})`;
  await q`INSERT INTO people_counts (person_id) VALUES (${bot.id})`;
}

export async function lockBot(q: Query, id: PersonId): Promise<BotRow | null> {
  const [row] = await q<BotRow[]>`SELECT handle, bot_owner_id FROM people_persons
    WHERE id = ${id} AND bot_owner_id IS NOT NULL AND deleted_at IS NULL FOR UPDATE`;
  return row ?? null;
}

export const ownersOf = (q: Query, ids: readonly PersonId[]) => q<{ id: PersonId; bot_owner_id: PersonId }[]>`
  SELECT b.id, b.bot_owner_id FROM people_persons b JOIN people_persons o ON o.id = b.bot_owner_id
  WHERE b.id = ANY(${q.array([...ids], "BIGINT")}) AND o.deleted_at IS NULL`;

/** Without the picture, which is among the former owner's. */
export const setBotOwner = (q: Query, id: PersonId, owner_id: PersonId) =>
  q`UPDATE people_persons SET bot_owner_id = ${owner_id}, avatar_image_id = NULL WHERE id = ${id}`;

export async function isHandleRetired(q: Query, handle_hash: Uint8Array): Promise<boolean> {
  return (await q`SELECT 1 FROM people_handles_retired WHERE handle_hash = ${handle_hash}`).length > 0;
}

export interface ProfileChange {
  display_name?: string | undefined;
  bio?: string | undefined;
  links?: { label: string; url: string }[] | undefined;
  avatar_image_id?: Id<"image"> | null | undefined;
}

/** Only what is given changes. */
export async function editProfile(q: Query, id: PersonId, change: ProfileChange): Promise<boolean> {
  const links = change.links === undefined ? null : JSON.stringify(change.links);
  const avatar_given = change.avatar_image_id !== undefined;
  const rows = await q`UPDATE people_persons SET
      display_name = coalesce(${change.display_name ?? null}::text, display_name),
      bio = coalesce(${change.bio ?? null}::text, bio),
      links = coalesce(${links}::text::jsonb, links),
      avatar_image_id = CASE WHEN ${avatar_given}::boolean THEN ${change.avatar_image_id ?? null}::bigint ELSE avatar_image_id END
    WHERE id = ${id} AND deleted_at IS NULL RETURNING id`;
  return rows.length > 0;
}

export async function passwordHash(q: Query, handle: string): Promise<{ id: PersonId; password_hash: string } | null> {
  const [row] = await q<{ id: PersonId; password_hash: string }[]>`
    SELECT id, password_hash FROM people_persons WHERE handle = ${handle} AND deleted_at IS NULL AND password_hash IS NOT NULL`;
  return row ?? null;
}

export async function setPasswordHash(q: Query, id: PersonId, password_hash: string): Promise<boolean> {
  return (
    (
      await q`UPDATE people_persons SET password_hash = ${password_hash} WHERE id = ${id} AND deleted_at IS NULL RETURNING id`
    ).length > 0
  );
}

export type StandingRow = Pick<PersonRow, "role" | "suspended_at" | "limited_at">;

/** Locks the row of one person, so that two who change the same state go one after the other. */
export async function lock(q: Query, id: PersonId): Promise<StandingRow | null> {
  const [row] = await q<StandingRow[]>`
    SELECT role, suspended_at, limited_at FROM people_persons WHERE id = ${id} AND deleted_at IS NULL FOR UPDATE`;
  return row ?? null;
}

/** Admins who can act, locked in the order of their ids: the last one cannot slip away between two transactions. */
export async function lockAdmins(q: Query): Promise<PersonId[]> {
  const rows = await q<{ id: PersonId }[]>`SELECT id FROM people_persons
    WHERE role = 'admin' AND deleted_at IS NULL AND suspended_at IS NULL ORDER BY id FOR UPDATE`;
  return rows.map((row) => row.id);
}

export async function hasAdmin(q: Query): Promise<boolean> {
  return (await q`SELECT 1 FROM people_persons WHERE role = 'admin' AND deleted_at IS NULL LIMIT 1`).length > 0;
}

export const setRole = (q: Query, id: PersonId, role: HouseRole) =>
  q`UPDATE people_persons SET role = ${role} WHERE id = ${id}`;

export const suspend = (
  q: Query,
  id: PersonId,
  by: PersonId | null,
  reason: string,
  at: Date,
  until: Date | null = null,
) => q`
  UPDATE people_persons SET suspended_at = ${at}, suspended_by = ${by}, suspended_reason = ${reason}, suspended_until = ${until}
  WHERE id = ${id}`;

export const setLimited = (q: Query, id: PersonId, limited: { by: PersonId | null; at: Date } | null) => q`
  UPDATE people_persons SET limited_at = ${limited?.at ?? null}, limited_by = ${limited?.by ?? null} WHERE id = ${id}`;

/** Who can act for the house; the longest here first. */
export const officers = (q: Query, people_max: number) => q<{ id: PersonId; role: HouseRole }[]>`
  SELECT id, role FROM people_persons
  WHERE role <> 'member' AND deleted_at IS NULL AND suspended_at IS NULL ORDER BY id LIMIT ${people_max}`;

export const reinstate = (q: Query, id: PersonId) => q`
  UPDATE people_persons SET suspended_at = NULL, suspended_by = NULL, suspended_reason = NULL, suspended_until = NULL WHERE id = ${id}`;

/** Nothing of the person stays in the row but that there was one. */
export async function erase(
  q: Query,
  id: PersonId,
  handle_hash: Uint8Array,
  gone_handle: string,
  at: Date,
): Promise<void> {
  await q`INSERT INTO people_handles_retired (handle_hash, at) VALUES (${handle_hash}, ${at}) ON CONFLICT DO NOTHING`;
  await q`UPDATE people_persons SET handle = ${gone_handle}, display_name = 'Deleted', bio = '', links = '[]', avatar_image_id = NULL,
      role = 'member', password_hash = NULL, suspended_at = NULL, suspended_by = NULL, suspended_reason = NULL, suspended_until = NULL,
      limited_at = NULL, limited_by = NULL, deleted_at = ${at}
    WHERE id = ${id}`;
}

export interface AdminRow extends PersonRow {
  last_seen_at: Date | null;
}

/** Newest first, from below an id. `pattern` is a LIKE pattern over ` handle display name`. */
export const listAll = (
  q: Query,
  asked: { below_id: string | null; limit: number; pattern: string | null; suspended_only: boolean },
) => q<AdminRow[]>`
  SELECT ${columns(q)}, (
      SELECT max(used.at) FROM (
        SELECT last_used_at AS at FROM people_sessions WHERE person_id = p.id
        UNION ALL SELECT last_used_at FROM people_tokens WHERE person_id = p.id) used) AS last_seen_at
  FROM people_persons p JOIN people_counts c ON c.person_id = p.id
  WHERE p.deleted_at IS NULL
    AND (${asked.below_id}::bigint IS NULL OR p.id < ${asked.below_id}::bigint)
    AND (${asked.pattern}::text IS NULL OR p.search_text LIKE ${asked.pattern}::text)
    AND (NOT ${asked.suspended_only}::boolean OR p.suspended_at IS NOT NULL)
  ORDER BY p.id DESC LIMIT ${asked.limit}`;

/** Ids that match, those whom the viewer follows first, then the most followed; the scan is bounded by `scan_max`. */
export const suggest = (
  q: Query,
  asked: { viewer_id: PersonId; handle: string; pattern: string; limit: number; scan_max: number },
) => q<{ id: PersonId }[]>`
  WITH found AS (
    (SELECT p.id, p.handle, true AS followed FROM people_follows f JOIN people_persons p ON p.id = f.followee_id
      WHERE f.follower_id = ${asked.viewer_id} AND p.deleted_at IS NULL AND p.suspended_at IS NULL AND p.search_text LIKE ${asked.pattern}
      LIMIT ${asked.scan_max})
    UNION ALL
    (SELECT id, handle, false FROM people_persons
      WHERE deleted_at IS NULL AND suspended_at IS NULL AND limited_at IS NULL AND search_text LIKE ${asked.pattern} LIMIT ${asked.scan_max})
    UNION ALL
    (SELECT id, handle, false FROM people_persons WHERE handle = ${asked.handle} AND deleted_at IS NULL AND suspended_at IS NULL)
  )
  SELECT found.id FROM found JOIN people_counts c ON c.person_id = found.id
  WHERE found.id <> ${asked.viewer_id} AND NOT EXISTS (SELECT 1 FROM people_blocks b WHERE (b.blocker_id, b.blocked_id) IN ((${asked.viewer_id}, found.id), (found.id, ${asked.viewer_id})))
  GROUP BY found.id, found.handle, c.followers
  ORDER BY (found.handle = ${asked.handle}) DESC, bool_or(found.followed) DESC, c.followers DESC, found.handle
  LIMIT ${asked.limit}`;
