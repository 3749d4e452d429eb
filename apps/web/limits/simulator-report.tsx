import type { ReactNode } from "react";

import type { SimulatedKey, SimulationReport } from "#systems/limits/contract.ts";

import { Panel } from "../people/sections.tsx";
import { SimulatorChart } from "./simulator-chart.tsx";
import { caveatsOf, outWords, shareOf, whenWords, whole, whoWords } from "./simulator-words.ts";

/** Lines of each list. */
export const SHOWN_MAX = 20;

/** Who would have been refused, by what, and when. */
export function SimulatorReport({ report, names }: { report: SimulationReport; names: ReadonlyMap<string, string> }) {
  const { in_force, proposed, change, requests } = report;
  const caveats = caveatsOf(report);
  const who = (key: string) => names.get(key) ?? whoWords(key);
  const newly_out = change.newly_exact ? whole(change.newly_count) : `${whole(change.newly_count)} or more`;
  return (
    <Panel
      title="What would have happened"
      intro={`${whole(requests)} requests, ${whenWords(report.log.first_at_ms)} to ${whenWords(report.log.last_at_ms)}.`}
    >
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        <Tile
          name="Proposed"
          value={whole(proposed.refused)}
          detail={`refused, ${shareOf(proposed.refused, requests)}`}
        />
        <Tile
          name="In force"
          value={whole(in_force.refused)}
          detail={`refused, ${shareOf(in_force.refused, requests)}`}
        />
        <Tile name="New to it" value={newly_out} detail="refused by the proposed alone" />
        <Tile name="Longest out" value={outWords(proposed.longest_out_ms)} detail="by the proposed rules" />
      </dl>
      <p className="mt-4 text-sm text-ink-2">
        {whole(change.newly_refused)} requests are refused only by the proposed rules, {whole(change.no_longer_refused)}{" "}
        only by those in force.
        {proposed.would_refuse > 0 &&
          ` Rules on trial would refuse ${whole(proposed.would_refuse)}, and refuse nobody.`}
      </p>
      {caveats.length > 0 && (
        <ul className="mt-3 list-disc space-y-1 pl-5 text-xs text-ink-3">
          {caveats.map((caveat) => (
            <li key={caveat}>{caveat}</li>
          ))}
        </ul>
      )}
      <h3 className="mt-6 mb-3 font-semibold">Over time</h3>
      <SimulatorChart report={report} />
      <Part title="By rule" empty="No rule of the proposed ones refuses anything.">
        {proposed.by_rule
          .filter((one) => one.refused + one.would_refuse > 0)
          .map((one) => (
            <Row key={one.rule} name={one.rule} beside={`by ${one.level}`}>
              {whole(one.refused)}
              {one.would_refuse > 0 && <span className="text-ink-3"> and {whole(one.would_refuse)} on trial</span>}
            </Row>
          ))}
      </Part>
      <Part title="By route" empty="">
        {proposed.by_route.slice(0, SHOWN_MAX).map((one) => (
          <Row key={one.route} name={one.route} beside="" code>
            {whole(one.refused)} <span className="text-ink-3">of {whole(one.requests)}</span>
          </Row>
        ))}
      </Part>
      <Part title="Who is refused by the proposed rules alone" empty="Nobody who was not refused before.">
        {change.newly.slice(0, SHOWN_MAX).map((one) => (
          <Row
            key={one.key}
            name={who(one.key)}
            beside={`from ${whenWords(one.first_at_ms)}, out for ${outWords(one.longest_out_ms)}`}
          >
            {timesOf(one)}
          </Row>
        ))}
      </Part>
    </Panel>
  );
}

const timesOf = ({ refused, error }: SimulatedKey): string =>
  error === 0 ? whole(refused) : `${whole(refused)} to ${whole(refused + error)}`;

function Tile({ name, value, detail }: { name: string; value: string; detail: string }) {
  return (
    <div className="min-w-0 rounded-xl bg-sunken px-4 py-3">
      <dt className="text-xs text-ink-2">{name}</dt>
      <dd className="text-xl font-bold tabular-nums">{value}</dd>
      <dd className="text-xs text-ink-2">{detail}</dd>
    </div>
  );
}

function Part({ title, empty, children }: { title: string; empty: string; children: ReactNode[] }) {
  if (children.length === 0 && empty === "") return null;
  return (
    <section className="mt-6">
      <h3 className="mb-2 font-semibold">{title}</h3>
      {children.length === 0 ? (
        <p className="text-sm text-ink-2">{empty}</p>
      ) : (
        <ul className="divide-y divide-line text-sm">{children}</ul>
      )}
    </section>
  );
}

function Row({
  name,
  beside,
  code = false,
  children,
}: {
  name: string;
  beside: string;
  code?: boolean;
  children: ReactNode;
}) {
  return (
    <li className="flex items-baseline justify-between gap-4 py-2">
      <span className="min-w-0">
        <span className={code ? "font-mono text-xs break-all" : "font-medium break-words"}>{name}</span>
        {beside !== "" && <span className="block text-xs text-ink-3">{beside}</span>}
      </span>
      <span className="shrink-0 tabular-nums">{children}</span>
    </li>
  );
}
