import { useQuery } from "@tanstack/react-query";

import { listTenants, type TenantQueue } from "#systems/jobs/contract.ts";

import { Failed } from "../parts/empty.tsx";
import { compact } from "../parts/numbers.ts";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { useNowMs } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { ask } from "../shell/house.ts";
import { nameOf, RUNNING, type Sought } from "./sought.ts";
import { waitOf } from "./words.ts";

/** It reads many jobs, so it is looked at less often than the rest. */
const LOOK_EVERY_MS = 30_000;
const SHOWN_FIRST = 8;

/** For whom work waits, fails, runs and died. */
export function Whose({ seek }: { seek: (sought: Sought) => void }) {
  const asked = useQuery({ ...ask(listTenants), refetchInterval: LOOK_EVERY_MS });
  const now_ms = useNowMs();
  const items = asked.data?.items ?? [];
  return (
    <Panel title="Whose it is" intro="People and spaces that work is for, the busiest first.">
      {asked.isPending ? (
        <>
          <Loading what="whose work it is" />
          <Skeleton className="h-20 rounded-2xl" />
        </>
      ) : !asked.data ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      ) : items.length === 0 ? (
        <p className="text-sm text-ink-2">Nothing waits, runs or died for somebody in particular.</p>
      ) : (
        <>
          <ul className="-my-2 divide-y divide-line">
            {items.slice(0, SHOWN_FIRST).map((one) => (
              <Row key={one.tenant.name} of={one} seek={seek} />
            ))}
          </ul>
          {items.length > SHOWN_FIRST && (
            <details className="mt-4">
              <summary className="w-fit cursor-pointer rounded-lg py-1 text-xs font-semibold text-ink-3 hover:text-ink">
                {items.length - SHOWN_FIRST} more
              </summary>
              <ul className="divide-y divide-line">
                {items.slice(SHOWN_FIRST).map((one) => (
                  <Row key={one.tenant.name} of={one} seek={seek} />
                ))}
              </ul>
            </details>
          )}
          <p className="mt-4 text-xs text-ink-3">
            Done: of the newest {compact(asked.data.done_looked)}
            {asked.data.done_since !== null && `, which came within ${waitOf(ageOf(asked.data.done_since, now_ms))}`}.
            {!asked.data.is_whole && " There is more than was counted; the newest were."}
          </p>
        </>
      )}
    </Panel>
  );
}

const ageOf = (at: string, now_ms: number) => Math.max(0, now_ms - Date.parse(at)) / 1000;

function Row({ of: one, seek }: { of: TenantQueue; seek: (sought: Sought) => void }) {
  const { tenant, queued, failing, running, dead, done } = one;
  const state = running > 0 ? "running" : queued > 0 ? "queued" : dead > 0 ? "dead" : "done";
  return (
    <li>
      <button
        type="button"
        onClick={() => seek({ ...RUNNING, state, tenant })}
        className="flex w-full items-start justify-between gap-4 rounded-lg py-2.5 text-left hover:bg-sunken/60"
      >
        <span className="min-w-0">
          <span className="block truncate text-sm font-semibold">{nameOf(tenant)}</span>
          <span className="block text-xs text-ink-3">
            {tenant.person ? "Person" : tenant.space ? "Space" : "Neither a person nor a space"}
          </span>
        </span>
        <span className="shrink-0 text-right text-xs text-ink-3 tabular-nums">
          <span className="block text-sm text-ink-2">
            {compact(running)} running, {compact(queued)} queued
          </span>
          {done > 0 && <span>{compact(done)} done</span>}
          {failing > 0 && <span className="font-semibold text-warn"> {compact(failing)} failing</span>}
          {dead > 0 && <span className="font-semibold text-bad"> {compact(dead)} dead</span>}
        </span>
      </button>
    </li>
  );
}
