import { FastForward, Rewind } from "lucide-react";

import { clockOf } from "../../parts/time.tsx";
import type { Hint } from "./use-gestures.ts";

/** What a finger just did, for the eye. */
export function Hints({ hint }: { hint: Hint }) {
  if (!hint) return null;
  if (hint.kind === "hold")
    return (
      <p className="pointer-events-none absolute inset-x-0 top-4 flex justify-center">
        <span className="flex items-center gap-1.5 rounded-full bg-black/60 px-3.5 py-1.5 text-sm font-semibold text-white">
          2× <FastForward className="size-4 fill-current" aria-hidden="true" />
        </span>
      </p>
    );
  if (hint.kind === "sweep")
    return (
      <p className="pointer-events-none absolute inset-0 grid place-items-center bg-black/35 text-3xl font-bold text-white tabular-nums">
        {clockOf(Math.floor(hint.at_s) * 1000)}
      </p>
    );
  const back = hint.side === "left";
  const Icon = back ? Rewind : FastForward;
  return (
    <p
      className={`rise pointer-events-none absolute inset-y-0 grid w-[38%] place-items-center bg-white/12 text-white ${back ? "left-0 rounded-r-[50%]" : "right-0 rounded-l-[50%]"}`}
    >
      <span className="flex flex-col items-center gap-1 text-sm font-semibold">
        <Icon className="size-7 fill-current" aria-hidden="true" />
        {hint.seconds} s
      </span>
    </p>
  );
}
