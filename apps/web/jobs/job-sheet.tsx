import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";

import type { Route } from "#kernel/contract.ts";
import { cancelJob, getJob, type JobSheet, replayJob, retryJob } from "#systems/jobs/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Sheet } from "../parts/dialog.tsx";
import { Failed } from "../parts/empty.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Ago, useNowMs, wholeTime } from "../parts/time.tsx";
import { ask, call, queries } from "../shell/house.ts";
import { say, sorry } from "../shell/toasts.ts";
import { refreshJobs } from "./refresh.ts";
import { nameOf, RUNNING, type Sought } from "./sought.ts";
import { CLASS_WORDS, inOf, STATE_WORDS, triesOf } from "./words.ts";

const LOOK_EVERY_MS = 2_000;
const TONES: Record<JobSheet["state"], string> = {
  queued: "bg-sunken text-ink-2",
  running: "bg-warn-tint text-warn",
  done: "bg-good-tint text-good",
  dead: "bg-accent-tint text-bad",
  cancelled: "bg-sunken text-ink-2",
};

/** One job, followed while it is looked at. */
export function JobSheetView({ id, close, seek }: { id: string; close: () => void; seek: (sought: Sought) => void }) {
  const asked = useQuery({ ...ask(getJob, { params: { id } }), refetchInterval: LOOK_EVERY_MS, staleTime: 0 });
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={asked.data?.kind ?? "A job"}>
      <div className="px-6 pt-1 pb-6">
        {asked.isPending ? (
          <>
            <Loading what="the job" />
            <Skeleton className="h-72 rounded-2xl" />
          </>
        ) : asked.data === undefined ? (
          <Failed title="This job is not here any more" error={asked.error} />
        ) : (
          <Told job={asked.data} seek={seek} />
        )}
      </div>
    </Sheet>
  );
}

function Told({ job, seek }: { job: JobSheet; seek: (sought: Sought) => void }) {
  const { state, progress, reason, advice, tenant, payload } = job;
  return (
    <>
      <p className="flex flex-wrap items-center gap-2 text-sm">
        <span className={cx("rounded-full px-2.5 py-0.5 text-xs font-semibold", TONES[state])}>{stateOf(job)}</span>
        <span className="text-ink-3">{CLASS_WORDS[job.class].label}</span>
        <span className="text-ink-3 tabular-nums">No. {job.id}</span>
      </p>
      {state === "running" && (
        <div
          role="progressbar"
          aria-label="How far it is"
          aria-valuenow={Math.round(progress * 100)}
          className="mt-4 h-1.5 overflow-hidden rounded-full bg-sunken"
        >
          <div
            className="h-full rounded-full bg-warn transition-[width] duration-500"
            style={{ width: `${Math.max(2, progress * 100)}%` }}
          />
        </div>
      )}
      {reason !== null && (
        <div className="mt-4 rounded-xl bg-sunken/70 p-4">
          <p className="text-xs text-ink-3">{state === "dead" ? "Why it died" : "Why the last try failed"}</p>
          <p className="mt-1 font-mono text-sm break-words">{reason}</p>
          {advice !== null && <p className="mt-2 text-sm text-ink-2">{advice}</p>}
        </div>
      )}
      <dl className="mt-4 grid grid-cols-2 gap-x-4 gap-y-3">
        <Fact label="Tries">{triesOf(job)}</Fact>
        <Fact label="Progress">{`${Math.round(progress * 100)} %`}</Fact>
        <Moment label="Came" at={job.enqueued_at} />
        <Coming label="Begins" at={job.due_at} />
        {job.waits_for !== null && job.waits_for !== "time" && <Fact label="Waits for">{WAITS[job.waits_for]}</Fact>}
        <Coming label="Not begun after" at={job.deadline_at} />
        <Moment label="Its worker has it until" at={job.lease_until} />
        <Moment label="Ended" at={job.ended_at} />
        {job.priority !== 0 && <Fact label="Priority">{job.priority}</Fact>}
        {tenant && (
          <Fact label="For">
            {tenant.person ? (
              <Link
                to="/@{$handle}"
                params={{ handle: tenant.person.handle }}
                className="font-semibold hover:underline"
              >
                @{tenant.person.handle}
              </Link>
            ) : tenant.space ? (
              <Link to="/s/$slug" params={{ slug: tenant.space.slug }} className="font-semibold hover:underline">
                {tenant.space.name}
              </Link>
            ) : (
              tenant.name
            )}
          </Fact>
        )}
      </dl>
      {payload.length > 0 && (
        <>
          <h3 className="mt-5 border-t border-line pt-4 text-sm font-semibold">What it was given</h3>
          <dl className="mt-2 space-y-1 text-sm">
            {payload.map((field) => (
              <div key={field.name} className="flex flex-wrap justify-between gap-x-4">
                <dt className="font-mono text-ink-2">{field.name}</dt>
                <dd className={field.is_hidden ? "text-ink-3 italic" : "font-mono tabular-nums"}>{field.value}</dd>
              </div>
            ))}
          </dl>
          {payload.some((field) => field.is_hidden) && (
            <p className="mt-2 text-xs text-ink-3">
              Ids, numbers, yes or no and times are shown. Of everything else only its size is: it may be somebody’s
              words, or open something.
            </p>
          )}
        </>
      )}
      <p className="mt-4 flex flex-wrap gap-x-4 text-xs">
        <Door onClick={() => seek({ ...RUNNING, state, kind: job.kind })}>
          All like it: {STATE_WORDS[state].toLowerCase()}
        </Door>
        {tenant && <Door onClick={() => seek({ ...RUNNING, state, tenant })}>All for {nameOf(tenant)}</Door>}
      </p>
      <Acts job={job} />
    </>
  );
}

function Acts({ job }: { job: JobSheet }) {
  const [busy, setBusy] = useState<Route | null>(null);
  const params = { id: job.id };
  const act = (
    route: typeof replayJob | typeof retryJob | typeof cancelJob,
    words: string,
    undo?: () => Promise<unknown>,
  ) => {
    setBusy(route);
    call(route, { params })
      .then(async (now) => {
        queries.setQueryData(ask(getJob, { params }).queryKey, now);
        await refreshJobs();
        say(
          words,
          undo &&
            (() =>
              undo()
                .then(refreshJobs)
                .then(() => {})),
        );
      })
      .catch(sorry)
      .finally(() => setBusy(null));
  };
  if (!job.may_replay && !job.may_retry && !job.may_cancel) return null;
  return (
    <div className="mt-6 flex flex-wrap gap-2">
      {job.may_replay && (
        <Button busy={busy === replayJob} onClick={() => act(replayJob, "It is back in the queue.")}>
          Replay
        </Button>
      )}
      {job.may_retry && (
        <Button look="soft" busy={busy === retryJob} onClick={() => act(retryJob, "Its turn is now.")}>
          Retry now
        </Button>
      )}
      {job.may_cancel && (
        <Button
          look="danger"
          busy={busy === cancelJob}
          onClick={() =>
            job.state === "running"
              ? act(cancelJob, "It was asked to stop.")
              : act(cancelJob, "It will not run.", () => call(replayJob, { params }))
          }
        >
          {job.state === "running" ? "Stop it" : "Cancel it"}
        </Button>
      )}
    </div>
  );
}

function stateOf({ state, is_stopping, is_in_lane, may_retry }: JobSheet): string {
  if (is_stopping) return "Stopping";
  if (is_in_lane) return "Waiting behind others of its own";
  if (state === "queued" && may_retry) return "Begins later";
  return STATE_WORDS[state];
}

const WAITS = { tenant: "Others of its own, who came first", worker: "A worker that is free" } as const;

const Door = ({ onClick, children }: { onClick: () => void; children: ReactNode }) => (
  <button type="button" onClick={onClick} className="rounded-lg py-1.5 font-semibold text-accent-ink hover:underline">
    {children}
  </button>
);

const Fact = ({ label, children }: { label: string; children: ReactNode }) => (
  <div>
    <dt className="text-xs text-ink-3">{label}</dt>
    <dd className="text-sm tabular-nums">{children}</dd>
  </div>
);

const Moment = ({ label, at }: { label: string; at: string | null }) =>
  at === null ? null : (
    <Fact label={label}>
      {wholeTime(at)} <Ago at={at} className="text-xs text-ink-3" />
    </Fact>
  );

/** What is still to come, or is over already. */
function Coming({ label, at }: { label: string; at: string | null }) {
  const now_ms = useNowMs();
  if (at === null) return null;
  const is_over = Date.parse(at) <= now_ms;
  return (
    <Fact label={label}>
      {wholeTime(at)} <span className="text-xs text-ink-3">{is_over ? "it is over" : `in ${inOf(at, now_ms)}`}</span>
    </Fact>
  );
}
