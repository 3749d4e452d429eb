import { lazy, Suspense, useState } from "react";

import { Pills } from "../parts/pills.tsx";
import { Skeleton } from "../parts/skeleton.tsx";
import { RulesLive } from "./rules-live.tsx";
import { SetsPanel } from "./sets-panel.tsx";

const Simulator = lazy(() => import("./simulator.tsx"));
const TiersPanel = lazy(() => import("./tiers-panel.tsx"));

const ROOMS = [
  ["live", "In force"],
  ["sets", "Rule sets"],
  ["try", "Try on a log"],
  ["tiers", "Somebody"],
] as const;
type Room = (typeof ROOMS)[number][0];

/** How much each may do: what holds and what it decides, other rule sets, and why somebody was refused, or has more. */
export default function AdminLimits() {
  const [room, setRoom] = useState<Room>("live");
  return (
    <>
      <Pills label="Limits" options={ROOMS} value={room} choose={setRoom} className="mb-4" />
      <Suspense fallback={<Skeleton className="h-80 rounded-2xl" />}>
        {room === "live" && <RulesLive />}
        {room === "sets" && <SetsPanel />}
        {room === "try" && <Simulator />}
        {room === "tiers" && <TiersPanel />}
      </Suspense>
    </>
  );
}
