import { Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Query } from "#ports/sql/index.ts";

import { tellSettings } from "../events.ts";
import { KINDS } from "../kinds-contract.ts";
import type { Ground } from "../needs.ts";
import type { Subscriptions } from "../push/subscriptions.ts";
import * as inboxes from "../store.ts";
import type { Addresses } from "./addresses.ts";
import type { DigestWish, NotifySettings } from "./contract.ts";
import { isTimeZone } from "./local-time.ts";
import * as store from "./store.ts";

export interface SettingsChange {
  switches?: store.SwitchChange[] | undefined;
  time_zone?: string | undefined;
  quiet?: { from: string; to: string } | null | undefined;
  digest?: DigestWish | undefined;
}

export interface Settings {
  of(viewer: SignedIn): Promise<NotifySettings>;
  /** @throws Problem 422 `notify.time_zone`, 422 `notify.quiet` */
  change(viewer: SignedIn, change: SettingsChange): Promise<NotifySettings>;
}

export function createSettings(
  { sql, log, clock }: Pick<Ground, "sql" | "log" | "clock">,
  rooms: {
    subscriptions: Subscriptions;
    addresses: Addresses;
    /** A letter is due for what is unread, by what somebody wishes from now on. */
    plan: (tx: Query, person_id: PersonId) => Promise<void>;
  },
): Settings {
  async function of(viewer: SignedIn): Promise<NotifySettings> {
    const { person_id } = viewer;
    const [wished, is_on, email, push] = await Promise.all([
      store.wishes(sql.pool, [person_id]),
      store.switchTable(sql.pool, person_id),
      rooms.addresses.of(person_id),
      rooms.subscriptions.of(viewer),
    ]);
    const { time_zone, quiet, digest } = wished.get(person_id) ?? store.WISHES_USUAL;
    return {
      kinds: KINDS.map((kind) => ({
        kind,
        inbox: is_on(kind, "inbox"),
        push: is_on(kind, "push"),
        email: is_on(kind, "email"),
      })),
      time_zone,
      quiet: quiet && { from: clockText(quiet.from_min), to: clockText(quiet.to_min) },
      digest,
      email,
      push,
    };
  }

  return {
    of,
    async change(viewer, { switches, time_zone, quiet, digest }) {
      if (time_zone !== undefined && !isTimeZone(time_zone))
        throw new Problem(422, "notify.time_zone", "Give a time zone by its name, such as Europe/Stockholm.");
      if (quiet && quiet.from === quiet.to)
        throw new Problem(
          422,
          "notify.quiet",
          "Quiet hours that begin when they end are none. Give two times, or null.",
        );
      const { person_id } = viewer;
      await sql.tx(async (tx) => {
        // Two changes at once of what stands in one row: one after the other.
        await inboxes.lockInboxes(tx, [person_id]);
        const at = new Date(clock.now());
        if (switches) await store.putSwitches(tx, person_id, switches, at);
        if (time_zone !== undefined || quiet !== undefined || digest !== undefined) {
          const before = (await store.wishes(tx, [person_id])).get(person_id) ?? store.WISHES_USUAL;
          const wished = {
            time_zone: time_zone ?? before.time_zone,
            digest: digest ?? before.digest,
            quiet:
              quiet === undefined
                ? before.quiet
                : quiet && { from_min: minuteOf(quiet.from), to_min: minuteOf(quiet.to) },
          };
          await store.putWishes(tx, person_id, wished, at);
        }
        await rooms.plan(tx, person_id);
        await tellSettings(log, tx, person_id);
      });
      return of(viewer);
    },
  };
}

const clockText = (minute: number): string =>
  `${String(Math.floor(minute / 60)).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;

const minuteOf = (text: string): number => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
