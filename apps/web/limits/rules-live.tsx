import { useQuery } from "@tanstack/react-query";

import { type LimitsInForce, limitsRoutes as r, type RuleDecisions, type SetRule } from "#systems/limits/contract.ts";

import { Failed } from "../parts/empty.tsx";
import { compact } from "../parts/numbers.ts";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { wholeTime } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { ask } from "../shell/house.ts";
import { ModeBadge, RuleWords } from "./pieces.tsx";
import { limitInWords } from "./words.ts";

const LOOK_MS = 3_000;
const MINUTES = 15;

/** The rules that hold, each with what it decided in the last quarter of an hour; looked at every three seconds while somebody does. */
export function RulesLive() {
  const holds = useQuery({ ...ask(r.inForce), refetchInterval: 5 * LOOK_MS });
  const decided = useQuery({
    ...ask(r.decisions, { query: { minutes: MINUTES } }),
    refetchInterval: LOOK_MS,
    staleTime: 0,
  });
  if (holds.isPending)
    return (
      <>
        <Loading what="the limits" />
        <Skeleton className="h-80 rounded-2xl" />
      </>
    );
  if (holds.isError) return <Failed error={holds.error} retry={() => void holds.refetch()} />;
  const { set, version, trouble, publishings, reserved } = holds.data;
  const byRule = new Map(decided.data?.items.map((item) => [item.rule_id, item]));
  return (
    <>
      {trouble !== null && (
        <p role="alert" className="mb-4 rounded-2xl bg-warn-tint px-5 py-4 text-sm text-warn">
          {trouble}
        </p>
      )}
      <Panel
        title={version === "0" ? "The house's own rules" : `Rule set ${version}`}
        intro={`A request draws from all rules that are for it, or from none. Numbers are of the last ${MINUTES} minutes, over all nodes.`}
      >
        {publishings[0] && <Published publishing={publishings[0]} />}
        {set.rules.length === 0 && <p className="text-sm text-ink-2">There are no rules: nobody is counted.</p>}
        <ul aria-label="Rules in force" className="divide-y divide-line">
          {set.rules.map((rule) => (
            <Rule key={rule.id} rule={rule} decided={byRule.get(rule.id)} />
          ))}
        </ul>
      </Panel>
      <Panel title="Always" intro="No rule set touches these: the way in, and the way back.">
        <ul aria-label="What always holds" className="divide-y divide-line">
          {reserved.map((one) => (
            <Kept key={one.id} one={one} decided={byRule.get(one.id)} />
          ))}
        </ul>
      </Panel>
    </>
  );
}

function Published({ publishing: { at, by, note } }: { publishing: LimitsInForce["publishings"][number] }) {
  return (
    <div className="mb-5 rounded-xl bg-sunken px-4 py-3 text-sm">
      {note !== "" && <p className="mb-1 break-words">{note}</p>}
      <p className="text-xs text-ink-2">
        In force since {wholeTime(at)}, by {by?.display_name ?? "somebody who left"}.
      </p>
    </div>
  );
}

function Rule({ rule, decided }: { rule: SetRule; decided: RuleDecisions | undefined }) {
  return (
    <li className="py-4 first:pt-0 last:pb-0">
      <h3 className="mb-1 flex flex-wrap items-center gap-2 font-semibold">
        {rule.id} <ModeBadge rule={rule} />
      </h3>
      <RuleWords rule={rule} />
      <Numbers decided={decided} isTried={rule.mode !== "on"} />
    </li>
  );
}

function Kept({ one, decided }: { one: LimitsInForce["reserved"][number]; decided: RuleDecisions | undefined }) {
  return (
    <li className="py-4 first:pt-0 last:pb-0">
      <h3 className="mb-1 font-semibold">{one.id}</h3>
      <p className="text-sm text-ink-2">{limitInWords(one.limit)}.</p>
      <p className="mt-1 text-xs text-ink-3">{one.summary}</p>
      <Numbers decided={decided} isTried={false} />
    </li>
  );
}

function Numbers({ decided, isTried }: { decided: RuleDecisions | undefined; isTried: boolean }) {
  const sums: [label: string, count: number, isBad: boolean][] = [
    ["let in", (decided?.allowed ?? 0) + (decided?.would_allow ?? 0), false],
    ["refused", decided?.refused ?? 0, true],
    ...(isTried || (decided?.would_refuse ?? 0) > 0
      ? [["would be refused", decided?.would_refuse ?? 0, true] as [string, number, boolean]]
      : []),
  ];
  const top = decided?.top ?? [];
  return (
    <>
      <div className="mt-2 flex items-end justify-between gap-4">
        <dl className="flex flex-wrap gap-x-5 gap-y-1 text-xs text-ink-3">
          {sums.map(([label, count, isBad]) => (
            <div key={label} className="flex items-baseline gap-1.5">
              <dt className="order-2">{label}</dt>
              <dd className={`text-base font-semibold tabular-nums ${isBad && count > 0 ? "text-bad" : "text-ink"}`}>
                {compact(count)}
              </dd>
            </div>
          ))}
        </dl>
        <Bars decided={decided} />
      </div>
      {top.length > 0 && (
        <details className="mt-2 text-sm">
          <summary className="cursor-pointer py-1 text-xs font-semibold text-ink-2">Whom it refuses most</summary>
          <ol className="mt-1 space-y-1">
            {top.map((one) => (
              <li key={one.label} className="flex justify-between gap-4 text-xs">
                <span className="min-w-0 truncate">
                  {one.person ? `${one.person.display_name} @${one.person.handle}` : (one.space?.name ?? one.label)}
                  {one.space && one.label.startsWith("guests") ? ", guests" : ""}
                </span>
                <span className="shrink-0 tabular-nums text-ink-2">
                  {one.refused > 0 && `${compact(one.refused)} refused`}
                  {one.refused > 0 && one.would_refuse > 0 && ", "}
                  {one.would_refuse > 0 && `${compact(one.would_refuse)} would be`}
                </span>
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  );
}

const MINUTE_MS = 60_000;

/** Let in and refused, minute by minute up to the last one in which anything was decided; a line where nothing was. */
function Bars({ decided }: { decided: RuleDecisions | undefined }) {
  const minutes = decided?.minutes ?? [];
  const last = minutes.at(-1);
  if (last === undefined) return null;
  const byMinute = new Map(minutes.map((one) => [Date.parse(one.minute), one]));
  const end_ms = Date.parse(last.minute);
  const all = Array.from({ length: MINUTES }, (_, i) => {
    const at_ms = end_ms - (MINUTES - 1 - i) * MINUTE_MS;
    const one = byMinute.get(at_ms);
    return {
      at_ms,
      good: (one?.allowed ?? 0) + (one?.would_allow ?? 0),
      bad: (one?.refused ?? 0) + (one?.would_refuse ?? 0),
    };
  });
  const most = Math.max(1, ...all.map(({ good, bad }) => good + bad));
  return (
    <div className="flex h-8 shrink-0 items-end gap-0.5" aria-hidden="true">
      {all.map(({ at_ms, good, bad }) => (
        <span key={at_ms} className="flex w-1 flex-col justify-end">
          <span className="rounded-t-sm bg-bad" style={{ height: `${(bad / most) * 2}rem` }} />
          <span className="bg-line-strong" style={{ height: `${Math.max((good / most) * 2, 0.06)}rem` }} />
        </span>
      ))}
    </div>
  );
}
