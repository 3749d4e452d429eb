import { notFound, Problem } from "#kernel/errors.ts";
import type { Id, PersonId } from "#kernel/ids.ts";
import { DAY_MS } from "#kernel/time.ts";
import { SCOPES, type SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { SESSION_IDLE_D, SESSIONS_PER_PERSON_MAX, USER_AGENT_CHARS_MAX } from "./bounds.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import { hashKey, makeSecret } from "./secrets.ts";
import * as credentials from "./store/credentials.ts";
import * as persons from "./store/persons.ts";

/** From where somebody signs in; shown in their own list of sessions and nowhere else. */
export interface Origin {
  address: string;
  user_agent: string;
}

export interface StartedSession {
  id: Id<"session">;
  secret: string;
  expires_at: Date;
  /** Keys of what this one pushed out; forget them after the commit. */
  pushed_out: string[];
}

export interface Sessions {
  /** Inside the caller's transaction. */
  start(tx: Query, person_id: PersonId, origin: Origin): Promise<StartedSession>;
  /** @throws Problem 401 `people.wrong_password`, 429, 503 */
  signIn(
    asked: { handle: string; password: string },
    origin: Origin,
    replaces: SignedIn | null,
  ): Promise<{ started: StartedSession; viewer: SignedIn }>;
  list(viewer: SignedIn): Promise<(credentials.SessionRow & { current: boolean })[]>;
  /** The credential that calls, be it a session or a token. */
  revokeCurrent(viewer: SignedIn): Promise<void>;
  revoke(viewer: SignedIn, id: Id<"session">): Promise<void>;
  revokeOthers(viewer: SignedIn): Promise<void>;
  /** Inside the caller's transaction. @returns keys to forget after its commit */
  revokeAll(tx: Query, person_id: PersonId, what: { but: string | null; tokens: boolean }): Promise<string[]>;
}

/** @throws Problem 403 `people.session_needed`: a token must not make tokens, nor take the account over */
export function needSession(viewer: SignedIn): void {
  if (viewer.credential.kind !== "session") {
    throw new Problem(403, "people.session_needed", "A token cannot do this. Sign in with your password.");
  }
}

/**
 * The same inside the transaction that makes what outlives the session, with its person's row held: a reset or a new
 * password that came first has ended the session, and then nothing is made with it.
 * @throws Problem 401 `session.invalid`
 */
export async function needStandingSession(tx: Query, { person_id, credential }: SignedIn): Promise<void> {
  if (!(await credentials.sessionStands(tx, person_id, credential.id)))
    throw new Problem(401, "session.invalid", "This session has ended. Sign in again.");
}

export const wrongPassword = () => new Problem(401, "people.wrong_password", "The handle or the password is wrong.");

/** As people type it: `@Astrid ` is astrid. */
export const asHandle = (text: string) => text.trim().replace(/^@/, "").toLowerCase();

export function createSessions(
  ground: Pick<Ground, "sql" | "log" | "clock" | "ids" | "memory" | "passwords" | "throttle">,
): Sessions {
  const { sql, log, clock, ids, memory, passwords, throttle } = ground;

  /** Tells of what was removed, in the transaction that removed it. */
  async function told(
    tx: Query,
    person_id: PersonId,
    sessions: credentials.RevokedRow[],
    tokens: credentials.RevokedRow[] = [],
  ): Promise<string[]> {
    const revoked = [
      ...sessions.map((row) => ({ id: row.id, kind: "session" as const, hash: hashKey(row.secret_hash) })),
      ...tokens.map((row) => ({ id: row.id, kind: "token" as const, hash: hashKey(row.secret_hash) })),
    ];
    if (revoked.length > 0) await tell(log, tx, person_id, "session_revoked", { person_id, credentials: revoked });
    return revoked.map((r) => r.hash);
  }

  async function revokeWith(remove: (tx: Query) => Promise<string[]>): Promise<number> {
    const keys = await sql.tx(remove);
    memory.forgetCredentials(keys);
    return keys.length;
  }

  const sessions: Sessions = {
    async start(tx, person_id, { address, user_agent }) {
      const { secret, hash } = makeSecret("session");
      const at = new Date(clock.now());
      const expires_at = new Date(clock.now() + SESSION_IDLE_D * DAY_MS);
      const id = ids.next<"session">();
      const agent = user_agent.toWellFormed().replaceAll("\0", "").slice(0, USER_AGENT_CHARS_MAX);
      await credentials.insertSession(tx, {
        id,
        person_id,
        hash,
        user_agent: agent,
        address: address.slice(0, 64),
        at,
        expires_at,
      });
      const pushed_out = await told(
        tx,
        person_id,
        await credentials.removeOldestSessions(tx, person_id, SESSIONS_PER_PERSON_MAX),
      );
      return { id, secret, expires_at, pushed_out };
    },

    async signIn(asked, origin, replaces) {
      const handle = asHandle(asked.handle);
      await throttle.signIn(handle, origin.address);
      const found = await persons.passwordHash(sql.pool, handle);
      if (!(await passwords.verify(asked.password, found?.password_hash ?? null)) || !found) throw wrongPassword();
      const { started, ended } = await sql.tx(async (tx) => {
        // Read again, held: between the check and this moment the account may be gone, or its password another, and one
        // that is just changing must end this session too.
        await persons.lock(tx, found.id);
        const still = await persons.passwordHash(tx, handle);
        if (still?.id !== found.id || still.password_hash !== found.password_hash) throw wrongPassword();
        const started = await sessions.start(tx, found.id, origin);
        const old = replaces?.credential.kind === "session" ? replaces : null;
        const ended = old
          ? await told(tx, old.person_id, await credentials.removeSession(tx, old.person_id, old.credential.id))
          : [];
        return { started, ended };
      });
      memory.forgetCredentials([...started.pushed_out, ...ended]);
      await throttle.signedIn(handle, origin.address);
      const state = await credentials.state(sql.pool, found.id);
      if (!state || state.bot_owner_id !== null) throw wrongPassword();
      const { bot_owner_id: _, ...person } = state;
      return {
        started,
        viewer: { kind: "person", ...person, credential: { kind: "session", id: started.id }, scopes: SCOPES },
      };
    },

    async list(viewer) {
      const rows = await credentials.sessionsOf(sql.pool, viewer.person_id, new Date(clock.now()));
      return rows.map((row) => ({
        ...row,
        current: viewer.credential.kind === "session" && row.id === viewer.credential.id,
      }));
    },

    async revokeCurrent({ person_id, credential }) {
      await revokeWith(async (tx) =>
        credential.kind === "session"
          ? told(tx, person_id, await credentials.removeSession(tx, person_id, credential.id))
          : told(tx, person_id, [], await credentials.removeToken(tx, person_id, credential.id)),
      );
    },

    async revoke({ person_id }, id) {
      const ended = await revokeWith(async (tx) =>
        told(tx, person_id, await credentials.removeSession(tx, person_id, id)),
      );
      if (ended === 0) throw notFound("session");
    },

    async revokeOthers({ person_id, credential }) {
      const but = credential.kind === "session" ? credential.id : null;
      await revokeWith((tx) => sessions.revokeAll(tx, person_id, { but, tokens: false }));
    },

    async revokeAll(tx, person_id, { but, tokens }) {
      const removed = await credentials.removeSessions(tx, person_id, but);
      return told(tx, person_id, removed, tokens ? await credentials.removeTokens(tx, person_id) : []);
    },
  };
  return sessions;
}
