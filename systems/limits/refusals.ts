import type { PersonId } from "#kernel/ids.ts";
import { HOUR_MS, rfc3339 } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { People } from "#systems/people/index.ts";

import * as b from "./bounds.ts";
import * as store from "./counts-store.ts";
import type { Counts } from "./counts.ts";
import type { Refusal, TierKind } from "./tiers-contract.ts";

/** Why somebody was refused lately: by which rules, in which hours; for who asks in their name. */
export interface Refusals {
  of(kind: TierKind, id: string): Promise<Refusal[]>;
}

export function createRefusals({
  sql,
  clock,
  people,
  counts,
}: {
  sql: Sql;
  clock: Clock;
  people: Pick<People, "tokens">;
  counts: Pick<Counts, "flush">;
}): Refusals {
  /** What is counted under their name, and what each is called. */
  async function namesOf(kind: TierKind, id: string): Promise<Map<string, string>> {
    if (kind === "space")
      return new Map([
        [`space:${id}`, "members"],
        [`space:${id}/guests`, "guests"],
      ]);
    const tokens = await people.tokens.list({ person_id: id as PersonId });
    return new Map([[`person:${id}`, ""], ...tokens.map((one) => [`token:${one.id}`, one.name] as const)]);
  }

  return {
    async of(kind, id) {
      // What this node counted is there too; the others bring theirs within `FLUSH_MS`.
      const [names] = await Promise.all([namesOf(kind, id), counts.flush()]);
      const since = new Date(Math.floor((clock.now() - b.DECISIONS_KEPT_MS) / HOUR_MS) * HOUR_MS);
      const rows = await store.refusalsOf(sql.pool, [...names.keys()], since, b.REFUSALS_SHOWN_MAX);
      return rows.map(({ hour, rule_id, subject, refused, would_refuse }) => ({
        rule_id,
        whose: names.get(subject) ?? "",
        hour: rfc3339(hour),
        refused,
        would_refuse,
      }));
    },
  };
}
