import type { Id, PersonId } from "#kernel/ids.ts";
import type { HouseRole, Scope } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

/** Sessions and personal access tokens. */

/** Stands among a token's scopes where a program of others holds it: then the others are what its person reads, and no power. */
export const PROGRAM = "program";

export interface CredentialRow {
  id: string;
  person_id: PersonId;
  /** Null for a session, which holds every scope. */
  scopes: (Scope | typeof PROGRAM)[] | null;
  last_used_at: Date | null;
  expires_at: Date | null;
}

export interface StateRow {
  person_id: PersonId;
  handle: string;
  role: HouseRole;
  suspended: boolean;
  bot_owner_id: PersonId | null;
}

export async function sessionByHash(q: Query, hash: Uint8Array): Promise<CredentialRow | null> {
  const [row] = await q<CredentialRow[]>`
    SELECT id, person_id, NULL AS scopes, last_used_at, expires_at FROM people_sessions WHERE secret_hash = ${hash}`;
  return row ?? null;
}

export async function tokenByHash(q: Query, hash: Uint8Array): Promise<CredentialRow | null> {
  const [row] = await q<CredentialRow[]>`
    SELECT id, person_id, scopes, last_used_at, expires_at FROM people_tokens WHERE secret_hash = ${hash}`;
  return row ?? null;
}

export async function tokenById(q: Query, id: string): Promise<CredentialRow | null> {
  const [row] = await q<CredentialRow[]>`
    SELECT id, person_id, scopes, last_used_at, expires_at FROM people_tokens WHERE id = ${id}::bigint`;
  return row ?? null;
}

/** What every request needs of a person. Null for the deleted. */
export async function state(q: Query, id: PersonId): Promise<StateRow | null> {
  const [row] = await q<StateRow[]>`
    SELECT id AS person_id, handle, role, suspended_at IS NOT NULL AS suspended, bot_owner_id FROM people_persons WHERE id = ${id} AND deleted_at IS NULL`;
  return row ?? null;
}

export const touchSession = (q: Query, id: string, at: Date, expires_at: Date) => q`
  UPDATE people_sessions SET last_used_at = ${at}, expires_at = ${expires_at} WHERE id = ${id}`;
export const touchToken = (q: Query, id: string, at: Date) =>
  q`UPDATE people_tokens SET last_used_at = ${at} WHERE id = ${id}`;

export interface NewSession {
  id: Id<"session">;
  person_id: PersonId;
  hash: Uint8Array;
  user_agent: string;
  address: string;
  at: Date;
  expires_at: Date;
}

export const insertSession = (q: Query, s: NewSession) => q`
  INSERT INTO people_sessions (id, person_id, secret_hash, user_agent, address, created_at, last_used_at, expires_at)
  VALUES (${s.id}, ${s.person_id}, ${s.hash}, ${s.user_agent}, ${s.address}, ${s.at}, ${s.at}, ${s.expires_at})`;

export interface SessionRow {
  id: Id<"session">;
  user_agent: string;
  address: string;
  created_at: Date;
  last_used_at: Date;
  expires_at: Date;
}

export const sessionsOf = (q: Query, person: PersonId, now: Date) => q<SessionRow[]>`
  SELECT id, user_agent, address, created_at, last_used_at, expires_at FROM people_sessions
  WHERE person_id = ${person} AND expires_at > ${now} ORDER BY last_used_at DESC, id DESC`;

export interface RevokedRow {
  id: string;
  secret_hash: Uint8Array;
}

export const removeSession = (q: Query, person: PersonId, id: string) => q<RevokedRow[]>`
  DELETE FROM people_sessions WHERE person_id = ${person} AND id = ${id} RETURNING id, secret_hash`;

export const removeSessions = (q: Query, person: PersonId, but: string | null) => q<RevokedRow[]>`
  DELETE FROM people_sessions WHERE person_id = ${person} AND id IS DISTINCT FROM ${but}::bigint RETURNING id, secret_hash`;

/** Those beyond the newest `keep`. */
export const removeOldestSessions = (q: Query, person: PersonId, keep: number) => q<RevokedRow[]>`
  DELETE FROM people_sessions WHERE id IN (
    SELECT id FROM people_sessions WHERE person_id = ${person} ORDER BY last_used_at DESC, id DESC OFFSET ${keep})
  RETURNING id, secret_hash`;

/** Expired credentials, challenges and links. @returns rows removed */
export async function trimExpired(q: Query, now: Date): Promise<number> {
  const [sessions, tokens, challenges, resets] = [
    await q`DELETE FROM people_sessions WHERE expires_at < ${now} RETURNING 1`,
    await q`DELETE FROM people_tokens WHERE expires_at < ${now} RETURNING 1`,
    await q`DELETE FROM people_passkey_challenges WHERE expires_at < ${now} RETURNING 1`,
    await q`DELETE FROM people_resets WHERE expires_at < ${now} RETURNING 1`,
  ];
  return sessions.length + tokens.length + challenges.length + resets.length;
}

/** Whether this session is still there; asked under the lock of its person by what must not outlive it. */
export const sessionStands = async (q: Query, person: PersonId, id: string): Promise<boolean> =>
  (await q`SELECT 1 FROM people_sessions WHERE id = ${id} AND person_id = ${person}`).length > 0;

/** What a token does at the doors of this house: nothing, where a program holds it. */
export function powersOf(row: Pick<CredentialRow, "scopes">): { scopes: Scope[] | null; program: boolean } {
  const program = row.scopes?.includes(PROGRAM) === true;
  return { scopes: program ? [] : (row.scopes as Scope[] | null), program };
}

export interface TokenRow {
  id: Id<"token">;
  name: string;
  scopes: Scope[];
  /** A program of others holds it: it is good at that program's door alone. */
  program: boolean;
  created_at: Date;
  last_used_at: Date | null;
  expires_at: Date | null;
}

export const insertToken = (
  q: Query,
  t: Omit<TokenRow, "last_used_at"> & { person_id: PersonId; hash: Uint8Array },
) => q`
  INSERT INTO people_tokens (id, person_id, name, scopes, secret_hash, created_at, expires_at)
  VALUES (${t.id}, ${t.person_id}, ${t.name}, ${q.array(t.program ? [...t.scopes, PROGRAM] : t.scopes, "TEXT")}, ${t.hash}, ${t.created_at}, ${t.expires_at})`;

export const tokensOf = (q: Query, person: PersonId, now: Date) => q<TokenRow[]>`
  SELECT id, name, array_remove(scopes, ${PROGRAM}::text) AS scopes, ${PROGRAM}::text = ANY(scopes) AS program, created_at, last_used_at, expires_at
  FROM people_tokens WHERE person_id = ${person} AND (expires_at IS NULL OR expires_at > ${now}) ORDER BY id DESC`;

export const tokensOfMany = (q: Query, people: readonly PersonId[], now: Date) => q<
  (TokenRow & { person_id: PersonId })[]
>`
  SELECT person_id, id, name, array_remove(scopes, ${PROGRAM}::text) AS scopes, ${PROGRAM}::text = ANY(scopes) AS program, created_at,
    last_used_at, expires_at
  FROM people_tokens WHERE person_id = ANY(${q.array([...people], "BIGINT")}) AND (expires_at IS NULL OR expires_at > ${now}) ORDER BY id DESC`;

export const removeToken = (q: Query, person: PersonId, id: string) => q<RevokedRow[]>`
  DELETE FROM people_tokens WHERE person_id = ${person} AND id = ${id} RETURNING id, secret_hash`;

/** Those that a bot may have; older powers fall away when it is given new ones. */
export const countTokens = async (q: Query, person: PersonId): Promise<number> =>
  (await q<{ n: number }[]>`SELECT count(*)::int AS n FROM people_tokens WHERE person_id = ${person}`)[0]!.n;

export const removeTokens = (q: Query, person: PersonId) => q<RevokedRow[]>`
  DELETE FROM people_tokens WHERE person_id = ${person} RETURNING id, secret_hash`;
