import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";

import { type ActKind, listRules, listShields, summary } from "#systems/moderation/contract.ts";

import { Failed } from "../parts/empty.tsx";
import { plural } from "../parts/numbers.ts";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { ask, houseQuery } from "../shell/house.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { ShieldCard } from "./shield-cards.tsx";
import { ACT_WORDS } from "./words.ts";

/** For everybody: the rules, what moderators did lately in numbers, and what is tight at this moment. */
export function AboutScreen() {
  const { data: house } = useQuery(houseQuery);
  return (
    <>
      <PageHeader title={`About ${house?.name ?? "this house"}`} back />
      <div className="space-y-8 px-4 pt-5 pb-16 sm:px-0">
        <Part title="The rules">
          <Rules />
        </Part>
        <Part title="What moderators did in the last 30 days">
          <Numbers />
        </Part>
        <Part title="Shields">
          <Shields />
        </Part>
      </div>
    </>
  );
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <section>
    <h2 className="mb-3 text-lg font-bold">{title}</h2>
    {children}
  </section>
);
const waiting = (what: string) => (
  <>
    <Loading what={what} />
    <Skeleton className="h-40 rounded-2xl" />
  </>
);

function Rules() {
  const asked = useQuery(ask(listRules));
  if (asked.isPending) return waiting("the rules");
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  return (
    <ol className="divide-y divide-line rounded-2xl border border-line bg-surface px-4 sm:px-5">
      {asked.data.items.map((rule) => (
        <li key={rule.id} className="py-3.5">
          <p className="font-semibold">{rule.title}</p>
          <p className="mt-0.5 text-sm text-ink-2">{rule.text}</p>
        </li>
      ))}
    </ol>
  );
}

function Numbers() {
  const asked = useQuery(ask(summary));
  if (asked.isPending) return waiting("the numbers");
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  const { reports, cases_open, cases_closed, acts, undone, appeals, closed_within_h } = asked.data;
  const facts: [string, string][] = [
    ["Reports", String(reports)],
    ["Waiting", plural(cases_open, "case")],
    ["Closed with an act", String(cases_closed.acted ?? 0)],
    ["Closed without", String(cases_closed.no_breach ?? 0)],
    ["Half were closed within", closed_within_h === null ? "none closed yet" : `${closed_within_h} h`],
    ...Object.entries(acts).map(([kind, count]): [string, string] => [ACT_WORDS[kind as ActKind].label, String(count)]),
    ["Taken back", String(undone)],
    ["Appeals overturned", `${appeals.overturned ?? 0} of ${Object.values(appeals).reduce((a, b) => a + b, 0)}`],
  ];
  return (
    <dl className="grid grid-cols-2 gap-px overflow-hidden rounded-2xl border border-line bg-line sm:grid-cols-3">
      {facts.map(([label, value]) => (
        <div key={label} className="bg-surface p-4">
          <dt className="text-xs text-ink-3">{label}</dt>
          <dd className="mt-0.5 text-lg font-bold tabular-nums">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Shields() {
  const asked = useQuery(ask(listShields));
  if (asked.isPending) return waiting("the shields");
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  return (
    <div className="space-y-3">
      {asked.data.items.map((shield) => (
        <ShieldCard key={shield.kind} shield={shield} />
      ))}
    </div>
  );
}
