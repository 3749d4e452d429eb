import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { getFlow, getQueues } from "#systems/jobs/contract.ts";

import { cx } from "../parts/class.ts";
import { Failed } from "../parts/empty.tsx";
import { Pills } from "../parts/pills.tsx";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Panel } from "../people/sections.tsx";
import { ask } from "../shell/house.ts";
import { ByClock } from "./by-clock.tsx";
import { ClassWaits } from "./class-waits.tsx";
import { DeadLetters } from "./dead-letters.tsx";
import { FlowChart } from "./flow-chart.tsx";
import { JobList } from "./job-list.tsx";
import { JobSheetView } from "./job-sheet.tsx";
import { Kinds } from "./kinds.tsx";
import { LOOK_EVERY_MS } from "./refresh.ts";
import { Select } from "./select.tsx";
import { RUNNING, type Sought } from "./sought.ts";
import { Whose } from "./whose.tsx";
import { headlineOf, rateOf } from "./words.ts";

const TONES = { good: "text-good", warn: "text-warn", bad: "text-bad" } as const;
const ROOMS = [
  ["now", "How it is"],
  ["list", "One by one"],
  ["clock", "By the clock"],
] as const;

/** What works in the background: is anything late, what flows, what died, and each job with what can be done about it. */
export default function AdminJobs() {
  const [room, setRoom] = useState<(typeof ROOMS)[number][0]>("now");
  const [isLed, setIsLed] = useState(false);
  const [sought, setSought] = useState(RUNNING);
  const [job_id, setJobId] = useState<string | null>(null);
  const queues = useQuery({ ...ask(getQueues), refetchInterval: LOOK_EVERY_MS });
  if (queues.isPending)
    return (
      <>
        <Loading what="the jobs" />
        <Skeleton className="mb-4 h-84 rounded-2xl" />
        <Skeleton className="h-72 rounded-2xl" />
      </>
    );
  // What was seen stays while the house is away; the page's own note says that it is.
  if (!queues.data) return <Failed error={queues.error} retry={() => void queues.refetch()} />;
  const kinds = [...new Set(queues.data.kinds.map(({ kind }) => kind))].sort();
  const seek = (wanted: Sought) => {
    setJobId(null);
    setSought(wanted);
    if (room === "list") return;
    scrollTo({ top: 0 });
    setIsLed(true);
    setRoom("list");
  };
  const { tone, words } = headlineOf(queues.data);
  return (
    <>
      <Pills
        label="Jobs"
        options={ROOMS}
        value={room}
        choose={(chosen) => {
          setIsLed(false);
          setRoom(chosen);
        }}
        className="mb-4"
      />
      {room === "now" && (
        <>
          <Panel title="Jobs" intro={<span className={cx("font-medium", TONES[tone])}>{words}</span>}>
            <ClassWaits classes={queues.data.classes} seek={seek} />
          </Panel>
          <LastHour kinds={kinds} />
          <DeadLetters open={setJobId} seek={seek} />
          <Panel title="By kind" intro="What each is at now, and what came of it in the last hour.">
            <Kinds kinds={queues.data.kinds} seek={seek} />
          </Panel>
          <Whose seek={seek} />
        </>
      )}
      {room === "list" && <JobList sought={sought} seek={setSought} kinds={kinds} open={setJobId} is_led_to={isLed} />}
      {room === "clock" && <ByClock open={setJobId} />}
      {job_id !== null && <JobSheetView key={job_id} id={job_id} close={() => setJobId(null)} seek={seek} />}
    </>
  );
}

function LastHour({ kinds }: { kinds: readonly string[] }) {
  const [kind, setKind] = useState("");
  const query = kind === "" ? {} : { kind };
  const flow = useQuery({
    ...ask(getFlow, { query }),
    refetchInterval: LOOK_EVERY_MS,
    placeholderData: (last) => last,
  });
  return (
    <Panel
      title="The last hour"
      intro={flow.data ? rateOf(flow.data.minutes) : "What ended, minute by minute, on all nodes."}
    >
      <Select label="Kind in the last hour" value={kind} change={setKind} className="mb-4">
        <option value="">All kinds</option>
        {kinds.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
      {flow.data ? (
        <FlowChart minutes={flow.data.minutes} />
      ) : flow.isPending ? (
        <Skeleton className="h-48 rounded-2xl" />
      ) : (
        <Failed error={flow.error} retry={() => void flow.refetch()} />
      )}
    </Panel>
  );
}
