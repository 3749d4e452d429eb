import { clockOf } from "../../parts/time.tsx";
import { chapterAt, type Stretch } from "../chapters.ts";
import { seekTo } from "./acts.ts";

/** The chapters by name, to go to. */
export function ChapterList({
  video,
  parts,
  close,
}: {
  video: HTMLVideoElement;
  parts: readonly Stretch[];
  close: () => void;
}) {
  const here = chapterAt(parts, video.currentTime * 1000);
  return parts.map((part) => (
    <button
      key={part.at_ms}
      type="button"
      role="menuitemradio"
      aria-checked={part === here}
      onClick={() => {
        seekTo(video, part.at_ms / 1000);
        close();
      }}
      className="flex min-h-11 w-full items-center gap-3 rounded-xl px-3 py-1.5 text-left font-medium outline-none hover:bg-white/12 focus-visible:ring-2 focus-visible:ring-white/70 aria-checked:bg-white/14 sm:min-h-10"
    >
      <span className="w-12 shrink-0 text-xs text-white/70 tabular-nums">{clockOf(part.at_ms)}</span>
      <span className="min-w-0 flex-1">{part.title || "Beginning"}</span>
    </button>
  ));
}
