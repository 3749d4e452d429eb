import type { PersonId } from "#kernel/ids.ts";
import { DAY_MS, MINUTE_MS } from "#kernel/time.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";

import { SESSION_IDLE_D, SESSION_TOUCH_MIN } from "./bounds.ts";
import type { Ground } from "./ground.ts";
import type { KnownCredential } from "./memory.ts";
import { hashKey, hashSecret, isSecret } from "./secrets.ts";
import * as credentials from "./store/credentials.ts";

const NEVER_MS = Number.POSITIVE_INFINITY;

async function knownBy(
  { sql, memory }: Pick<Ground, "sql" | "memory">,
  secret: string,
): Promise<KnownCredential | null> {
  const kind = isSecret(secret, "session")
    ? "session"
    : isSecret(secret, "token") || isSecret(secret, "bot")
      ? "token"
      : null;
  if (!kind) return null;
  const hash = hashSecret(secret);
  const key = hashKey(hash);
  return memory.credentials.peek(key) ?? memory.credentials.get(key, () => load(sql, kind, hash));
}

async function load(sql: Ground["sql"], kind: "session" | "token", hash: Uint8Array): Promise<KnownCredential | null> {
  const row = await (kind === "session" ? credentials.sessionByHash : credentials.tokenByHash)(sql.pool, hash);
  if (!row) return null;
  const { id, person_id, last_used_at, expires_at } = row;
  return {
    kind,
    id,
    person_id,
    ...credentials.powersOf(row),
    last_used_ms: last_used_at?.getTime() ?? 0,
    expires_ms: expires_at?.getTime() ?? NEVER_MS,
  };
}

/** When a token ends by itself; null for one that does not, for a session, which goes on while it is used, and for nobody's. */
export const createTokenEnd =
  (ground: Pick<Ground, "sql" | "memory">) =>
  async (secret: string): Promise<Date | null> => {
    const known = await knownBy(ground, secret);
    return known?.kind !== "token" || known.expires_ms === NEVER_MS ? null : new Date(known.expires_ms);
  };

/**
 * Who holds this secret; null when it is unknown, expired or revoked, or its person is gone. From memory in a few µs; the
 * first time, and every 30 s, two reads by key. Every 10 minutes of use one write moves the session's end on.
 */
export function createAuthenticate({ sql, clock, memory }: Pick<Ground, "sql" | "clock" | "memory">) {
  const stateOf = async (id: PersonId) =>
    memory.states.peek(id) ?? (await memory.states.get(id, () => credentials.state(sql.pool, id)));

  async function touch(known: KnownCredential, now_ms: number): Promise<void> {
    const before = { last_used_ms: known.last_used_ms, expires_ms: known.expires_ms };
    // Moved on before the write, so that the other requests of this moment do not write too.
    known.last_used_ms = now_ms;
    if (known.kind === "session") known.expires_ms = now_ms + SESSION_IDLE_D * DAY_MS;
    try {
      await (known.kind === "session"
        ? credentials.touchSession(sql.pool, known.id, new Date(now_ms), new Date(known.expires_ms))
        : credentials.touchToken(sql.pool, known.id, new Date(now_ms)));
    } catch (error) {
      Object.assign(known, before);
      throw error;
    }
  }

  return async (secret: string): Promise<SignedIn | null> => {
    const known = await knownBy({ sql, memory }, secret);
    if (!known) return null;
    const now_ms = clock.now();
    if (known.expires_ms <= now_ms) return null;
    const person = await stateOf(known.person_id);
    if (!person) return null;
    // A bot does nothing that its owner could not do at this moment.
    const owner = person.bot_owner_id === null ? null : await stateOf(person.bot_owner_id);
    if (person.bot_owner_id !== null && (!owner || owner.suspended)) return null;
    if (now_ms - known.last_used_ms >= SESSION_TOUCH_MIN * MINUTE_MS) await touch(known, now_ms);
    return {
      kind: "person",
      person_id: person.person_id,
      handle: person.handle,
      role: person.role,
      suspended: person.suspended,
      credential: { kind: known.kind, id: known.id, ...(known.program ? { program: true as const } : {}) },
      scopes: known.scopes ?? SCOPES,
      ...(person.bot_owner_id === null ? {} : { bot: true as const }),
    };
  };
}
