import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { listSchedules, runSchedule, type Schedule } from "#systems/jobs/contract.ts";

import { Button } from "../parts/button.tsx";
import { Failed } from "../parts/empty.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { useNowMs, wholeTime } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { LOOK_EVERY_MS, refreshJobs } from "./refresh.ts";
import { inOf, timesOf } from "./words.ts";

/** What runs by the clock, by its name, so that nothing changes places while it is read. */
export function ByClock({ open }: { open: (job_id: string) => void }) {
  const asked = useQuery({ ...ask(listSchedules), refetchInterval: LOOK_EVERY_MS });
  const items = (asked.data?.items ?? []).toSorted((a, b) => (a.kind < b.kind ? -1 : 1));
  return (
    <Panel
      title="By the clock"
      intro="Work that comes by itself, once on the whole house. It can be run now; its times stay as they are."
    >
      {asked.isPending ? (
        <>
          <Loading what="what runs by the clock" />
          <Skeleton className="h-72 rounded-2xl" />
        </>
      ) : !asked.data ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      ) : items.length === 0 ? (
        <p className="text-sm text-ink-2">Nothing runs by the clock.</p>
      ) : (
        <ul className="-my-2 divide-y divide-line">
          {items.map((one) => (
            <Row key={one.kind} of={one} open={open} />
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Row({ of: one, open }: { of: Schedule; open: (job_id: string) => void }) {
  const now_ms = useNowMs();
  const [busy, setBusy] = useState(false);
  const { kind, next_at, job_id } = one;
  function run() {
    setBusy(true);
    call(runSchedule, { params: { kind } })
      .then(async (job) => {
        await refreshJobs();
        say(`${kind} is job ${job.id}.`);
      })
      .catch(sorry)
      .finally(() => setBusy(false));
  }
  return (
    <li className="flex items-center justify-between gap-3 py-2.5">
      <p className="min-w-0">
        <span className="block truncate font-mono text-sm font-semibold">{kind}</span>
        <span className="block text-xs text-ink-3 tabular-nums">
          {timesOf(one)}
          {next_at !== null && (
            <>
              {" · "}
              <time dateTime={next_at} title={wholeTime(next_at)}>
                next in {inOf(next_at, now_ms)}
              </time>
            </>
          )}
        </span>
      </p>
      {job_id === null ? (
        <Button look="outline" size="sm" busy={busy} onClick={run}>
          Run now<span className="sr-only"> {kind}</span>
        </Button>
      ) : (
        <Button look="quiet" size="sm" onClick={() => open(job_id)}>
          At work<span className="sr-only"> {kind}</span>
        </Button>
      )}
    </li>
  );
}
