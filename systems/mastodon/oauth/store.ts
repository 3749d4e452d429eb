import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query, Tx } from "#ports/sql/index.ts";

export type AppId = Id<"app">;

export interface AppRow {
  id: AppId;
  name: string;
  website: string | null;
  redirect_uris: string[];
  scopes: string[];
  client_id: string;
  secret_hash: Uint8Array;
}

const COLUMNS = "id, name, website, redirect_uris, scopes, client_id, secret_hash";

export async function countApps(db: Query): Promise<number> {
  const [row] = (await db`SELECT count(*)::int AS n FROM mastodon_apps`) as { n: number }[];
  return row!.n;
}

export const insertApp = (db: Query, app: AppRow, at: Date) => db`
  INSERT INTO mastodon_apps (id, name, website, redirect_uris, scopes, client_id, secret_hash, created_at)
  VALUES (${app.id}, ${app.name}, ${app.website}, ${db.array(app.redirect_uris, "TEXT")}, ${db.array(app.scopes, "TEXT")},
    ${app.client_id}, ${app.secret_hash}, ${at})`;

export async function appByClientId(db: Query, client_id: string): Promise<AppRow | null> {
  const [row] = (await db`
    SELECT ${db.unsafe(COLUMNS)} FROM mastodon_apps WHERE client_id = ${client_id}`) as AppRow[];
  return row ?? null;
}

export async function appById(db: Query, id: AppId): Promise<AppRow | null> {
  const [row] = (await db`SELECT ${db.unsafe(COLUMNS)} FROM mastodon_apps WHERE id = ${id}`) as AppRow[];
  return row ?? null;
}

export const touchApp = (db: Query, id: AppId, at: Date) =>
  db`UPDATE mastodon_apps SET used_at = ${at} WHERE id = ${id}`;

/** Those that nobody ever let in since `unused_before`, and those whose people left, since `idle_before`. @returns how many */
export async function removeApps(db: Query, unused_before: Date, idle_before: Date, apps_max: number): Promise<number> {
  const gone = await db`
    DELETE FROM mastodon_apps WHERE id IN (
      SELECT a.id FROM mastodon_apps a
      WHERE ((a.used_at IS NULL AND a.created_at < ${unused_before}) OR a.used_at < ${idle_before})
        AND NOT EXISTS (SELECT 1 FROM mastodon_grants g WHERE g.app_id = a.id)
      ORDER BY a.created_at LIMIT ${apps_max})`;
  return gone.count;
}

export interface CodeRow {
  app_id: AppId;
  person_id: PersonId;
  session_id: string;
  redirect_uri: string;
  scopes: string[];
  challenge: string | null;
  expires_at: Date;
}

export const insertCode = (db: Query, hash: Uint8Array, row: CodeRow, at: Date) => db`
  INSERT INTO mastodon_codes (hash, app_id, person_id, session_id, redirect_uri, scopes, challenge, created_at, expires_at)
  VALUES (${hash}, ${row.app_id}, ${row.person_id}, ${row.session_id}, ${row.redirect_uri}, ${db.array(row.scopes, "TEXT")},
    ${row.challenge}, ${at}, ${row.expires_at})`;

/** Takes a code of this program: whoever is first. */
export async function takeCode(db: Query, hash: Uint8Array, app_id: AppId, at: Date): Promise<CodeRow | null> {
  const [row] = (await db`
    UPDATE mastodon_codes SET used_at = ${at} WHERE hash = ${hash} AND app_id = ${app_id} AND used_at IS NULL
    RETURNING app_id, person_id, session_id, redirect_uri, scopes, challenge, expires_at`) as CodeRow[];
  return row ?? null;
}

/** A used code comes again: whatever it became or is just about to become is to end. @returns what it became; "0" is nothing yet */
export async function spoilCode(
  db: Query,
  hash: Uint8Array,
  app_id: AppId,
): Promise<{ token_id: Id<"token">; person_id: PersonId } | null> {
  const [row] = (await db`
    UPDATE mastodon_codes SET token_id = coalesce(token_id, 0) WHERE hash = ${hash} AND app_id = ${app_id} AND used_at IS NOT NULL
    RETURNING token_id, person_id`) as {
    token_id: Id<"token">;
    person_id: PersonId;
  }[];
  return row ?? null;
}

export interface GrantRow {
  token_id: Id<"token">;
  app_id: AppId;
  person_id: PersonId;
  scopes: string[];
}

/** @returns false where the code was spoilt meanwhile */
export async function insertGrant(tx: Tx, row: GrantRow, code_hash: Uint8Array, at: Date): Promise<boolean> {
  const turned =
    await tx`UPDATE mastodon_codes SET token_id = ${row.token_id} WHERE hash = ${code_hash} AND token_id IS NULL`;
  if (turned.count === 0) return false;
  await tx`INSERT INTO mastodon_grants (token_id, app_id, person_id, scopes, created_at)
    VALUES (${row.token_id}, ${row.app_id}, ${row.person_id}, ${tx.array(row.scopes, "TEXT")}, ${at})`;
  await tx`UPDATE mastodon_apps SET used_at = ${at} WHERE id = ${row.app_id}`;
  return true;
}

export async function grantOf(db: Query, token_id: string): Promise<GrantRow | null> {
  const [row] = (await db`
    SELECT token_id, app_id, person_id, scopes FROM mastodon_grants WHERE token_id = ${token_id}`) as GrantRow[];
  return row ?? null;
}

/** This person's tokens of a program, the latest given first. */
export async function tokensOfApp(db: Query, person_id: PersonId, app_id: AppId): Promise<Id<"token">[]> {
  const rows = (await db`
    SELECT token_id FROM mastodon_grants WHERE person_id = ${person_id} AND app_id = ${app_id} ORDER BY token_id DESC`) as {
    token_id: Id<"token">;
  }[];
  return rows.map((row) => row.token_id);
}

export const removeGrants = (db: Query, token_ids: readonly string[]) => db`
  DELETE FROM mastodon_grants WHERE token_id = ANY(${db.array([...token_ids], "BIGINT")})`;

/** All that is somebody's, when their account goes. */
export async function removeOf(tx: Query, person_id: PersonId): Promise<void> {
  await tx`DELETE FROM mastodon_grants WHERE person_id = ${person_id}`;
  await tx`DELETE FROM mastodon_codes WHERE person_id = ${person_id}`;
  await tx`DELETE FROM mastodon_focus WHERE person_id = ${person_id}`;
  await tx`DELETE FROM mastodon_filters WHERE person_id = ${person_id}`;
}

export interface AppTokenRow {
  app_id: AppId;
  scopes: string[];
  expires_at: Date;
}

export async function insertAppToken(
  tx: Tx,
  hash: Uint8Array,
  row: AppTokenRow,
  at: Date,
  kept_max: number,
): Promise<void> {
  await tx`SELECT 1 FROM mastodon_apps WHERE id = ${row.app_id} FOR NO KEY UPDATE`;
  await tx`INSERT INTO mastodon_app_tokens (hash, app_id, scopes, created_at, expires_at)
    VALUES (${hash}, ${row.app_id}, ${tx.array(row.scopes, "TEXT")}, ${at}, ${row.expires_at})`;
  await tx`DELETE FROM mastodon_app_tokens WHERE hash IN (
    SELECT hash FROM mastodon_app_tokens WHERE app_id = ${row.app_id} ORDER BY created_at DESC, hash OFFSET ${kept_max})`;
}

export async function appToken(db: Query, hash: Uint8Array): Promise<AppTokenRow | null> {
  const [row] = (await db`
    SELECT app_id, scopes, expires_at FROM mastodon_app_tokens WHERE hash = ${hash}`) as AppTokenRow[];
  return row ?? null;
}

export const removeAppToken = (db: Query, hash: Uint8Array, app_id: AppId) =>
  db`DELETE FROM mastodon_app_tokens WHERE hash = ${hash} AND app_id = ${app_id}`;

/** @returns rows removed */
export async function trim(db: Query, now: Date): Promise<number> {
  const codes = await db`DELETE FROM mastodon_codes WHERE expires_at < ${now}`;
  const tokens = await db`DELETE FROM mastodon_app_tokens WHERE expires_at < ${now}`;
  return codes.count + tokens.count;
}
