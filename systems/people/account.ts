import { conflict, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { HOUR_MS } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { RESET_EXPIRY_H } from "./bounds.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import { GONE_PREFIX } from "./handles.ts";
import { refuseLength, refuseWeak } from "./passwords.ts";
import { hashSecret, isSecret, makeSecret } from "./secrets.ts";
import { needSession, type Sessions, wrongPassword } from "./sessions.ts";
import * as invitations from "./store/invitations.ts";
import * as passkeys from "./store/passkeys.ts";
import * as persons from "./store/persons.ts";

/** Passwords, reset links and the end of an account. */
export interface Account {
  /** That this is still the account's owner. @throws Problem 401 `people.wrong_password`, 403 `people.session_needed` */
  confirm(viewer: SignedIn, password: string, address: string): Promise<void>;
  changePassword(
    viewer: SignedIn,
    asked: { current_password: string; new_password: string },
    address: string,
  ): Promise<void>;
  /** @param by null for the command line */
  createResetLink(handle: string, by: PersonId | null): Promise<{ secret: string; expires_at: Date }>;
  resetPassword(asked: { secret: string; new_password: string }, address: string): Promise<void>;
  /** For `folk user password`: ends every session and token, like a reset. */
  setPassword(handle: string, password: string): Promise<void>;
  deleteMe(viewer: SignedIn, password: string, address: string): Promise<void>;
}

export function createAccount(
  ground: Pick<Ground, "sql" | "log" | "clock" | "ids" | "memory" | "passwords" | "throttle">,
  sessions: Sessions,
  byHandle: (handle: string) => Promise<persons.PersonRow>,
): Account {
  const { sql, log, clock, ids, memory, passwords, throttle } = ground;
  const now = () => new Date(clock.now());

  /** Asking again for the password keeps a borrowed browser from taking the account. Guessing is throttled as at the door. */
  async function confirm(viewer: SignedIn, password: string, address: string): Promise<string> {
    needSession(viewer);
    await throttle.signIn(viewer.handle, address);
    const found = await persons.passwordHash(sql.pool, viewer.handle);
    if (!(await passwords.verify(password, found?.password_hash ?? null)) || !found) throw wrongPassword();
    return found.password_hash;
  }

  /** A new password after the old one was lost: nothing that was opened with the old one stays open. */
  async function replace(
    person_id: PersonId,
    handle: string,
    password: string,
    claim: (tx: Parameters<typeof persons.lock>[0]) => Promise<boolean>,
  ) {
    refuseWeak(password, [handle]);
    const hash = await passwords.hash(password);
    const keys = await sql.tx(async (tx) => {
      if (!(await claim(tx))) throw resetInvalid();
      await persons.setPasswordHash(tx, person_id, hash);
      await passkeys.removeAll(tx, person_id);
      return sessions.revokeAll(tx, person_id, { but: null, tokens: true });
    });
    memory.forgetCredentials(keys);
  }

  return {
    async confirm(viewer, password, address) {
      await confirm(viewer, password, address);
    },

    async changePassword(viewer, { current_password, new_password }, address) {
      const before = await confirm(viewer, current_password, address);
      refuseWeak(new_password, [viewer.handle]);
      const hash = await passwords.hash(new_password);
      const keys = await sql.tx(async (tx) => {
        await persons.lock(tx, viewer.person_id);
        const still = await persons.passwordHash(tx, viewer.handle);
        if (still?.password_hash !== before) throw wrongPassword();
        await persons.setPasswordHash(tx, viewer.person_id, hash);
        await invitations.removeResets(tx, viewer.person_id);
        return sessions.revokeAll(tx, viewer.person_id, { but: viewer.credential.id, tokens: false });
      });
      memory.forgetCredentials(keys);
    },

    async createResetLink(handle, by) {
      const { id: person_id, bot_owner_id } = await byHandle(handle);
      if (bot_owner_id !== null) throw isBot();
      const { secret, hash } = makeSecret("reset");
      const expires_at = new Date(clock.now() + RESET_EXPIRY_H * HOUR_MS);
      await sql.tx(async (tx) => {
        const row = { id: ids.next<"reset">(), person_id, hash, created_by: by, created_at: now(), expires_at };
        await invitations.insertReset(tx, row);
        await tell(log, tx, person_id, "reset_link_made", { person_id, by });
      });
      return { secret, expires_at };
    },

    async resetPassword({ secret, new_password }, address) {
      await throttle.link(address);
      const hash = hashSecret(secret);
      const living = isSecret(secret, "reset") ? await invitations.livingReset(sql.pool, hash, now()) : null;
      if (!living) throw resetInvalid();
      await replace(
        living.person_id,
        living.handle,
        new_password,
        async (tx) => (await invitations.useReset(tx, hash, now())) === living.person_id,
      );
    },

    async setPassword(handle, password) {
      refuseLength(password);
      const { id, bot_owner_id } = await byHandle(handle);
      if (bot_owner_id !== null) throw isBot();
      await replace(id, handle, password, async () => true);
    },

    async deleteMe(viewer, password, address) {
      await confirm(viewer, password, address);
      const id = viewer.person_id;
      const keys = await sql.tx(async (tx) => {
        const admins = await persons.lockAdmins(tx);
        if (admins.length === 1 && admins[0] === id) throw lastAdmin();
        if (!(await persons.lock(tx, id))) return [];
        await persons.erase(tx, id, hashSecret(viewer.handle), `${GONE_PREFIX}${id}`, now());
        await passkeys.removeAll(tx, id);
        await invitations.removeResets(tx, id);
        await invitations.revokeInvitationsBy(tx, id, now());
        const keys = await sessions.revokeAll(tx, id, { but: null, tokens: true });
        await tell(log, tx, id, "deleted", { person_id: id });
        return keys;
      });
      memory.forgetCredentials(keys);
      memory.forgetPerson(id);
    },
  };
}

export const isBot = () => new Problem(422, "people.bot", "This is a bot: it holds no office and has no password.");
const resetInvalid = () =>
  new Problem(
    403,
    "people.reset_invalid",
    "This link was used, is too old, or was replaced by a newer one. Ask an admin for a new one.",
  );
export const lastAdmin = () =>
  conflict("people.last_admin", "This is the last admin of the house. Make somebody else an admin first.");
