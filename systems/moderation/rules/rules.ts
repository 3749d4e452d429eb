import { conflict, notFound } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { RULES_MAX } from "../bounds.ts";
import { tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import type { Rule } from "./contract.ts";
import * as store from "./store.ts";

/** The house's rules, in their admins' words. */
export interface Rules {
  living(): Promise<Rule[]>;
  create(viewer: SignedIn, rule: RuleAsked): Promise<Rule>;
  /** Also brings a retired one back. */
  edit(viewer: SignedIn, id: string, rule: RuleAsked): Promise<Rule>;
  retire(viewer: SignedIn, id: string): Promise<void>;
}

export interface RuleAsked {
  title: string;
  text: string;
  place: number;
}

const shown = ({ id, title, text, retired_at }: store.RuleRow): Rule => ({
  id,
  title,
  text,
  retired: retired_at !== null,
});

export function createRules({ sql, log, clock, ids, audit }: Ground): Rules {
  const change = (
    viewer: SignedIn,
    work: (tx: Parameters<typeof store.lockAll>[0], all: store.RuleRow[], at: Date) => Promise<store.RuleRow>,
    what: string,
  ) =>
    sql.tx(async (tx) => {
      const all = await store.lockAll(tx);
      const row = await work(tx, all, new Date(clock.now()));
      await tell(log, tx, { type: "moderation.rules_changed", version: 1, data: { by: viewer.person_id } });
      await audit.append(tx, {
        by: viewer.person_id,
        what,
        detail: { rule_id: row.id, title: row.title, text: row.text },
      });
      return shown(row);
    });
  const living = (all: store.RuleRow[]) => all.filter((row) => row.retired_at === null);
  const refuseMore = (all: store.RuleRow[]) => {
    if (living(all).length >= RULES_MAX)
      throw conflict("moderation.too_many_rules", `A house has at most ${RULES_MAX} rules. Retire one first.`);
  };

  return {
    living: async () => living(await store.all(sql.pool)).map(shown),
    create: (viewer, asked) =>
      change(
        viewer,
        async (tx, all, at) => {
          refuseMore(all);
          const row = { ...asked, id: ids.next<"rule">(), retired_at: null };
          await store.insert(tx, row, viewer.person_id, at);
          return row;
        },
        "rules.added",
      ),
    edit: (viewer, id, asked) =>
      change(
        viewer,
        async (tx, all, at) => {
          const before = all.find((row) => row.id === id);
          if (!before) throw notFound("rule");
          if (before.retired_at !== null) refuseMore(all);
          const row = { ...asked, id, retired_at: null };
          await store.update(tx, row, viewer.person_id, at);
          return row;
        },
        "rules.changed",
      ),
    async retire(viewer, id) {
      await change(
        viewer,
        async (tx, all, at) => {
          const before = living(all).find((row) => row.id === id);
          if (!before) throw notFound("rule");
          if (living(all).length === 1)
            throw conflict("moderation.last_rule", "Reports need a rule to name. Add another one first.");
          const row = { ...before, retired_at: at };
          await store.update(tx, row, viewer.person_id, at);
          return row;
        },
        "rules.retired",
      );
    },
  };
}
