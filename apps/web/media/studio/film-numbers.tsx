import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";

import { getVideoAnalytics, type Video } from "#systems/media/contract.ts";

import { Failed } from "../../parts/empty.tsx";
import { bytesOf, compact } from "../../parts/numbers.ts";
import { Loading, Skeleton } from "../../parts/skeleton.tsx";
import { dayOf } from "../../parts/time.tsx";
import { Panel } from "../../people/sections.tsx";
import { ask } from "../../shell/house.ts";
import { storyboardOf } from "../extras.ts";
import { DaysChoice } from "./charts/days-choice.tsx";
import { DayBars } from "./charts/days.tsx";
import { QualityPanels } from "./charts/quality.tsx";
import { Retention } from "./charts/retention.tsx";
import { percentOf, spentOf } from "./charts/scale.ts";
import { Shares, Stat, Stats } from "./charts/shares.tsx";

const FROM: Record<string, string> = {
  home: "Home",
  profile: "Your profile",
  space: "A space",
  embed: "Other sites",
  shorts: "Shorts",
  direct: "A link",
  other: "Elsewhere in the house",
};
const CLASSES = { hot: "Watched a lot", warm: "Watched now and then", cold: "Hardly watched" } as const;

/** How one film is watched. */
export default function FilmNumbers({ film }: { film: Video }) {
  const [days, setDays] = useState(28);
  const asked = useQuery({
    ...ask(getVideoAnalytics, { params: { video_id: film.id }, query: { days } }),
    placeholderData: keepPreviousData,
  });
  const storyboard = useMemo(() => storyboardOf(film.storyboard), [film.storyboard]);
  if (asked.isPending)
    return (
      <>
        <Loading what="the numbers" />
        <Skeleton className="h-24" />
        <Skeleton className="mt-4 h-64" />
      </>
    );
  if (asked.isError) return <Failed error={asked.error} retry={() => void asked.refetch()} />;
  const { totals, by_day, retention, referrers, quality, views_total, kept } = asked.data;
  return (
    <>
      <DaysChoice days={days} choose={setDays} />
      <Stats>
        <Stat label="Views" value={compact(totals.views)} detail={`${compact(views_total)} ever`} />
        <Stat label="Watched" value={spentOf(totals.watched_ms)} detail={`${compact(totals.sessions)} playings`} />
        <Stat
          label="On average"
          value={spentOf(totals.average_watched_ms)}
          detail={`${percentOf(retention.average_share)} of the film`}
        />
        <Stat
          label="Viewers, day by day"
          value={compact(totals.viewer_days)}
          detail={`${percentOf(totals.autoplay_share)} began by itself`}
        />
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
      <div className="lg:grid lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)] lg:gap-4">
        <Panel
          title="Along the film"
          intro={
            retention.sessions === 0
              ? "Nobody watched it yet."
              : `Over its whole life: ${compact(retention.sessions)} playings. What lies above the line was watched again.`
          }
        >
          {retention.sessions > 0 && (
            <Retention
              watched={retention.watched}
              again={retention.again}
              duration_ms={film.duration_ms ?? 0}
              storyboard={storyboard}
            />
          )}
        </Panel>
        <Panel title="Where they came from">
          <Shares
            title="By the house's own pages"
            parts={referrers.map(({ name, share }) => ({ name: FROM[name] ?? name, share }))}
            empty="Nobody came yet."
          />
        </Panel>
      </div>
      <QualityPanels quality={quality} />
      {kept && (
        <Panel title="How it is kept">
          <p className="text-sm">
            <span className="font-semibold">{CLASSES[kept.class]}</span> since {dayOf(kept.since)}: {kept.because}
          </p>
          {kept.evicted && (
            <p className="mt-1 text-sm text-ink-2">
              {kept.evicted.rungs.join(", ")} gave {bytesOf(kept.evicted.bytes)} back on {dayOf(kept.evicted.at)}; they
              are made again when somebody asks.
            </p>
          )}
        </Panel>
      )}
    </>
  );
}
