import type { SpaceCard } from "#kernel/cards.ts";
import { conflict, notFound } from "#kernel/errors.ts";
import type { Id } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { HOUR_MS, rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { hashSecret, isSecret, makeSecret } from "#systems/people/index.ts";

import { INVITATIONS_PER_SPACE_MAX } from "./bounds.ts";
import type { SpaceInvitation } from "./contract.ts";
import type { Ground } from "./ground.ts";
import type { Known } from "./known.ts";
import { invitationInvalid, moderatorsOnly } from "./members.ts";
import { atLeast } from "./policy.ts";
import * as store from "./store.ts";

/** Keys to one space. Whoever holds one may come in while it lasts; the house's own door is not theirs to open. */
export interface Invitations {
  create(
    viewer: SignedIn,
    slug: string,
    asked: { uses_max: number; expires_in_h: number },
  ): Promise<SpaceInvitation & { secret: string }>;
  list(
    viewer: SignedIn,
    slug: string,
    asked: { limit: number; cursor?: string | undefined },
  ): Promise<Page<SpaceInvitation>>;
  revoke(viewer: SignedIn, slug: string, id: Id<"space_invitation">): Promise<void>;
  lookUp(secret: string): Promise<{ space: SpaceCard; expires_at: string }>;
}

export function createInvitations(
  { sql, clock, ids, people }: Pick<Ground, "sql" | "clock" | "ids" | "people">,
  known: Known,
): Invitations {
  const now = () => new Date(clock.now());

  async function present(rows: store.InvitationRow[]): Promise<SpaceInvitation[]> {
    const cards = await people.cards(rows.map((row) => row.created_by));
    return rows.map(({ space_id: _space, created_by, created_at, expires_at, revoked_at, ...row }) => ({
      ...row,
      created_by: cards.get(created_by) ?? null,
      created_at: rfc3339(created_at),
      expires_at: rfc3339(expires_at),
      revoked_at: revoked_at && rfc3339(revoked_at),
    }));
  }

  async function moderated(viewer: SignedIn, slug: string): Promise<store.SpaceRow> {
    const { space, role } = await known.visible(viewer, slug);
    if (!atLeast(role, "moderator")) throw moderatorsOnly();
    return space;
  }

  return {
    async create(viewer, slug, { uses_max, expires_in_h }) {
      const { id: space_id } = await moderated(viewer, slug);
      const { secret, hash } = makeSecret("invitation");
      const row = {
        id: ids.next<"space_invitation">(),
        space_id,
        uses_max,
        created_by: viewer.person_id,
        created_at: now(),
        expires_at: new Date(clock.now() + expires_in_h * HOUR_MS),
      };
      await sql.tx(async (tx) => {
        if (!(await store.lock(tx, space_id))) throw notFound("space");
        if (!atLeast(await store.roleOf(tx, space_id, viewer.person_id), "moderator")) throw moderatorsOnly();
        if ((await store.countInvitations(tx, space_id, now())) >= INVITATIONS_PER_SPACE_MAX) {
          throw conflict(
            "spaces.too_many",
            `${INVITATIONS_PER_SPACE_MAX} invitations of this space are open, which is the most. Take some back first.`,
          );
        }
        await store.insertInvitation(tx, { ...row, hash });
      });
      const [presented] = await present([{ ...row, uses: 0, revoked_at: null }]);
      return { ...presented!, secret };
    },

    async list(viewer, slug, { limit, cursor }) {
      const { id } = await moderated(viewer, slug);
      const below = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const rows = await store.invitationsOf(sql.pool, id, below, limit + 1);
      const items = await present(rows.slice(0, limit));
      return { items, next_cursor: rows.length > limit ? encodeCursor([items.at(-1)!.id]) : null };
    },

    async revoke(viewer, slug, id) {
      const space = await moderated(viewer, slug);
      if (!(await store.revokeInvitation(sql.pool, space.id, id, viewer.person_id, now())))
        throw notFound("space_invitation");
    },

    async lookUp(secret) {
      const row = isSecret(secret, "invitation")
        ? await store.livingInvitation(sql.pool, hashSecret(secret), now())
        : null;
      const card = row && (await known.cards([row.space_id])).get(row.space_id);
      if (!row || !card) throw invitationInvalid();
      return { space: card, expires_at: rfc3339(row.expires_at) };
    },
  };
}
