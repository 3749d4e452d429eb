import { lazy, Suspense, useState } from "react";

import { cx } from "../parts/class.ts";
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
      <div role="group" aria-label="Limits" className="mb-4 flex flex-wrap gap-1 sm:gap-1.5">
        {ROOMS.map(([id, label]) => (
          <button
            key={id}
            type="button"
            aria-pressed={room === id}
            onClick={() => setRoom(id)}
            className={cx(
              "h-11 rounded-full px-3.5 text-sm font-semibold sm:px-4.5",
              room === id ? "bg-ink text-birch" : "bg-sunken text-ink-2 hover:text-ink",
            )}
          >
            {label}
          </button>
        ))}
      </div>
      <Suspense fallback={<Skeleton className="h-80 rounded-2xl" />}>
        {room === "live" && <RulesLive />}
        {room === "sets" && <SetsPanel />}
        {room === "try" && <Simulator />}
        {room === "tiers" && <TiersPanel />}
      </Suspense>
    </>
  );
}
