import { notFound, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { HouseRole, SignedIn } from "#kernel/viewer.ts";
import type { Tx } from "#ports/sql/index.ts";

import { isBot, lastAdmin } from "./account.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import { keptInvitations, mayDiscipline } from "./policy.ts";
import * as invitations from "./store/invitations.ts";
import * as persons from "./store/persons.ts";

/** What admins and moderators of the house do with people. */
export interface Offices {
  /** @param by null for the command line. @throws Problem 409 `people.last_admin` */
  setRole(handle: string, role: HouseRole, by: PersonId | null): Promise<void>;
  suspend(viewer: SignedIn, handle: string, reason: string): Promise<void>;
  reinstate(viewer: SignedIn, handle: string): Promise<void>;
}

export function createOffices(
  { sql, log, clock, memory }: Pick<Ground, "sql" | "log" | "clock" | "memory">,
  byHandle: (handle: string) => Promise<persons.PersonRow>,
): Offices {
  const now = () => new Date(clock.now());

  /** @throws Problem 422 `people.yourself`, 403 `people.role_too_high` */
  async function discipline(
    viewer: SignedIn,
    handle: string,
    work: (tx: Tx, id: PersonId, suspended: boolean) => Promise<void>,
  ) {
    const { id } = await byHandle(handle);
    if (id === viewer.person_id) throw new Problem(422, "people.yourself", "That is you.");
    await sql.tx(async (tx) => {
      // Admins in the order of their ids, as everywhere: of two who act on each other at once, the second is none any more.
      const admins = viewer.role === "admin" ? await persons.lockAdmins(tx) : null;
      const target = await persons.lock(tx, id);
      if (!target) throw notFound("person");
      if (!mayDiscipline(viewer, target.role) || admins?.includes(viewer.person_id) === false)
        throw new Problem(403, "people.role_too_high", "Only an admin may do this to a moderator or an admin.");
      await work(tx, id, target.suspended_at !== null);
    });
    memory.forgetPerson(id);
  }

  return {
    async setRole(handle, role, by) {
      const { id, bot_owner_id } = await byHandle(handle);
      if (bot_owner_id !== null && role !== "member") throw isBot();
      await sql.tx(async (tx) => {
        const admins = await persons.lockAdmins(tx);
        const target = await persons.lock(tx, id);
        if (!target) throw notFound("person");
        if (target.role === role) return;
        if (admins.length === 1 && admins[0] === id) throw lastAdmin();
        await persons.setRole(tx, id, role);
        await invitations.revokeInvitationsBy(tx, id, now(), keptInvitations(role));
        if (role === "admin") await invitations.removeSetupLinks(tx);
        await tell(log, tx, id, "role_changed", { person_id: id, role, by });
      });
      memory.forgetPerson(id);
    },

    suspend: (viewer, handle, reason) =>
      discipline(viewer, handle, async (tx, id, suspended) => {
        if (suspended) return;
        await persons.suspend(tx, id, viewer.person_id, reason, now());
        await invitations.revokeInvitationsBy(tx, id, now());
        await tell(log, tx, id, "suspended", { person_id: id, by: viewer.person_id, reason });
      }),

    reinstate: (viewer, handle) =>
      discipline(viewer, handle, async (tx, id, suspended) => {
        if (!suspended) return;
        await persons.reinstate(tx, id);
        await tell(log, tx, id, "reinstated", { person_id: id, by: viewer.person_id, at: now().toISOString() });
      }),
  };
}
