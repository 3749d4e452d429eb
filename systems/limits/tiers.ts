import type { SpaceCard } from "#kernel/cards.ts";
import { Problem } from "#kernel/errors.ts";
import { isId, type PersonId, type SpaceId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor, type Page } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { People, PersonCard } from "#systems/people/index.ts";
import type { Spaces } from "#systems/spaces/index.ts";

import * as b from "./bounds.ts";
import { type LimitsEvent, tell } from "./events.ts";
import type { Grant } from "./rules-contract.ts";
import * as store from "./store.ts";
import type { TierKind, TierRow } from "./tiers-contract.ts";

const CHANGES_SHOWN_MAX = 50;

/** Who has which tier. Every node knows all of them, so that no request waits for it. */
export interface Tiers {
  /** Null: free. From memory. */
  grantOf(kind: TierKind, subject_id: string): Grant | null;
  list(page: { limit: number; cursor?: string | undefined }): Promise<Page<TierRow>>;
  /** @throws Problem 404 */
  get(kind: TierKind, name: string): Promise<{ now: TierRow; changes: TierRow[] }>;
  give(by: SignedIn, kind: TierKind, name: string, grant: Grant & { note: string }): Promise<TierRow>;
  /** Reads all of them; once, when the house begins. */
  load(): Promise<void>;
  onEvent(event: LimitsEvent & { type: "limits.tier_changed" }): void;
}

export interface TiersNeeds {
  sql: Sql;
  log: Log;
  clock: Clock;
  people: Pick<People, "cards" | "byHandle">;
  spaces: Pick<Spaces, "cards" | "find">;
}

export function createTiers({ sql, log, clock, people, spaces }: TiersNeeds): Tiers {
  const grants = { person: new Map<string, Grant>(), space: new Map<string, Grant>() };

  function keep(kind: TierKind, id: string, { tier, percent }: Grant): void {
    if (tier === "free") grants[kind].delete(id);
    else grants[kind].set(id, { tier, percent });
  }

  async function idOf(kind: TierKind, name: string): Promise<string> {
    if (kind === "space") {
      const space = await spaces.find(name);
      if (!space) throw new Problem(404, "space.not_found", "There is no such space. Give its slug, or its id.");
      return space.id;
    }
    const person = isId(name)
      ? (await people.cards([name as PersonId])).get(name as PersonId)
      : await people.byHandle(name);
    if (!person) throw new Problem(404, "person.not_found", "There is no such person. Give their handle, or their id.");
    return person.id;
  }

  async function present(rows: store.TierRow[]): Promise<TierRow[]> {
    const idsOf = (kind: TierKind) => rows.filter((row) => row.kind === kind).map((row) => row.subject_id);
    const [cards, places]: [Map<PersonId, PersonCard>, Map<SpaceId, SpaceCard>] = await Promise.all([
      people.cards(new Set([...idsOf("person"), ...rows.map((row) => row.by_id)])),
      spaces.cards(new Set(idsOf("space"))),
    ]);
    return rows.map((row) => ({
      kind: row.kind,
      subject_id: row.subject_id,
      person: row.kind === "person" ? (cards.get(row.subject_id) ?? null) : null,
      space: row.kind === "space" ? (places.get(row.subject_id) ?? null) : null,
      tier: row.tier,
      percent: row.percent,
      note: row.note,
      by: cards.get(row.by_id) ?? null,
      at: rfc3339(row.at),
    }));
  }

  return {
    grantOf: (kind, id) => grants[kind].get(id) ?? null,

    async list({ limit, cursor }) {
      const below = cursor === undefined ? null : decodeCursor(cursor, ["number", "id"]);
      const from = below && { at: new Date(Number(below[0])), id: String(below[1]) };
      const rows = await store.listTiers(sql.pool, from, limit + 1);
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      return {
        items: await present(shown),
        next_cursor: rows.length > limit && last ? encodeCursor([last.at.getTime(), last.subject_id]) : null,
      };
    },

    async get(kind, name) {
      const id = await idOf(kind, name);
      const changes = await present(await store.tierChanges(sql.pool, kind, id, CHANGES_SHOWN_MAX));
      if (changes[0]) return { now: changes[0], changes };
      const [person, space] = await Promise.all([
        kind === "person" ? people.cards([id]).then((cards) => cards.get(id) ?? null) : null,
        kind === "space" ? spaces.cards([id]).then((cards) => cards.get(id) ?? null) : null,
      ]);
      const never = { tier: "free" as const, percent: null, note: "", by: null, at: null };
      return { now: { kind, subject_id: id, person, space, ...never }, changes };
    },

    async give(by, kind, name, { tier, percent, note }) {
      const id = await idOf(kind, name);
      const row: store.TierRow = {
        kind,
        subject_id: id,
        tier,
        percent,
        note,
        by_id: by.person_id,
        at: new Date(clock.now()),
      };
      await sql.tx(async (tx) => {
        // One after the other: the bound holds exactly, and nodes hear of changes in the order of their commits.
        await store.lockTiers(tx);
        if (tier !== "free" && !grants[kind].has(id) && (await store.tiers(tx)) >= b.TIERS_MAX)
          throw new Problem(
            409,
            "limits.too_many_tiers",
            `${b.TIERS_MAX} people and spaces have a tier already. Raise what free allows instead.`,
          );
        await store.giveTier(tx, row);
        const data = { kind, subject_id: id, tier, percent, by: by.person_id };
        await tell(log, tx, { type: "limits.tier_changed", version: 1, data });
      });
      keep(kind, id, { tier, percent });
      return (await present([row]))[0]!;
    },

    async load() {
      for (const row of await store.allTiers(sql.pool, b.TIERS_MAX)) keep(row.kind, row.subject_id, row);
    },
    onEvent: ({ data }) => keep(data.kind, data.subject_id, data),
  };
}
