import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { getFlow, getQueues } from "#systems/jobs/contract.ts";

import { cx } from "../parts/class.ts";
import { Failed } from "../parts/empty.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Panel } from "../people/sections.tsx";
import { ask } from "../shell/house.ts";
import { ClassWaits } from "./class-waits.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { FlowChart } from "./flow-chart.tsx";
import { JobList } from "./job-list.tsx";
import { JobSheetView } from "./job-sheet.tsx";
import { Kinds } from "./kinds.tsx";
import { LOOK_EVERY_MS } from "./refresh.ts";
import { headlineOf } from "./words.ts";

const TONES = { good: "text-good", warn: "text-warn", bad: "text-bad" } as const;

/** What works in the background: is anything late, what flows, what died, and each job with what can be done about it. */
export default function AdminJobs() {
  const queues = useQuery({ ...ask(getQueues), refetchInterval: LOOK_EVERY_MS });
  const flow = useQuery({ ...ask(getFlow), refetchInterval: LOOK_EVERY_MS });
  const [job_id, setJobId] = useState<string | null>(null);
  if (queues.isPending || flow.isPending)
    return (
      <>
        <Loading what="the jobs" />
        <Skeleton className="mb-4 h-84 rounded-2xl" />
        <Skeleton className="h-72 rounded-2xl" />
      </>
    );
  // What was seen stays while the house is away; the page's own note says that it is.
  if (!queues.data) return <Failed error={queues.error} retry={() => void queues.refetch()} />;
  const { tone, words } = headlineOf(queues.data);
  return (
    <>
      <Panel title="Jobs" intro={<span className={cx("font-medium", TONES[tone])}>{words}</span>}>
        <ClassWaits classes={queues.data.classes} />
      </Panel>
      <Panel title="The last hour" intro="What ended, minute by minute, on all nodes.">
        {flow.data ? (
          <FlowChart minutes={flow.data.minutes} />
        ) : (
          <Failed error={flow.error} retry={() => void flow.refetch()} />
        )}
      </Panel>
      <DeadLetters open={setJobId} />
      <Panel title="By kind" intro="What each is at now, and what came of it in the last hour.">
        <Kinds kinds={queues.data.kinds} />
      </Panel>
      <JobList kinds={[...new Set(queues.data.kinds.map(({ kind }) => kind))].sort()} open={setJobId} />
      {job_id !== null && <JobSheetView key={job_id} id={job_id} close={() => setJobId(null)} />}
    </>
  );
}
