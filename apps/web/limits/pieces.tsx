import { limitsRoutes, type Mode, type SetRule } from "#systems/limits/contract.ts";

import { cx } from "../parts/class.ts";
import { queries } from "../shell/house.ts";
import { LEVEL_WORDS, limitInWords, modeInWords, patienceInWords } from "./words.ts";

const LOOKS: Record<Mode, string> = {
  on: "bg-good-tint text-good",
  shadow: "bg-sunken text-ink-2",
  canary: "bg-warn-tint text-warn",
};

export function ModeBadge({ rule }: { rule: Pick<SetRule, "mode" | "canary_percent"> }) {
  return (
    <span className={cx("rounded-full px-2.5 py-0.5 text-xs font-semibold whitespace-nowrap", LOOKS[rule.mode])}>
      {modeInWords(rule)}
    </span>
  );
}

/** A rule in two lines: whose, how much, for what. */
export function RuleWords({ rule }: { rule: SetRule }) {
  const tiers = Object.entries(rule.tiers).flatMap(([tier, limit]) => (limit ? [[tier, limit] as const] : []));
  return (
    <div className="text-sm text-ink-2">
      <p>
        <span className="text-ink">{LEVEL_WORDS[rule.level][0]}</span>: {limitInWords(rule.limit)}
        {rule.counts === "requests" && rule.limit.kind !== "slots" ? ", whatever a request costs" : ""}
        {patienceInWords(rule)}.
      </p>
      {tiers.map(([tier, limit]) => (
        <p key={tier} className="text-xs">
          {tier}: {limitInWords(limit)}.
        </p>
      ))}
      {rule.routes.length > 0 && (
        <p className="mt-1 text-xs break-words">
          For <code>{rule.routes.join(", ")}</code>
        </p>
      )}
      {rule.except.length > 0 && (
        <p className="mt-1 text-xs break-words">
          Not for <code>{rule.except.join(", ")}</code>
        </p>
      )}
      {rule.summary !== "" && <p className="mt-1 text-xs text-ink-3">{rule.summary}</p>}
    </div>
  );
}

/** After something was changed: what is shown of it anywhere is asked for anew. */
export const askAnew = () =>
  Promise.all(
    [limitsRoutes.inForce, limitsRoutes.listSets, limitsRoutes.getSet, limitsRoutes.diffSets].map(({ path }) =>
      queries.invalidateQueries({ queryKey: [path] }),
    ),
  );
