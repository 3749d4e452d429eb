import type { PersonCard } from "#kernel/cards.ts";
import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { Id } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { HOUR_MS, rfc3339 } from "#kernel/time.ts";
import type { HouseRole, SignedIn } from "#kernel/viewer.ts";

import { INVITATIONS_PER_PERSON_MAX } from "./bounds.ts";
import type { Cards } from "./cards.ts";
import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import type { Invitation } from "./invitations-contract.ts";
import { mayInviteAs } from "./policy.ts";
import { hashSecret, isSecret, makeSecret } from "./secrets.ts";
import * as store from "./store/invitations.ts";
import * as persons from "./store/persons.ts";

export interface Invitations {
  create(
    viewer: SignedIn,
    asked: { note: string; role: HouseRole; uses_max: number; expires_in_h: number },
  ): Promise<Invitation & { secret: string }>;
  list(asked: { limit: number; cursor?: string | undefined }): Promise<Page<Invitation>>;
  revoke(viewer: SignedIn, id: Id<"invitation">): Promise<void>;
  lookUp(
    secret: string,
    address: string,
  ): Promise<{ role: HouseRole; expires_at: string; created_by: PersonCard | null }>;
}

export function createInvitations(
  { sql, log, clock, ids, throttle }: Pick<Ground, "sql" | "log" | "clock" | "ids" | "throttle">,
  cards: Cards,
): Invitations {
  const now = () => new Date(clock.now());

  async function present(rows: store.InvitationRow[]): Promise<Invitation[]> {
    const known = await cards.cards(rows.flatMap((row) => row.created_by ?? []));
    return rows.map(({ created_by, created_at, expires_at, revoked_at, ...row }) => ({
      ...row,
      created_by: created_by === null ? null : (known.get(created_by) ?? null),
      created_at: rfc3339(created_at),
      expires_at: rfc3339(expires_at),
      revoked_at: revoked_at && rfc3339(revoked_at),
    }));
  }

  return {
    async create(viewer, { note, role, uses_max, expires_in_h }) {
      if (!mayInviteAs(viewer, role)) throw roleTooHigh();
      const { secret, hash } = makeSecret("invitation");
      const row = {
        id: ids.next<"invitation">(),
        note,
        role,
        uses_max,
        created_by: viewer.person_id,
        created_at: now(),
        expires_at: new Date(clock.now() + expires_in_h * HOUR_MS),
      };
      await sql.tx(async (tx) => {
        // The role again, held: who loses it meanwhile gives nothing out.
        const giver = await persons.lock(tx, viewer.person_id);
        if (!giver || giver.suspended_at !== null || !mayInviteAs(giver, role)) throw roleTooHigh();
        if ((await store.countLiving(tx, viewer.person_id, now())) >= INVITATIONS_PER_PERSON_MAX) {
          throw conflict(
            "people.too_many",
            `${INVITATIONS_PER_PERSON_MAX} of your invitations are open, which is the most. Take some back first.`,
          );
        }
        await store.insertInvitation(tx, { ...row, hash });
        if (role !== "member")
          await tell(log, tx, viewer.person_id, "office_offered", { by: viewer.person_id, role, uses_max });
      });
      const [presented] = await present([{ ...row, uses: 0, revoked_at: null }]);
      return { ...presented!, secret };
    },

    async list({ limit, cursor }) {
      const below = cursor === undefined ? null : String(decodeCursor(cursor, ["id"])[0]);
      const rows = await store.listInvitations(sql.pool, below, limit + 1);
      const items = await present(rows.slice(0, limit));
      return { items, next_cursor: rows.length > limit ? encodeCursor([items.at(-1)!.id]) : null };
    },

    async revoke(viewer, id) {
      if (!(await store.revokeInvitation(sql.pool, id, viewer.person_id, now()))) throw notFound("invitation");
    },

    async lookUp(secret, address) {
      await throttle.link(address);
      const row = isSecret(secret, "invitation")
        ? await store.livingInvitation(sql.pool, hashSecret(secret), now())
        : null;
      if (!row)
        throw new Problem(
          403,
          "people.invitation_invalid",
          "This invitation is used up, too old or taken back. Ask for a new one.",
        );
      const [known] = await present([row]);
      return { role: row.role, expires_at: rfc3339(row.expires_at), created_by: known!.created_by };
    },
  };
}

const roleTooHigh = () => new Problem(403, "people.role_too_high", "Only an admin may invite moderators and admins.");
