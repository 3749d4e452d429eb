import type { Id, PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

export interface PasskeyRow {
  id: Id<"passkey">;
  person_id: PersonId;
  name: string;
  credential_id: string;
  public_key: Uint8Array;
  sign_count: string;
  transports: string[];
  created_at: Date;
  last_used_at: Date | null;
}

const columns = (q: Query) =>
  q`id, person_id, name, credential_id, public_key, sign_count, transports, created_at, last_used_at`;

export const of = (q: Query, person: PersonId) => q<PasskeyRow[]>`
  SELECT ${columns(q)} FROM people_passkeys WHERE person_id = ${person} ORDER BY id DESC`;

export async function byCredential(q: Query, credential_id: string): Promise<PasskeyRow | null> {
  const [row] = await q<PasskeyRow[]>`SELECT ${columns(q)} FROM people_passkeys WHERE credential_id = ${credential_id}`;
  return row ?? null;
}

/** @throws a unique violation on `people_passkeys_credential_id_key` */
export const insert = (q: Query, p: Omit<PasskeyRow, "last_used_at" | "sign_count"> & { sign_count: number }) => q`
  INSERT INTO people_passkeys (id, person_id, name, credential_id, public_key, sign_count, transports, created_at)
  VALUES (${p.id}, ${p.person_id}, ${p.name}, ${p.credential_id}, ${p.public_key}, ${p.sign_count}, ${q.array(p.transports, "TEXT")}, ${p.created_at})`;

export const used = async (q: Query, id: Id<"passkey">, sign_count: number, at: Date): Promise<boolean> =>
  (await q`UPDATE people_passkeys SET sign_count = ${sign_count}, last_used_at = ${at} WHERE id = ${id} RETURNING 1`)
    .length > 0;

export const remove = async (q: Query, person: PersonId, id: Id<"passkey">): Promise<boolean> =>
  (await q`DELETE FROM people_passkeys WHERE person_id = ${person} AND id = ${id} RETURNING 1`).length > 0;

export const removeAll = (q: Query, person: PersonId) => q`DELETE FROM people_passkeys WHERE person_id = ${person}`;

/** Makes room first: what is past its few minutes goes with each new one. */
export async function insertChallenge(
  q: Query,
  hash: Uint8Array,
  person: PersonId | null,
  at: Date,
  expires_at: Date,
): Promise<void> {
  await q`DELETE FROM people_passkey_challenges WHERE expires_at < ${at}`;
  await q`INSERT INTO people_passkey_challenges (challenge_hash, person_id, created_at, expires_at) VALUES (${hash}, ${person}, ${at}, ${expires_at})`;
}

/** Takes the challenge, so that it is answered once; false when it is not open for this person (or for signing in, null). */
export const takeChallenge = async (q: Query, hash: Uint8Array, person: PersonId | null, now: Date): Promise<boolean> =>
  (
    await q`DELETE FROM people_passkey_challenges
    WHERE challenge_hash = ${hash} AND person_id IS NOT DISTINCT FROM ${person}::bigint AND expires_at > ${now} RETURNING 1`
  ).length > 0;
