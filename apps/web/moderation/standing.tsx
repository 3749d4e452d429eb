import { useInfiniteQuery } from "@tanstack/react-query";
import { Flag, HandHeart } from "lucide-react";

import { type Act, myActs, myReports, type Report } from "#systems/moderation/contract.ts";

import { Empty } from "../parts/empty.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { Panel } from "../people/sections.tsx";
import { askPages } from "../shell/house.ts";
import { Acknowledge, ConcernedAct } from "./concerned.tsx";
import { KIND_WORDS } from "./words.ts";

const rows = [0, 1].map((at) => <RowSkeleton key={at} />);

/** What moderators did to what is mine, and what came of what I reported. */
export function Standing() {
  const acts = useInfiniteQuery(askPages(myActs));
  const reports = useInfiniteQuery(askPages(myReports));
  return (
    <>
      <Panel title="What moderators decided about you" intro="Each can be appealed once, within 30 days.">
        <PagedList<Act>
          pages={acts}
          what="decisions"
          keyOf={(act) => act.id}
          className="space-y-3"
          skeleton={rows}
          empty={
            <Empty icon={<HandHeart />} title="Nothing at all">
              No moderator has had a reason to look at what you do.
            </Empty>
          }
          end={null}
        >
          {(act) => (
            <ConcernedAct
              act={act}
              after={act.kind === "warn" && !act.acknowledged_at && !act.undone ? <Acknowledge act={act} /> : undefined}
            />
          )}
        </PagedList>
      </Panel>
      <Panel title="What you reported" intro="Who looked at it, and what exactly was done, is not told.">
        <PagedList<Report>
          pages={reports}
          what="reports"
          keyOf={(one) => one.id}
          className="divide-y divide-line"
          skeleton={rows}
          empty={
            <Empty icon={<Flag />} title="You reported nothing">
              The menu of each post, comment, film and person has “Report”.
            </Empty>
          }
          end={null}
        >
          {(one) => <Reported one={one} />}
        </PagedList>
      </Panel>
    </>
  );
}

function Reported({ one }: { one: Report }) {
  const words =
    one.state === "open" ? "Waits" : one.outcome === "acted" ? "Moderators acted" : "No rule was broken, they say";
  return (
    <div role="listitem" className="py-3 first:pt-0 last:pb-0">
      <p className="flex items-baseline justify-between gap-3 text-sm">
        <span>
          <b>{KIND_WORDS[one.subject.kind]}</b>, {one.rule.title}
        </span>
        <Ago at={one.at} className="shrink-0 text-xs text-ink-3" />
      </p>
      {one.words !== "" && <p className="mt-0.5 line-clamp-2 text-sm text-ink-3">“{one.words}”</p>}
      <p className={one.state === "open" ? "mt-1 text-sm text-ink-3" : "mt-1 text-sm font-semibold text-good"}>
        {words}
      </p>
      {one.answer !== "" && <p className="mt-0.5 text-sm">{one.answer}</p>}
    </div>
  );
}
