import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ArrowUp, ChevronRight, Inbox } from "lucide-react";
import { useEffect, useEffectEvent, useState } from "react";

import { JOB_STATES, type JobLine, type JobState, listJobs } from "#systems/jobs/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Empty } from "../parts/empty.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { ask, askPages } from "../shell/house.ts";
import { LOOK_EVERY_MS } from "./refresh.ts";
import { lookOver, STATE_WORDS } from "./words.ts";

const PAGE = 30;
const SHOWN_FIRST: readonly JobState[] = ["queued", "running", "dead", "done", "cancelled"];
const EMPTY: Record<JobState, string> = {
  queued: "Nothing waits",
  running: "Nothing runs just now",
  dead: "Nothing died",
  done: "Nothing was done in the last day",
  cancelled: "Nothing was cancelled in the last day",
};

/** Jobs of one state. What is read does not move: a line takes its newest state where it stands, and newer ones come when they are asked for. */
export function JobList({ kinds, open }: { kinds: readonly string[]; open: (job_id: string) => void }) {
  const [state, setState] = useState<JobState>("running");
  const [kind, setKind] = useState("");
  const query = { limit: PAGE, state, ...(kind === "" ? {} : { kind }) };
  const pages = useInfiniteQuery(askPages(listJobs, { query }));
  const live = useQuery({ ...ask(listJobs, { query }), refetchInterval: LOOK_EVERY_MS });
  const shown = pages.data?.pages.flatMap((page) => page.items) ?? [];
  const { lines, newer } = lookOver(shown, live.data?.items, live.data?.next_cursor === null);
  const isBare = pages.data !== undefined && shown.length === 0 && newer > 0;
  const refill = useEffectEvent(() => void pages.refetch());
  // Nothing is read there, so nothing can jump.
  useEffect(() => {
    if (isBare) refill();
  }, [isBare]);
  const now = new Map(lines.map((line) => [line.id, line]));
  return (
    <section aria-label="Jobs, one by one" className="overflow-hidden rounded-2xl border border-line bg-surface">
      <div className="border-b border-line p-3">
        <div className="flex gap-1 overflow-x-auto no-bar" role="group" aria-label="State">
          {SHOWN_FIRST.filter((one) => JOB_STATES.includes(one)).map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={state === one}
              onClick={() => setState(one)}
              className={cx(
                "h-10 shrink-0 rounded-full px-4 text-sm font-semibold transition-colors",
                state === one ? "bg-ink text-birch" : "text-ink-2 hover:bg-sunken",
              )}
            >
              {STATE_WORDS[one]}
            </button>
          ))}
        </div>
        {/* What tells of newer ones has its place already, so that it pushes nothing away. */}
        <div className="mt-2 flex h-10 items-center gap-2">
          <label className="flex min-w-0 flex-1 items-center gap-2 text-sm text-ink-2 sm:max-w-80">
            <span className="shrink-0">Kind</span>
            <select
              value={kind}
              onChange={(event) => setKind(event.target.value)}
              className="h-10 min-w-0 flex-1 rounded-xl border border-line-strong/60 bg-raised px-3 text-sm text-ink"
            >
              <option value="">All kinds</option>
              {kinds.map((one) => (
                <option key={one}>{one}</option>
              ))}
            </select>
          </label>
          <div role="status" className="ml-auto shrink-0">
            {newer > 0 && (
              <Button look="soft" size="sm" busy={pages.isRefetching} onClick={() => void pages.refetch()}>
                <ArrowUp className="size-4" aria-hidden="true" /> {newer >= PAGE ? `${PAGE}+` : newer} newer
              </Button>
            )}
          </div>
        </div>
      </div>
      <PagedList<JobLine>
        pages={pages}
        what="jobs"
        keyOf={(line) => line.id}
        className="divide-y divide-line"
        skeleton={[0, 1, 2].map((at) => (
          <RowSkeleton key={at} />
        ))}
        empty={<Empty icon={<Inbox />} title={EMPTY[state]} />}
        end={null}
      >
        {(line) => <Line line={now.get(line.id) ?? { ...line, has_left: false }} listed={state} open={open} />}
      </PagedList>
    </section>
  );
}

function Line({
  line,
  listed,
  open,
}: {
  line: JobLine & { has_left: boolean };
  listed: JobState;
  open: (job_id: string) => void;
}) {
  const { id, kind, reason, progress, attempt, has_left, enqueued_at, ended_at } = line;
  return (
    <div role="listitem">
      <button
        type="button"
        onClick={() => open(id)}
        className="flex w-full items-center gap-3 px-4 py-3 text-left transition-colors hover:bg-sunken/60 focus-visible:-outline-offset-2"
      >
        <span className="min-w-0 flex-1">
          <span className={cx("block truncate font-mono text-sm font-semibold", has_left && "text-ink-3")}>{kind}</span>
          <span className="block truncate text-xs text-ink-3 tabular-nums">
            {id}
            {attempt > 1 && ` · try ${attempt}`}
            {progress > 0 && progress < 1 && ` · ${Math.round(progress * 100)} %`}
            {reason !== null && ` · ${reason}`}
          </span>
        </span>
        <span className="shrink-0 text-right text-xs text-ink-3">
          {has_left ? (
            <span className="rounded-full bg-sunken px-2 py-0.5 font-semibold text-ink-2">
              {listed === "running" ? "Ended" : "Moved on"}
            </span>
          ) : (
            <Ago at={ended_at ?? enqueued_at} />
          )}
        </span>
        <ChevronRight className="size-4 shrink-0 text-ink-3" aria-hidden="true" />
      </button>
    </div>
  );
}
