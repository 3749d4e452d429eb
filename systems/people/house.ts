import type { SignedIn } from "#kernel/viewer.ts";

import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import type { House, HouseSettings, SignupMode } from "./house-contract.ts";
import { makeSecret } from "./secrets.ts";
import * as store from "./store/house.ts";
import * as invitations from "./store/invitations.ts";
import * as persons from "./store/persons.ts";

export interface HouseDefaults {
  name: string;
  signup: SignupMode;
}

/** A degradation in words for people; the house asks for these at each `GET /v1/house`. */
export type HouseNotes = () => { code: string; detail: string }[] | Promise<{ code: string; detail: string }[]>;

export interface Houses {
  facts(): Promise<House>;
  settings(): Promise<HouseSettings>;
  edit(viewer: SignedIn, change: Partial<HouseSettings>): Promise<HouseSettings>;
  /** The secret of a new one-time link for the first admin, or null once there is an admin. Call it at each start. */
  ensureSetupLink(): Promise<string | null>;
}

/** Several nodes of one house may print a link each at their first start; all of these work until one is used. */
const SETUP_LINKS_KEPT = 5;

export function createHouse(
  { sql, log, clock }: Pick<Ground, "sql" | "log" | "clock">,
  defaults: HouseDefaults,
  notes: HouseNotes,
): Houses {
  const settings = async (): Promise<HouseSettings> => {
    const row = await store.house(sql.pool);
    return { name: row.name ?? defaults.name, sign_up: row.sign_up ?? defaults.signup };
  };
  return {
    settings,

    async facts() {
      const [known, has_admin, list] = await Promise.all([settings(), persons.hasAdmin(sql.pool), notes()]);
      return { ...known, needs_setup: !has_admin, notes: list };
    },

    async edit(viewer, change) {
      await sql.tx(async (tx) => {
        await store.editHouse(tx, change, viewer.person_id, new Date(clock.now()));
        await tell(log, tx, viewer.person_id, "house_changed", { by: viewer.person_id });
      });
      return settings();
    },

    async ensureSetupLink() {
      const { secret, hash } = makeSecret("setup");
      return sql.tx(async (tx) => {
        if (await persons.hasAdmin(tx)) {
          await invitations.removeSetupLinks(tx);
          return null;
        }
        await invitations.insertSetupLink(tx, hash, new Date(clock.now()), SETUP_LINKS_KEPT);
        return secret;
      });
    },
  };
}
