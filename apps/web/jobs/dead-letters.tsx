import { useQuery } from "@tanstack/react-query";
import { RotateCcw } from "lucide-react";
import { useState } from "react";

import { type DeadGroup, listDead, replayDead } from "#systems/jobs/contract.ts";

import { Button } from "../parts/button.tsx";
import { Confirm } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { compact, plural } from "../parts/numbers.ts";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { ask, call } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { Many } from "./many.tsx";
import { LOOK_EVERY_MS, refreshJobs } from "./refresh.ts";
import { RUNNING, type Sought } from "./sought.ts";
import { byKind, groupKey, placesOf } from "./words.ts";

interface Doors {
  open: (job_id: string) => void;
  seek: (sought: Sought) => void;
}

/** What died, by kind and reason, and what to do about it. */
export function DeadLetters({ open, seek }: Doors) {
  const asked = useQuery({ ...ask(listDead), refetchInterval: LOOK_EVERY_MS });
  const [places, setPlaces] = useState<readonly string[]>([]);
  const items = asked.data?.items ?? [];
  const now = placesOf(places, items.map(groupKey));
  if (now !== places) setPlaces(now);
  const kinds = byKind(items, now);
  return (
    <Panel
      title="Dead letters"
      intro="Work that was given up after its last try. It stays for 30 days, and comes back with fresh tries when you say so."
    >
      {asked.isPending ? (
        <>
          <Loading what="what died" />
          <Skeleton className="h-24 rounded-2xl" />
        </>
      ) : asked.isError && !asked.data ? (
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      ) : kinds.length === 0 ? (
        <p className="rounded-xl bg-good-tint px-4 py-3 text-sm font-medium text-good">Nothing died.</p>
      ) : (
        <ul className="space-y-4">
          {kinds.map((one) => (
            <li key={one.kind} className="overflow-hidden rounded-2xl border border-line">
              <div className="flex flex-wrap items-center justify-between gap-2 bg-sunken/60 px-4 py-2.5">
                <h3 className="min-w-0 truncate font-mono text-sm font-semibold">{one.kind}</h3>
                <ReplayKind kind={one.kind} jobs={one.jobs} />
              </div>
              <ul className="divide-y divide-line">
                {one.groups.map((group) => (
                  <Group key={groupKey(group)} group={group} of={one.groups.length} open={open} seek={seek} />
                ))}
              </ul>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

/** @param of how many groups its kind has: one alone is replayed with its kind */
function Group({ group, of, open, seek }: Doors & { group: DeadGroup; of: number }) {
  const { kind, reason, advice, jobs, first_at, last_at, job_id } = group;
  const alike: Sought = { ...RUNNING, state: "dead", kind, class: group.class, reason };
  return (
    <li className="px-4 py-3">
      <div className="flex items-start gap-3">
        <span className="mt-0.5 min-w-9 rounded-lg bg-accent-tint px-2 py-0.5 text-center text-sm font-bold text-bad tabular-nums">
          {compact(jobs)}
          <span className="sr-only"> of</span>
        </span>
        <div className="min-w-0 flex-1">
          <p className="text-sm font-semibold">{reason === "" ? "Without a word" : reason}</p>
          <p className="mt-1 text-sm text-ink-2">{advice}</p>
          <p className="mt-1.5 flex flex-wrap items-center gap-x-3 gap-y-1 text-xs text-ink-3">
            <span>
              last <Ago at={last_at} />
              {jobs > 1 && (
                <>
                  , first <Ago at={first_at} />
                </>
              )}
            </span>
            <button
              type="button"
              onClick={() => open(job_id)}
              className="-my-1 rounded-lg py-1 font-semibold text-accent-ink hover:underline"
            >
              {jobs > 1 ? "Look at the newest" : "Look at it"}
            </button>
            {jobs > 1 && (
              <button
                type="button"
                onClick={() => seek(alike)}
                className="-my-1 rounded-lg py-1 font-semibold text-accent-ink hover:underline"
              >
                See all {compact(jobs)}
              </button>
            )}
          </p>
          {of > 1 && (
            <div className="mt-2">
              <Many sought={alike} label={jobs > 1 ? `Replay these ${compact(jobs)}` : "Replay this one"} />
            </div>
          )}
        </div>
      </div>
    </li>
  );
}

function ReplayKind({ kind, jobs }: { kind: string; jobs: number }) {
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  function replay() {
    setBusy(true);
    call(replayDead, { body: { kind } })
      .then(async ({ replayed, left }) => {
        await refreshJobs();
        say(`${plural(replayed, "job")} back in the queue${left > 0 ? `; ${compact(left)} left` : ""}.`);
      })
      .catch(sorry)
      .finally(() => {
        setBusy(false);
        setAsking(false);
      });
  }
  return (
    <>
      <Button look="outline" size="sm" busy={busy} onClick={() => (jobs > 1 ? setAsking(true) : replay())}>
        <RotateCcw className="size-4" aria-hidden="true" /> {jobs > 1 ? `Replay all ${compact(jobs)}` : "Replay"}
        <span className="sr-only"> of {kind}</span>
      </Button>
      <Confirm
        open={asking}
        onOpenChange={setAsking}
        title={`Replay ${plural(jobs, "job")} of ${kind}?`}
        action="Replay them"
        onConfirm={replay}
        busy={busy}
      >
        They run again with fresh tries, in the order in which they died. If what stopped them is still there, they will
        be back here.
      </Confirm>
    </>
  );
}
