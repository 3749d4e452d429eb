import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ChartNoAxesColumn } from "lucide-react";
import { useState } from "react";

import { getMyAnalytics } from "#systems/media/contract.ts";

import { Empty, Failed } from "../../parts/empty.tsx";
import { compact, plural } from "../../parts/numbers.ts";
import { Loading, Skeleton } from "../../parts/skeleton.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask } from "../../shell/house.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { PageHeader } from "../../shell/page-header.tsx";
import { Thumb } from "../library/thumb.tsx";
import { DaysChoice } from "./charts/days-choice.tsx";
import { DayBars } from "./charts/days.tsx";
import { spentOf } from "./charts/scale.ts";
import { Stat, Stats } from "./charts/shares.tsx";
import { StudioTabs } from "./tabs.tsx";

/** How all of one's films are watched, together. */
export function NumbersScreen() {
  return (
    <>
      <PageHeader title="Studio" documentTitle="Numbers" detail="How your films are watched" />
      <StudioTabs on="numbers" />
      <NeedMe>{() => <Numbers />}</NeedMe>
    </>
  );
}

function Numbers() {
  const [days, setDays] = useState(28);
  const asked = useQuery({ ...ask(getMyAnalytics, { query: { days } }), placeholderData: keepPreviousData });
  if (asked.isPending)
    return (
      <>
        <Loading what="the numbers" />
        <Skeleton className="mx-4 h-24 sm:mx-0" />
        <Skeleton className="mx-4 mt-4 h-64 sm:mx-0" />
      </>
    );
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  const { totals, by_day, most_watched, views_total } = asked.data;
  if (totals.videos === 0)
    return (
      <Empty icon={<ChartNoAxesColumn />} title="No films, no numbers">
        When somebody watches what you made, it is counted here. Nobody is followed: only sums are kept.
      </Empty>
    );
  return (
    <div className="px-4 pb-24 sm:px-0">
      <DaysChoice days={days} choose={setDays} />
      <Stats>
        <Stat label="Views" value={compact(totals.views)} detail={`${compact(views_total)} ever`} />
        <Stat label="Watched" value={spentOf(totals.watched_ms)} />
        <Stat label="Playings" value={compact(totals.sessions)} />
        <Stat label="Films" value={compact(totals.videos)} />
      </Stats>
      <Panel title="Day by day">
        <div className="grid grid-cols-1 gap-7 lg:grid-cols-2">
          <DayBars label="Views" days={by_day.map(({ day, views }) => ({ day, value: views }))} say={compact} />
          <DayBars
            label="Time watched"
            days={by_day.map(({ day, watched_ms }) => ({ day, value: watched_ms / 60_000 }))}
            say={(minutes) => spentOf(minutes * 60_000)}
          />
        </div>
      </Panel>
      <Panel title="Watched most">
        {most_watched.length === 0 ? (
          <p className="text-sm text-ink-2">Nobody watched any of them in this time.</p>
        ) : (
          <ol className="-my-2 divide-y divide-line">
            {most_watched.map(({ video, views, watched_ms }, at) => (
              <li key={video.id} className="relative flex items-center gap-3 py-2.5">
                <span aria-hidden="true" className="w-5 text-center text-sm text-ink-3 tabular-nums">
                  {at + 1}
                </span>
                <Thumb video={{ ...video, position_ms: null }} className="w-24 shrink-0" />
                <div className="min-w-0 flex-1">
                  <Link
                    to="/studio/$id"
                    params={{ id: video.id }}
                    search={{ tab: "numbers" }}
                    className="line-clamp-1 font-semibold outline-none after:absolute after:inset-0 after:rounded-xl hover:underline focus-visible:after:outline-2 focus-visible:after:outline-accent-ink"
                  >
                    {video.title}
                  </Link>
                  <p className="text-xs text-ink-3">
                    {plural(views, "view")} · {spentOf(watched_ms)}
                  </p>
                </div>
              </li>
            ))}
          </ol>
        )}
      </Panel>
    </div>
  );
}
