import type { PersonCard } from "#kernel/cards.ts";
import type { PersonId } from "#kernel/ids.ts";

import { CARDS_PER_CALL_MAX } from "./bounds.ts";
import type { Ground } from "./ground.ts";
import type { KnownCard } from "./memory.ts";
import * as persons from "./store/persons.ts";

/** Hydration: who is behind these ids. Whoever is deleted has no card. */
export interface Cards {
  /** One query for all that are not in memory. @throws RangeError beyond `CARDS_PER_CALL_MAX` ids */
  cards(ids: Iterable<PersonId>): Promise<Map<PersonId, PersonCard>>;
  /** By handle in any case; by that of nobody, nothing. Keys are as written in lower case. */
  byHandles(handles: Iterable<string>): Promise<Map<string, PersonCard>>;
  byHandle(handle: string): Promise<PersonCard | null>;
  present(row: persons.PersonRow): Promise<PersonCard>;
}

export function createCards({ sql, memory, pictures }: Pick<Ground, "sql" | "memory" | "pictures">): Cards {
  async function present(row: persons.PersonRow): Promise<PersonCard> {
    return {
      id: row.id,
      handle: row.handle,
      display_name: row.display_name,
      // A bot's picture is among its owner's: a program uploads none.
      avatar:
        row.avatar_image_id === null ? null : await pictures.avatarOf(row.bot_owner_id ?? row.id, row.avatar_image_id),
      suspended: row.suspended_at !== null,
      limited: row.limited_at !== null,
      private: row.private_at !== null,
      ...(row.bot_owner_id === null ? {} : { bot: true as const }),
    };
  }

  async function keep(rows: persons.PersonRow[], forgotten_before: number): Promise<KnownCard[]> {
    const known = await Promise.all(rows.map(async (row) => ({ card: await present(row), role: row.role })));
    // A change may have been committed after the rows were read: then they serve this call, and nobody else.
    if (memory.cardsForgotten() === forgotten_before) for (const k of known) memory.cards.set(k.card.id, k);
    return known;
  }

  async function cards(ids: Iterable<PersonId>) {
    const found = new Map<PersonId, PersonCard>();
    const missing = new Set<PersonId>();
    for (const id of ids) {
      const known = memory.cards.peek(id);
      if (known) found.set(id, known.card);
      else missing.add(id);
    }
    if (missing.size > CARDS_PER_CALL_MAX)
      throw new RangeError(`${missing.size} cards asked for at once; ${CARDS_PER_CALL_MAX} is the bound`);
    if (missing.size === 0) return found;
    const before = memory.cardsForgotten();
    for (const { card } of await keep(await persons.byIds(sql.pool, [...missing]), before)) found.set(card.id, card);
    return found;
  }

  async function byHandles(handles: Iterable<string>) {
    const wanted = [...new Set([...handles].map((h) => h.toLowerCase()))];
    if (wanted.length > CARDS_PER_CALL_MAX)
      throw new RangeError(`${wanted.length} handles asked for at once; ${CARDS_PER_CALL_MAX} is the bound`);
    if (wanted.length === 0) return new Map<string, PersonCard>();
    const before = memory.cardsForgotten();
    const known = await keep(await persons.byHandles(sql.pool, wanted), before);
    return new Map(known.map(({ card }) => [card.handle, card]));
  }

  return {
    cards,
    byHandles,
    present,
    byHandle: async (handle) => (await byHandles([handle])).values().next().value ?? null,
  };
}
