import { useQuery } from "@tanstack/react-query";

import { Failed } from "../parts/empty.tsx";
import { Loading, RowSkeleton } from "../parts/skeleton.tsx";
import { Panel } from "../people/sections.tsx";
import { Letters } from "./letters.tsx";
import { PushPanel } from "./push-panel.tsx";
import { QuietHours } from "./quiet-hours.tsx";
import { settingsQuery } from "./settings.ts";
import { SwitchTable } from "./switch-table.tsx";

/** What reaches somebody, where, and when not. */
export function NotifySettingsPanels() {
  const asked = useQuery(settingsQuery);
  if (asked.isError)
    return (
      <Panel title="Notifications">
        <Failed error={asked.error} retry={() => void asked.refetch()} />
      </Panel>
    );
  if (asked.isPending)
    return (
      <Panel title="Notifications">
        <Loading what="your settings" />
        <RowSkeleton />
        <RowSkeleton />
      </Panel>
    );
  return (
    <>
      <PushPanel push={asked.data.push} />
      <Letters settings={asked.data} />
      <QuietHours settings={asked.data} />
      <SwitchTable kinds={asked.data.kinds} />
    </>
  );
}
