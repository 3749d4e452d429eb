import { Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import type { ChatPreferences, Presence } from "../contract.ts";
import { type Ground, nowOf } from "../ground.ts";
import { isEmoji } from "../messages/change.ts";
import * as store from "./store.ts";

export interface PreferencesChange {
  receipts?: boolean | undefined;
  presence?: boolean | undefined;
  direct_from?: "everyone" | "followed" | undefined;
  status_text?: string | undefined;
  status_emoji?: string | null | undefined;
  status_until?: string | null | undefined;
  quiet_until?: string | null | undefined;
}

/** Who is here now (never stored: it is asked of who is connected), and what people say of themselves. */
export interface Presences {
  of(viewer: SignedIn, ids: readonly PersonId[]): Promise<Presence[]>;
  preferences(viewer: SignedIn): Promise<ChatPreferences>;
  set(viewer: SignedIn, change: PreferencesChange): Promise<ChatPreferences>;
}

export function createPresences(ground: Ground): Presences {
  const { sql, people, line } = ground;

  const present = ({ status_until, quiet_until, ...row }: Omit<store.PreferencesRow, "person_id">): ChatPreferences => {
    const now = nowOf(ground);
    const over = status_until !== null && status_until <= now;
    return {
      receipts: row.receipts,
      presence: row.presence,
      direct_from: row.direct_from,
      status_text: over ? "" : row.status_text,
      status_emoji: over ? null : row.status_emoji,
      status_until: over || status_until === null ? null : rfc3339(status_until),
      quiet_until: quiet_until === null || quiet_until <= now ? null : rfc3339(quiet_until),
    };
  };
  const mine = async (viewer: SignedIn) =>
    store.preferencesOf((await store.findPreferences(sql.pool, [viewer.person_id])).get(viewer.person_id));

  return {
    async of(viewer, asked) {
      const ids = [...new Set(asked)];
      const [active, said, relations, cards] = await Promise.all([
        line.active(ids),
        store.findPreferences(sql.pool, ids),
        people.relations(viewer.person_id),
        people.cards(ids),
      ]);
      return ids.flatMap((person_id): Presence[] => {
        const card = cards.get(person_id);
        const away = { person_id, state: "offline", text: "", emoji: null } as const;
        if (!card || card.suspended || relations.blocks.has(person_id) || relations.blocked_by.has(person_id))
          return [away];
        const wishes = store.preferencesOf(said.get(person_id));
        const { status_text: text, status_emoji: emoji, quiet_until } = present(wishes);
        const here = active.get(person_id);
        if (!wishes.presence || !here?.connected) return [{ ...away, text, emoji }];
        return [{ person_id, state: quiet_until !== null ? "quiet" : here.active ? "online" : "idle", text, emoji }];
      });
    },

    preferences: async (viewer) => present(await mine(viewer)),

    async set(viewer, change) {
      const { status_emoji } = change;
      if (typeof status_emoji === "string" && !isEmoji(status_emoji))
        throw new Problem(422, "message.no_emoji", "The sign of a status is one emoji.");
      const moment = (asked: string | null | undefined, before: Date | null) =>
        asked === undefined ? before : asked === null ? null : new Date(asked);
      return sql.tx(async (tx) => {
        const before = store.preferencesOf((await store.findPreferences(tx, [viewer.person_id])).get(viewer.person_id));
        const next = {
          person_id: viewer.person_id,
          receipts: change.receipts ?? before.receipts,
          presence: change.presence ?? before.presence,
          direct_from: change.direct_from ?? before.direct_from,
          status_text: change.status_text ?? before.status_text,
          status_emoji: status_emoji === undefined ? before.status_emoji : status_emoji,
          status_until: moment(change.status_until, before.status_until),
          quiet_until: moment(change.quiet_until, before.quiet_until),
        };
        await store.savePreferences(tx, next);
        return present(next);
      });
    },
  };
}
