import { createHmac } from "node:crypto";

import type { PersonId, SpaceId } from "#kernel/ids.ts";
import { HOUR_MS, MINUTE_MS, rfc3339 } from "#kernel/time.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";
import type { People } from "#systems/people/index.ts";
import type { Spaces } from "#systems/spaces/index.ts";

import * as b from "./bounds.ts";
import * as store from "./counts-store.ts";
import type { Counts } from "./counts.ts";
import type { RuleDecisions } from "./decisions-contract.ts";
import type { Draw } from "./rule-set-book.ts";

/** What the rules decided lately, of all nodes. */
export interface Decisions {
  list(minutes: number): Promise<{ at: string; minutes: number; items: RuleDecisions[] }>;
}

const SUBJECT_CHARS_MAX = 160;

/** What is kept of a key: `person:12`, `space:7`, `address:#9f3c…`. An address is personal, so it is only told from others. */
export function createNames(secret: string): (draw: Draw) => string {
  return ({ of, subject }) => {
    const { level } = of.rule;
    const name =
      level === "address"
        ? `#${createHmac("sha256", `limits ${secret}`).update(subject).digest("hex").slice(0, 12)}`
        : subject;
    return `${level}:${name}`.slice(0, SUBJECT_CHARS_MAX);
  };
}

export function createDecisions({
  sql,
  clock,
  people,
  spaces,
  counts,
}: {
  sql: Sql;
  clock: Clock;
  people: Pick<People, "cards">;
  spaces: Pick<Spaces, "cards">;
  counts: Counts;
}): Decisions {
  return {
    async list(minutes) {
      // What this node counted is there too; the others bring theirs within `FLUSH_MS`.
      await counts.flush();
      const now_ms = clock.now();
      const since = new Date(Math.floor(now_ms / MINUTE_MS) * MINUTE_MS - (minutes - 1) * MINUTE_MS);
      const hours_since = new Date(Math.floor(since.getTime() / HOUR_MS) * HOUR_MS);
      const [rows, top] = await Promise.all([
        store.minutesSince(sql.pool, since, b.DECISIONS_MINUTES_MAX * b.RULES_PER_SET_MAX),
        store.topRefused(sql.pool, hours_since, b.TOP_KEYS_SHOWN_MAX),
      ]);
      const named = await name(top, people, spaces);
      const byRule = Map.groupBy(rows, ({ rule_id }) => rule_id);
      const items = [...byRule].map(([rule_id, of]): RuleDecisions => {
        const sum = { allowed: 0, refused: 0, would_allow: 0, would_refuse: 0 };
        for (const row of of) for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += row[key];
        const byMinute = of.map(({ minute, rule_id: _, ...sums }) => ({ minute: rfc3339(minute), ...sums }));
        return { rule_id, ...sum, minutes: byMinute.reverse(), top: named.get(rule_id) ?? [] };
      });
      items.sort((a, c) => c.refused + c.would_refuse - a.refused - a.would_refuse || (a.rule_id < c.rule_id ? -1 : 1));
      return { at: rfc3339(now_ms), minutes, items };
    },
  };
}

async function name(
  rows: store.RefusalRow[],
  people: Pick<People, "cards">,
  spaces: Pick<Spaces, "cards">,
): Promise<Map<string, RuleDecisions["top"]>> {
  const parts = rows.map(({ subject }) => {
    const at = subject.indexOf(":");
    const [id = "", more] = subject.slice(at + 1).split("/", 2);
    return { level: subject.slice(0, at), id, whole: subject.slice(at + 1), isGuests: more === "guests" };
  });
  const idsOf = (level: string) => parts.filter((part) => part.level === level).map(({ id }) => id);
  const [cards, places] = await Promise.all([
    people.cards(new Set(idsOf("person") as PersonId[])),
    spaces.cards(new Set(idsOf("space") as SpaceId[])),
  ]);
  const named = rows.map(({ rule_id, refused, would_refuse }, i) => {
    const { level, id, whole, isGuests } = parts[i]!;
    const person = level === "person" ? (cards.get(id) ?? null) : null;
    const space = level === "space" ? (places.get(id) ?? null) : null;
    const label =
      level === "route" || level === "global" ? whole : isGuests ? `guests of space ${id}` : `${level} ${whole}`;
    return { rule_id, person, space, label, refused, would_refuse };
  });
  const groups = Map.groupBy(named, ({ rule_id }) => rule_id);
  return new Map([...groups].map(([rule_id, of]) => [rule_id, of.map(({ rule_id: _, ...row }) => row)]));
}
