import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { getHouseQuality } from "#systems/media/contract.ts";

import { Failed } from "../../parts/empty.tsx";
import { compact } from "../../parts/numbers.ts";
import { Loading, Skeleton } from "../../parts/skeleton.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask } from "../../shell/house.ts";
import { DaysChoice } from "./charts/days-choice.tsx";
import { DayBars } from "./charts/days.tsx";
import { QualityPanels } from "./charts/quality.tsx";
import { percentOf, spentOf } from "./charts/scale.ts";
import { Stat, Stats } from "./charts/shares.tsx";

/** How well films play in the whole house. */
export default function AdminQuality() {
  const [days, setDays] = useState(28);
  const asked = useQuery({ ...ask(getHouseQuality, { query: { days } }), placeholderData: keepPreviousData });
  if (asked.isPending)
    return (
      <>
        <Loading what="how films play" />
        <Skeleton className="h-80 rounded-2xl" />
      </>
    );
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  const { totals, by_day, quality } = asked.data;
  return (
    <>
      <DaysChoice days={days} choose={setDays} />
      <Stats>
        <Stat label="Playings" value={compact(totals.sessions)} />
        <Stat label="Watched" value={spentOf(totals.watched_ms)} />
        <Stat label="Waited" value={percentOf(quality.rebuffering.ratio)} />
        <Stat label="Errors" value={compact(quality.errors.reduce((sum, { count }) => sum + count, 0))} />
      </Stats>
      <Panel title="Day by day">
        <div className="grid grid-cols-1 gap-7">
          <DayBars
            label="Playings"
            days={by_day.map(({ day, sessions }) => ({ day, value: sessions }))}
            say={compact}
          />
          <DayBars
            label="95 of 100 begin within"
            days={by_day.map(({ day, startup_p95_ms }) => ({ day, value: (startup_p95_ms ?? 0) / 1000 }))}
            say={(seconds) => `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`}
          />
        </div>
      </Panel>
      <QualityPanels quality={quality} />
    </>
  );
}
