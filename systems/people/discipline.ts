import type { PersonId } from "#kernel/ids.ts";
import type { HouseRole } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { OFFICERS_MAX } from "./bounds.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import * as invitations from "./store/invitations.ts";
import * as persons from "./store/persons.ts";

/**
 * What moderation does to people, inside the transaction that writes down who did it and why; whether they may is asked
 * there. What an act returns is called after the commit, so that this process forgets what it knew.
 */
export interface Discipline {
  /** Locked until `tx` ends, in the order of the ids; who is deleted is not in the map. */
  lock(tx: Query, ids: readonly PersonId[]): Promise<Map<PersonId, Standing>>;
  /** Offices without a lock; who is deleted is not in the map. */
  roles(db: Query, ids: readonly PersonId[]): Promise<Map<PersonId, HouseRole>>;
  /** What anybody may know of a person, with the words of their page; deleted ones are null. */
  profile(db: Query, id: PersonId): Promise<Profile | null>;
  /** Moderators and admins who can act, at most `OFFICERS_MAX`. */
  officers(db: Query): Promise<{ id: PersonId; role: HouseRole }[]>;
  /** With another end or reason it takes the place of the one before. @param by null for the house itself */
  suspend(tx: Query, id: PersonId, act: Act & { reason: string; until: Date | null }): Promise<Done>;
  reinstate(tx: Query, id: PersonId, act: Act): Promise<Done>;
  /** Out of what the house chooses for people: discover, hashtags, trending, suggestions. Followers and visitors still see them. */
  limit(tx: Query, id: PersonId, act: Act): Promise<Done>;
  unlimit(tx: Query, id: PersonId, act: Act): Promise<Done>;
}

export interface Act {
  by: PersonId | null;
  /** The row that says why. */
  act_id: string;
}

/** Null where it was so already. */
export type Done = (() => void) | null;

export interface Standing {
  role: HouseRole;
  suspended: boolean;
  limited: boolean;
}

export interface Profile {
  handle: string;
  display_name: string;
  bio: string;
  links: { label: string; url: string }[];
  avatar_image_id: string | null;
  created_at: Date;
}

export function createDiscipline({ log, clock, memory }: Pick<Ground, "log" | "clock" | "memory">): Discipline {
  const now = () => new Date(clock.now());
  const forget = (id: PersonId) => () => memory.forgetPerson(id);

  return {
    async lock(tx, ids) {
      const found = new Map<PersonId, Standing>();
      const inOrder = [...new Set(ids)].toSorted((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
      for (const id of inOrder) {
        const row = await persons.lock(tx, id);
        if (row)
          found.set(id, { role: row.role, suspended: row.suspended_at !== null, limited: row.limited_at !== null });
      }
      return found;
    },

    roles: async (db, ids) => new Map((await persons.byIds(db, [...ids])).map((row) => [row.id, row.role])),

    async profile(db, id) {
      const [row] = await persons.byIds(db, [id]);
      if (!row) return null;
      const { handle, display_name, bio, links, avatar_image_id, created_at } = row;
      return { handle, display_name, bio, links, avatar_image_id, created_at };
    },

    officers: (db) => persons.officers(db, OFFICERS_MAX),

    async suspend(tx, id, { by, act_id, reason, until }) {
      const row = await persons.lock(tx, id);
      if (!row) return null;
      await persons.suspend(tx, id, by, reason, now(), until);
      if (row.suspended_at === null) await invitations.revokeInvitationsBy(tx, id, now());
      await tell(log, tx, id, "suspended", { person_id: id, by, reason, until: until?.toISOString() ?? null, act_id });
      return forget(id);
    },

    async reinstate(tx, id, { by, act_id }) {
      const row = await persons.lock(tx, id);
      if (!row || row.suspended_at === null) return null;
      await persons.reinstate(tx, id);
      await tell(log, tx, id, "reinstated", { person_id: id, by, act_id, at: now().toISOString() });
      return forget(id);
    },

    async limit(tx, id, { by, act_id }) {
      const row = await persons.lock(tx, id);
      if (!row || row.limited_at !== null) return null;
      await persons.setLimited(tx, id, { by, at: now() });
      await tell(log, tx, id, "limited", { person_id: id, by, act_id });
      return forget(id);
    },

    async unlimit(tx, id, { by, act_id }) {
      const row = await persons.lock(tx, id);
      if (!row || row.limited_at === null) return null;
      await persons.setLimited(tx, id, null);
      await tell(log, tx, id, "unlimited", { person_id: id, by, act_id });
      return forget(id);
    },
  };
}
