import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";

import type { Act } from "./acts/contract.ts";
import type { ActRow } from "./acts/store.ts";
import { APPEAL_MS_MAX, CLAIM_MS_MAX } from "./bounds.ts";
import type { ModerationCase } from "./cases/contract.ts";
import { type CaseRow, newestSnapshots, rulesNamed, type SnapshotRow, snapshotsById } from "./cases/store.ts";
import type { Ground } from "./ground.ts";

/** Rows as the wire has them, with the cards of everybody in them, asked for once. */
export interface Present {
  /** @param to `officer` is told who acted; the person concerned is not. */
  acts(rows: readonly ActRow[], to: "officer" | "concerned"): Promise<Act[]>;
  cases(rows: readonly CaseRow[]): Promise<ModerationCase[]>;
}

export function createPresent({
  sql,
  clock,
  people,
  spaces,
}: Pick<Ground, "sql" | "clock" | "people" | "spaces">): Present {
  const cardsOf = async (ids: (PersonId | null)[]) => people.cards(new Set(ids.flatMap((id) => id ?? [])));
  const spacesOf = async (ids: (SpaceId | null)[]) => spaces.cards(new Set(ids.flatMap((id) => id ?? [])));
  const time = (at: Date | null) => at && rfc3339(at);
  const of = (cards: ReadonlyMap<PersonId, PersonCard>, id: PersonId | null) =>
    id === null ? null : (cards.get(id) ?? null);
  const in_ = (cards: ReadonlyMap<SpaceId, SpaceCard>, id: SpaceId | null) =>
    id === null ? null : (cards.get(id) ?? null);

  return {
    async acts(rows, to) {
      if (rows.length === 0) return [];
      const [cards, places, kept] = await Promise.all([
        cardsOf(rows.flatMap((row) => [row.person_id, row.by_id, row.undone_by])),
        spacesOf(rows.map((row) => row.space_id)),
        snapshotsById(
          sql.pool,
          rows.flatMap((row) => row.snapshot_id ?? []),
        ),
      ]);
      const told = (id: PersonId | null) => (to === "officer" ? of(cards, id) : null);
      return rows.map((row): Act => {
        const until = row.at.getTime() + APPEAL_MS_MAX;
        const is_open = row.appeal_id === null && row.undone_at === null && until > clock.now();
        return {
          id: row.id,
          case_id: to === "officer" ? row.case_id : null,
          kind: row.kind,
          subject: { kind: row.subject_kind, id: row.subject_id },
          person: of(cards, row.person_id),
          space: in_(places, row.space_id),
          by: told(row.by_id),
          at: rfc3339(row.at),
          rule: row.rule_id === null ? null : { id: row.rule_id, title: row.rule_title! },
          words: row.words,
          ends_at: time(row.ends_at),
          undone:
            row.undone_at === null
              ? null
              : { at: rfc3339(row.undone_at), by: told(row.undone_by), words: row.undone_words! },
          acknowledged_at: time(row.acknowledged_at),
          appeal:
            row.appeal_id === null
              ? null
              : {
                  id: row.appeal_id,
                  words: row.appeal_words!,
                  at: rfc3339(row.appeal_at!),
                  decision: row.decision,
                  decided_at: time(row.decided_at),
                  answer: row.answer!,
                },
          appeal_until: is_open ? rfc3339(new Date(until)) : null,
          snapshot: kept.find((one) => one.id === row.snapshot_id)?.content ?? null,
        };
      });
    },

    async cases(rows) {
      if (rows.length === 0) return [];
      const ids = rows.map((row) => row.id);
      const [cards, places, kept, named] = await Promise.all([
        cardsOf(rows.flatMap((row) => [row.person_id, row.claimed_by])),
        spacesOf(rows.map((row) => row.space_id)),
        newestSnapshots(sql.pool, ids),
        rulesNamed(sql.pool, ids),
      ]);
      const newest = new Map<string, SnapshotRow>(kept.map((one) => [one.case_id, one]));
      return rows.map((row): ModerationCase => {
        const until = row.claimed_at === null ? 0 : row.claimed_at.getTime() + CLAIM_MS_MAX;
        const is_claimed = until > clock.now();
        return {
          id: row.id,
          subject: { kind: row.subject_kind, id: row.subject_id },
          person: of(cards, row.person_id),
          space: in_(places, row.space_id),
          state: row.closed_at === null ? "open" : "closed",
          outcome: row.outcome,
          reports: row.reports,
          rules: named.filter((rule) => rule.case_id === row.id).map(({ id, title }) => ({ id, title })),
          opened_at: rfc3339(row.opened_at),
          closed_at: time(row.closed_at),
          claimed_by: is_claimed ? of(cards, row.claimed_by) : null,
          claimed_until: is_claimed ? rfc3339(new Date(until)) : null,
          snapshot: newest.get(row.id)?.content ?? null,
        };
      });
    },
  };
}
