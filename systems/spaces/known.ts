import type { SpaceCard } from "#kernel/cards.ts";
import { notFound } from "#kernel/errors.ts";
import { isId, type PersonId, type SpaceId } from "#kernel/ids.ts";
import type { SpaceRole, Viewer } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";
import { may, NO_RELATIONS, NO_SPACES, type ViewerFacts } from "#systems/people/index.ts";

import { CARDS_PER_CALL_MAX } from "./bounds.ts";
import type { Ground } from "./ground.ts";
import type { Memberships } from "./memory.ts";
import { spaceResource } from "./policy.ts";
import * as store from "./store.ts";

/** A card with what the rules must know. */
export interface FoundSpace extends SpaceCard {
  owner_id: PersonId;
  who_may_post: "members" | "moderators";
}

/** Which spaces there are and who is in them. */
export interface Known {
  /** One query for all that are not in memory; at most 1,000 ids. Deleted spaces are not in the map. */
  cards(ids: Iterable<SpaceId>): Promise<Map<SpaceId, SpaceCard>>;
  /** Exact on the very next read in this process after a change here, and on other nodes once its event has arrived. */
  membershipsOf(person_id: PersonId): Promise<Memberships>;
  membershipsOfViewer(viewer: Viewer): Promise<Memberships>;
  /** Not from memory, and in the caller's transaction: for who decides about power, now. In the order of the pairs. */
  rolesIn(db: Query, pairs: readonly { space_id: SpaceId; person_id: PersonId }[]): Promise<(SpaceRole | null)[]>;
  stands(db: Query, id: SpaceId): Promise<boolean>;
  find(slug_or_id: string): Promise<FoundSpace | null>;
  /** Bytes that may stand in it, by its tier or by what it was given; null for one that is not there. */
  storageMax(id: SpaceId): Promise<number | null>;
  /** The space, if the viewer may see it, and their role in it. @throws Problem 404 `space.not_found` */
  visible(viewer: Viewer, slug: string): Promise<{ space: store.SpaceRow; role: SpaceRole | null; facts: ViewerFacts }>;
}

export function createKnown({ sql, memory }: Pick<Ground, "sql" | "memory">): Known {
  const cardOf = ({ id, slug, name, visibility }: store.SpaceRow): SpaceCard => ({ id, slug, name, visibility });

  const load = async (person_id: PersonId): Promise<Memberships> =>
    new Map((await store.membershipsOf(sql.pool, person_id)).map((m) => [m.space_id, m.role]));

  const membershipsOf = async (id: PersonId) =>
    memory.memberships.peek(id) ?? (await memory.memberships.get(id, () => load(id))) ?? NO_SPACES;
  const membershipsOfViewer = async (viewer: Viewer) =>
    viewer.kind === "person" ? membershipsOf(viewer.person_id) : NO_SPACES;

  return {
    membershipsOf,
    membershipsOfViewer,
    storageMax: (id) => store.storageMax(sql.pool, id),
    stands: store.stands,

    async rolesIn(db, pairs) {
      if (pairs.length === 0) return [];
      const rows = await store.rolesOf(db, pairs);
      const roles = new Map(rows.map((row) => [`${row.space_id} ${row.person_id}`, row.role]));
      return pairs.map((pair) => roles.get(`${pair.space_id} ${pair.person_id}`) ?? null);
    },

    async cards(ids) {
      const found = new Map<SpaceId, SpaceCard>();
      const missing = new Set<SpaceId>();
      for (const id of ids) {
        const card = memory.cards.peek(id);
        if (card) found.set(id, card);
        else missing.add(id);
      }
      if (missing.size > CARDS_PER_CALL_MAX)
        throw new RangeError(`${missing.size} cards asked for at once; ${CARDS_PER_CALL_MAX} is the bound`);
      if (missing.size === 0) return found;
      const before = memory.cardsForgotten();
      const rows = await store.byIds(sql.pool, [...missing]);
      for (const card of rows.map(cardOf)) {
        found.set(card.id, card);
        // A change may have been committed after the rows were read: then they serve this call, and nobody else.
        if (memory.cardsForgotten() === before) memory.cards.set(card.id, card);
      }
      return found;
    },

    async find(slug_or_id) {
      const row = isId(slug_or_id)
        ? (await store.byIds(sql.pool, [slug_or_id]))[0]
        : await store.bySlug(sql.pool, slug_or_id.toLowerCase());
      return row ? { ...cardOf(row), owner_id: row.owner_id, who_may_post: row.who_may_post } : null;
    },

    async visible(viewer, slug) {
      const [space, spaces] = await Promise.all([store.bySlug(sql.pool, slug), membershipsOfViewer(viewer)]);
      const facts = { viewer, relations: NO_RELATIONS, spaces };
      if (!space || !may(facts, "read", spaceResource(space)).ok) throw notFound("space");
      return { space, role: spaces.get(space.id) ?? null, facts };
    },
  };
}
