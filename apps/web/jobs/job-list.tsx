import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ArrowUp, ChevronRight, Inbox } from "lucide-react";
import { useDeferredValue, useEffect, useEffectEvent } from "react";

import { type JobLine, type JobState, listJobs } from "#systems/jobs/contract.ts";

import { Button } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Empty } from "../parts/empty.tsx";
import { FoundList } from "../parts/found-list.tsx";
import { Ago, useNowMs } from "../parts/time.tsx";
import { ask, askPages } from "../shell/house.ts";
import { JobFilters } from "./job-filters.tsx";
import { Many } from "./many.tsx";
import { LOOK_EVERY_MS } from "./refresh.ts";
import { isNarrowed, nameOf, queryOf, type Sought } from "./sought.ts";
import { inOf, lookOver, numberOf } from "./words.ts";

const PAGE = 30;
const SEARCH_EVERY_MS = 20_000;
const EMPTY: Record<JobState, string> = {
  queued: "Nothing waits",
  running: "Nothing runs just now",
  dead: "Nothing died",
  done: "Nothing was done in the last day",
  cancelled: "Nothing was cancelled in the last day",
};

/** Jobs of one state. What is read does not move: a line takes its newest state where it stands, and newer ones come when they are asked for. */
export function JobList({
  sought,
  seek,
  kinds,
  open,
  is_led_to,
}: {
  sought: Sought;
  seek: (sought: Sought) => void;
  kinds: readonly string[];
  open: (job_id: string) => void;
  is_led_to: boolean;
}) {
  const number = numberOf(sought.text);
  const asked = useDeferredValue(sought);
  // A number is a job and no words.
  const query = { limit: PAGE, ...queryOf(numberOf(asked.text) === null ? asked : { ...asked, text: "" }) };
  const pages = useInfiniteQuery(askPages(listJobs, { query }));
  // Words and times the house looks for in job after job.
  const is_searched = "text" in query || "reason" in query || "since" in query;
  const live = useQuery({
    ...ask(listJobs, { query }),
    refetchInterval: is_searched ? SEARCH_EVERY_MS : LOOK_EVERY_MS,
  });
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
    <FoundList<JobLine>
      label="Jobs, one by one"
      is_led_to={is_led_to}
      head={
        <JobFilters sought={sought} seek={seek} kinds={kinds}>
          {number !== null && (
            <Button size="sm" onClick={() => open(number)}>
              Look at job {number}
            </Button>
          )}
          {number === null && isNarrowed(sought) && <Many sought={sought} />}
          <div role="status" className="shrink-0">
            {newer > 0 && (
              <Button look="soft" size="sm" busy={pages.isRefetching} onClick={() => void pages.refetch()}>
                <ArrowUp className="size-4" aria-hidden="true" /> {newer >= PAGE ? `${PAGE}+` : newer} newer
              </Button>
            )}
          </div>
        </JobFilters>
      }
      pages={pages}
      what="jobs"
      keyOf={(line) => line.id}
      empty={<Empty icon={<Inbox />} title={isNarrowed(sought) ? "None of these" : EMPTY[sought.state]} />}
    >
      {(line) => <Line line={now.get(line.id) ?? { ...line, has_left: false }} listed={sought.state} open={open} />}
    </FoundList>
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
  const { id, kind, reason, progress, attempt, tenant, has_left } = line;
  const far = Math.round(progress * 100);
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
            {tenant && ` · ${nameOf(tenant)}`}
            {attempt > 1 && ` · try ${attempt}`}
            {far > 0 && far < 100 && ` · ${far} %`}
            {reason !== null && ` · ${reason}`}
          </span>
          {listed === "running" && far > 0 && !has_left && (
            <span aria-hidden="true" className="mt-1.5 block h-1 max-w-48 overflow-hidden rounded-full bg-sunken">
              <span className="block h-full rounded-full bg-warn" style={{ width: `${far}%` }} />
            </span>
          )}
        </span>
        <span className="shrink-0 text-right text-xs text-ink-3">
          {has_left ? (
            <span className="rounded-full bg-sunken px-2 py-0.5 font-semibold text-ink-2">
              {listed === "running" ? "Ended" : "Moved on"}
            </span>
          ) : (
            <When line={line} />
          )}
        </span>
        <ChevronRight className="size-4 shrink-0 text-ink-3" aria-hidden="true" />
      </button>
    </div>
  );
}

/** The time that matters: when it begins, when it ended, or since when it is there. */
function When({ line }: { line: JobLine }) {
  const now_ms = useNowMs();
  if (line.is_stopping) return <span className="font-semibold text-warn">Stopping</span>;
  if (line.due_at !== null) return <span>in {inOf(line.due_at, now_ms)}</span>;
  if (line.waits_for === "tenant") return <span>Behind its own</span>;
  return <Ago at={line.ended_at ?? line.enqueued_at} />;
}
