import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { SpaceId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn, SpaceRole, Viewer } from "#kernel/viewer.ts";
import { isUniqueViolation, type Tx } from "#ports/sql/index.ts";
import { may, NO_RELATIONS } from "#systems/people/index.ts";

import { MEMBERSHIPS_PER_PERSON_MAX, SPACES_OWNED_MAX, TIER_MEMBERS_MAX, TIER_STORAGE_BYTES_MAX } from "./bounds.ts";
import type { Space, SpaceListed } from "./contract.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import type { Known } from "./known.ts";
import { atLeast, isReservedSlug, spaceResource } from "./policy.ts";
import * as store from "./store.ts";

interface PageAsked {
  limit: number;
  cursor?: string | undefined;
}

/** The spaces themselves: opened, shown, changed, closed. */
export interface Rooms {
  create(
    viewer: SignedIn,
    asked: Pick<store.SpaceRow, "slug" | "name" | "description" | "visibility" | "join_policy" | "who_may_post">,
  ): Promise<Space>;
  get(viewer: Viewer, slug: string): Promise<Space>;
  edit(viewer: SignedIn, slug: string, change: store.SpaceChange): Promise<Space>;
  remove(viewer: SignedIn, slug: string): Promise<void>;
  list(viewer: Viewer, asked: PageAsked & { q?: string | undefined }): Promise<Page<SpaceListed>>;
  mine(viewer: SignedIn, asked: PageAsked): Promise<Page<SpaceListed>>;
}

export const roleNeeded = (sentence: string) => new Problem(403, "spaces.role_needed", sentence);

export function createRooms(
  { sql, log, clock, ids, memory }: Pick<Ground, "sql" | "log" | "clock" | "ids" | "memory">,
  known: Known,
): Rooms {
  const now = () => new Date(clock.now());

  async function present(viewer: Viewer, space: store.SpaceRow): Promise<Space> {
    const spaces = await known.membershipsOfViewer(viewer);
    const facts = { viewer, relations: NO_RELATIONS, spaces };
    const { owner_id: _owner, created_at, ...row } = space;
    return {
      ...row,
      created_at: rfc3339(created_at),
      membership: {
        role: spaces.get(space.id) ?? null,
        may_post: may(facts, "post_in_space", spaceResource(space)).ok,
        may_manage: may(facts, "manage_space", spaceResource(space)).ok,
      },
    };
  }

  const listed = (
    { id, slug, name, visibility, description, join_policy, members }: store.SpaceRow,
    role: SpaceRole | null,
  ): SpaceListed => ({
    id,
    slug,
    name,
    visibility,
    description,
    join_policy,
    members,
    role,
  });

  /** Work on a space whose row is held. @throws Problem 404 `space.not_found` */
  const held = <T>(id: SpaceId, work: (tx: Tx, space: store.SpaceRow) => Promise<T>) =>
    sql.tx(async (tx) => {
      const space = await store.lock(tx, id);
      if (!space) throw notFound("space");
      return work(tx, space);
    });

  const slugged = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw isUniqueViolation(error, "spaces_spaces_slug_key")
        ? conflict("spaces.slug_taken", "This address is taken. Choose another.")
        : error;
    }
  };

  return {
    async create(viewer, asked) {
      if (isReservedSlug(asked.slug)) throw reserved();
      const me = viewer.person_id;
      if ((await known.membershipsOf(me)).size >= MEMBERSHIPS_PER_PERSON_MAX) throw tooManyMemberships();
      const id = ids.next<"space">();
      const row = {
        ...asked,
        id,
        owner_id: me,
        tier: "free" as const,
        members_max: TIER_MEMBERS_MAX.free,
        storage_bytes_max: TIER_STORAGE_BYTES_MAX.free,
        created_at: now(),
      };
      await slugged(
        sql.tx(async (tx) => {
          await store.lockMaker(tx, me);
          if ((await store.countOwned(tx, me)) >= SPACES_OWNED_MAX) {
            throw conflict(
              "spaces.too_many",
              `You own ${SPACES_OWNED_MAX} spaces, which is the most. Close one or hand one over first.`,
            );
          }
          await store.insert(tx, row);
          await store.addMember(tx, id, me, "owner", row.created_at);
          await store.countMembers(tx, id, 1);
          await tell(log, tx, "space_created", { space_id: id, owner_id: me });
          await tell(log, tx, "joined", { space_id: id, person_id: me, role: "owner" });
        }),
      );
      memory.forgetMember(me);
      return present(viewer, { ...row, members: 1 });
    },

    async get(viewer, slug) {
      return present(viewer, (await known.visible(viewer, slug)).space);
    },

    async edit(viewer, slug, change) {
      const { space } = await known.visible(viewer, slug);
      if (change.slug !== undefined && change.slug !== space.slug && isReservedSlug(change.slug)) throw reserved();
      await slugged(
        held(space.id, async (tx) => {
          if (!atLeast(await store.roleOf(tx, space.id, viewer.person_id), "admin"))
            throw roleNeeded("Only the space's admins may change it.");
          await store.edit(tx, space.id, change);
          await tell(log, tx, "space_changed", { space_id: space.id, by: viewer.person_id });
        }),
      );
      memory.forgetSpace(space.id);
      return present(viewer, (await known.visible(viewer, change.slug ?? slug)).space);
    },

    async remove(viewer, slug) {
      const { space } = await known.visible(viewer, slug);
      await held(space.id, async (tx, { owner_id }) => {
        if (owner_id !== viewer.person_id) throw roleNeeded("Only the space's owner may close it.");
        await store.remove(tx, space.id, viewer.person_id, now());
        await tell(log, tx, "space_deleted", { space_id: space.id, by: viewer.person_id });
      });
      memory.forgetSpace(space.id);
      memory.forgetAllMembers();
    },

    async list(viewer, { limit, cursor, q }) {
      const below_id = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const memberships = await known.membershipsOfViewer(viewer);
      const word = q?.trim().toLowerCase() ?? "";
      const pattern = word === "" ? null : `% ${word.replaceAll(/[\\%_]/g, "\\$&")}%`;
      const rows = await store.list(sql.pool, { mine: [...memberships.keys()], pattern, below_id, limit: limit + 1 });
      const items = rows.slice(0, limit).map((row) => listed(row, memberships.get(row.id) ?? null));
      return { items, next_cursor: rows.length > limit ? encodeCursor([items.at(-1)!.id]) : null };
    },

    async mine(viewer, { limit, cursor }) {
      const rows = await store.joinedBy(sql.pool, viewer.person_id, belowOf(cursor), limit + 1);
      const shown = rows.slice(0, limit);
      return { items: shown.map((row) => listed(row, row.role)), next_cursor: nextOf(rows, limit, (row) => row.id) };
    },
  };
}

const reserved = () => new Problem(422, "spaces.slug_reserved", "This address is kept for the house. Choose another.");
export const tooManyMemberships = () =>
  conflict("spaces.too_many", `You are in ${MEMBERSHIPS_PER_PERSON_MAX} spaces, which is the most. Leave one first.`);

/** @throws Problem 400 `cursor.invalid` */
export function belowOf(cursor: string | undefined): store.Below {
  if (cursor === undefined) return null;
  const [at, id] = decodeCursor(cursor, ["micros", "id"]) as [string, string];
  return { at, id };
}

export const nextOf = <T extends { at: string }>(rows: T[], limit: number, idOf: (row: T) => string): string | null => {
  const last = rows[limit - 1];
  return rows.length > limit && last ? encodeCursor([last.at, idOf(last)]) : null;
};
