import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn, SpaceRole, Viewer } from "#kernel/viewer.ts";
import type { Tx } from "#ports/sql/index.ts";
import { hashSecret, isSecret, may, NO_SPACES } from "#systems/people/index.ts";

import { MEMBERSHIPS_PER_PERSON_MAX } from "./bounds.ts";
import type { SpaceBan, SpaceMember } from "./contract.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import type { Known } from "./known.ts";
import { atLeast, mayGive, mayRemove, needsInvitation } from "./policy.ts";
import { belowOf, nextOf, roleNeeded, tooManyMemberships } from "./spaces.ts";
import * as store from "./store.ts";

interface PageAsked {
  limit: number;
  cursor?: string | undefined;
}

/** Who is in a space, as what, and who may not come back. */
export interface Members {
  join(viewer: SignedIn, slug: string, invitation: string | undefined): Promise<void>;
  leave(viewer: SignedIn, slug: string): Promise<void>;
  list(viewer: Viewer, slug: string, asked: PageAsked): Promise<Page<SpaceMember>>;
  give(viewer: SignedIn, slug: string, handle: string, role: SpaceRole): Promise<void>;
  remove(viewer: SignedIn, slug: string, handle: string): Promise<void>;
  bans(viewer: SignedIn, slug: string, asked: PageAsked): Promise<Page<SpaceBan>>;
  ban(viewer: SignedIn, slug: string, handle: string, reason: string): Promise<void>;
  unban(viewer: SignedIn, slug: string, handle: string): Promise<void>;
}

export function createMembers({ sql, log, clock, people, memory }: Omit<Ground, "ids">, known: Known): Members {
  const now = () => new Date(clock.now());

  const held = <T>(id: SpaceId, work: (tx: Tx, space: store.SpaceRow) => Promise<T>) =>
    sql.tx(async (tx) => {
      const space = await store.lock(tx, id);
      if (!space) throw notFound("space");
      return work(tx, space);
    });

  async function personId(handle: string): Promise<PersonId> {
    const card = await people.byHandle(handle);
    if (!card) throw notFound("person");
    return card.id;
  }

  async function putOut(tx: Tx, space_id: SpaceId, person_id: PersonId, by: PersonId): Promise<void> {
    if (!(await store.removeMember(tx, space_id, person_id))) return;
    await store.countMembers(tx, space_id, -1);
    await store.revokeInvitationsBy(tx, space_id, person_id, now());
    await tell(log, tx, "left", { space_id, person_id, by });
  }

  return {
    async join(viewer, slug, invitation) {
      const me = viewer.person_id;
      const space = await store.bySlug(sql.pool, slug);
      if (!space) throw notFound("space");
      const hash = invitation !== undefined && isSecret(invitation, "invitation") ? hashSecret(invitation) : null;
      if (space.visibility === "private" && !(await known.membershipsOf(me)).has(space.id)) {
        // Without a key that fits, a private space is not there at all.
        const key = hash && (await store.livingInvitation(sql.pool, hash, now()));
        if (!key || key.space_id !== space.id) throw notFound("space");
      }
      if (
        (await known.membershipsOf(me)).size >= MEMBERSHIPS_PER_PERSON_MAX &&
        !(await known.membershipsOf(me)).has(space.id)
      )
        throw tooManyMemberships();
      await held(space.id, async (tx, { members, members_max, ...rules }) => {
        if (await store.roleOf(tx, space.id, me)) return;
        if (await store.isBanned(tx, space.id, me))
          throw new Problem(403, "spaces.banned", "The moderators of this space have put you out for good.");
        if (invitation !== undefined) {
          if (!hash || !(await store.useInvitation(tx, space.id, hash, now()))) throw invitationInvalid();
        } else if (needsInvitation(rules)) {
          throw new Problem(
            403,
            "spaces.invitation_needed",
            "This space takes in people by invitation. Ask one of its moderators.",
          );
        }
        if (members >= members_max)
          throw conflict("spaces.full", `This space has ${members_max} members, which is the most for its tier.`);
        await store.addMember(tx, space.id, me, "member", now());
        await store.countMembers(tx, space.id, 1);
        await tell(log, tx, "joined", { space_id: space.id, person_id: me, role: "member" });
      });
      memory.forgetMember(me);
    },

    async leave(viewer, slug) {
      const me = viewer.person_id;
      const { space } = await known.visible(viewer, slug);
      await held(space.id, async (tx, { owner_id }) => {
        if (owner_id === me) throw ownerStays();
        await putOut(tx, space.id, me, me);
      });
      memory.forgetMember(me);
    },

    async list(viewer, slug, { limit, cursor }) {
      const { space } = await known.visible(viewer, slug);
      const rows = await store.membersOf(sql.pool, space.id, belowOf(cursor), limit + 1);
      const shown = rows.slice(0, limit);
      const [cards, relations] = await Promise.all([
        people.cards(shown.map((row) => row.person_id)),
        people.relationsOf(viewer),
      ]);
      const facts = { viewer, relations, spaces: NO_SPACES };
      const items = shown.flatMap(({ person_id, role, joined_at }) => {
        const person = cards.get(person_id);
        if (!person || relations.blocks.has(person_id)) return [];
        const resource = {
          kind: "person",
          owner_id: person_id,
          audience: "public",
          space_id: null,
          owner_suspended: person.suspended,
        } as const;
        return may(facts, "read", resource).ok ? [{ person, role, joined_at: rfc3339(joined_at) }] : [];
      });
      return { items, next_cursor: nextOf(rows, limit, (row) => row.person_id) };
    },

    async give(viewer, slug, handle, role) {
      const me = viewer.person_id;
      const { space } = await known.visible(viewer, slug);
      const target = await personId(handle);
      await held(space.id, async (tx) => {
        const [mine, theirs] = [await store.roleOf(tx, space.id, me), await store.roleOf(tx, space.id, target)];
        if (!atLeast(mine, "member")) throw roleNeeded("Only members of this space give roles.");
        if (!theirs) throw notFound("space_member");
        if (theirs === role) return;
        if (me === target && mine === "owner") throw ownerStays();
        if (!mayGive({ id: me, role: mine }, { id: target, role: theirs }, role))
          throw roleNeeded("Your role in this space does not allow this.");
        if (role === "owner") {
          await store.setRole(tx, space.id, me, "admin");
          await tell(log, tx, "role_changed", { space_id: space.id, person_id: me, role: "admin", by: me });
          await store.setOwner(tx, space.id, target);
        }
        await store.setRole(tx, space.id, target, role);
        if (!atLeast(role, "moderator")) await store.revokeInvitationsBy(tx, space.id, target, now());
        await tell(log, tx, "role_changed", { space_id: space.id, person_id: target, role, by: me });
      });
      memory.forgetMember(me);
      memory.forgetMember(target);
    },

    async remove(viewer, slug, handle) {
      const me = viewer.person_id;
      const { space } = await known.visible(viewer, slug);
      const target = await personId(handle);
      await held(space.id, async (tx) => {
        const [mine, theirs] = [await store.roleOf(tx, space.id, me), await store.roleOf(tx, space.id, target)];
        if (!atLeast(mine, "moderator")) throw moderatorsOnly();
        if (!theirs) throw notFound("space_member");
        if (!mayRemove(mine, theirs)) throw roleNeeded("You may remove only those whose role is below yours.");
        await putOut(tx, space.id, target, me);
      });
      memory.forgetMember(target);
    },

    async bans(viewer, slug, { limit, cursor }) {
      const { space, role } = await known.visible(viewer, slug);
      if (!atLeast(role, "moderator")) throw moderatorsOnly();
      const rows = await store.bansOf(sql.pool, space.id, belowOf(cursor), limit + 1);
      const shown = rows.slice(0, limit);
      const cards = await people.cards(shown.flatMap((row) => [row.person_id, row.banned_by]));
      const items = shown.flatMap(({ person_id, banned_by, reason, banned_at }) => {
        const person = cards.get(person_id);
        return person
          ? [{ person, reason, banned_at: rfc3339(banned_at), banned_by: cards.get(banned_by) ?? null }]
          : [];
      });
      return { items, next_cursor: nextOf(rows, limit, (row) => row.person_id) };
    },

    async ban(viewer, slug, handle, reason) {
      const me = viewer.person_id;
      const { space } = await known.visible(viewer, slug);
      const target = await personId(handle);
      await held(space.id, async (tx) => {
        const [mine, theirs] = [await store.roleOf(tx, space.id, me), await store.roleOf(tx, space.id, target)];
        if (!atLeast(mine, "moderator")) throw moderatorsOnly();
        if (target === me || !mayRemove(mine, theirs))
          throw roleNeeded("You may ban only those whose role is below yours.");
        if (await store.addBan(tx, space.id, target, reason, me, now()))
          await tell(log, tx, "banned", { space_id: space.id, person_id: target, by: me });
        await putOut(tx, space.id, target, me);
      });
      memory.forgetMember(target);
    },

    async unban(viewer, slug, handle) {
      const me = viewer.person_id;
      const { space } = await known.visible(viewer, slug);
      const target = await personId(handle);
      await held(space.id, async (tx) => {
        if (!atLeast(await store.roleOf(tx, space.id, me), "moderator")) throw moderatorsOnly();
        if (await store.removeBan(tx, space.id, target))
          await tell(log, tx, "unbanned", { space_id: space.id, person_id: target, by: me });
      });
    },
  };
}

export const moderatorsOnly = () => roleNeeded("Only the space's moderators may do this.");
export const invitationInvalid = () =>
  new Problem(
    403,
    "spaces.invitation_invalid",
    "This invitation is used up, too old or taken back. Ask for a new one.",
  );
const ownerStays = () =>
  conflict("spaces.owner_stays", "The owner cannot leave. Hand the space to another member first, or close it.");
