import { Link } from "@tanstack/react-router";
import { Pause, Play, X } from "lucide-react";
import { useEffect, useState } from "react";

import { IconButton } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { playerBox, type Playing, searchOf, stopPlaying } from "../now-playing.ts";
import { togglePlay } from "./acts.ts";

/** Where the film goes on while its viewer looks at something else: a card in the corner, on phones a bar above the thumb. */
export function Corner({
  playing,
  title,
  place,
}: {
  playing: Playing;
  title: string;
  place: (element: HTMLElement | null) => void;
}) {
  const there = playing.place === "corner";
  const { paused, share } = useCornerState(there);
  const to = {
    to: "/watch/$id",
    params: { id: playing.video_id },
    search: searchOf(playing),
  } as const;
  return (
    <aside
      aria-label="What you are watching"
      hidden={!there}
      className={cx(
        there && "rise flex sm:block",
        "fixed z-35 overflow-hidden border border-line bg-raised shadow-2 max-sm:inset-x-2 max-sm:bottom-[calc(4.5rem+env(safe-area-inset-bottom))] max-sm:items-center max-sm:rounded-2xl sm:right-5 sm:bottom-5 sm:w-88 sm:rounded-2xl",
      )}
    >
      <div className="relative h-16 w-28 shrink-0 bg-black sm:aspect-video sm:h-auto sm:w-full">
        <div ref={place} className="size-full" />
        <Link {...to} aria-label={`Back to ${title}`} className="absolute inset-0 -outline-offset-4 outline-white" />
      </div>
      <div className="flex min-w-0 flex-1 items-center gap-1 py-1 pr-1 pl-3 sm:pl-4">
        <Link {...to} tabIndex={-1} className="min-w-0 flex-1 truncate py-2 text-sm font-semibold hover:underline">
          {title}
        </Link>
        <IconButton
          label={paused ? "Play" : "Pause"}
          onClick={() => {
            const video = playerBox().querySelector("video");
            if (video) togglePlay(video);
          }}
        >
          {paused ? <Play className="size-5 fill-current" /> : <Pause className="size-5 fill-current" />}
        </IconButton>
        <IconButton label="Close the video" onClick={stopPlaying}>
          <X className="size-5" />
        </IconButton>
      </div>
      <span aria-hidden="true" className="absolute inset-x-0 bottom-0 h-[3px] bg-line">
        <span className="block h-full origin-left bg-accent-ink" style={{ transform: `scaleX(${share})` }} />
      </span>
    </aside>
  );
}

function useCornerState(there: boolean): { paused: boolean; share: number } {
  const [state, setState] = useState({ paused: true, share: 0 });
  useEffect(() => {
    const video = there ? playerBox().querySelector("video") : null;
    if (!video) return;
    const look = () =>
      setState({ paused: video.paused, share: video.duration > 0 ? video.currentTime / video.duration : 0 });
    look();
    const events = ["play", "pause", "timeupdate", "ended"];
    for (const event of events) video.addEventListener(event, look);
    return () => {
      for (const event of events) video.removeEventListener(event, look);
    };
  }, [there]);
  return state;
}
