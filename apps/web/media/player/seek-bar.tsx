import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";

import { clockOf } from "../../parts/time.tsx";
import { spoken } from "../at-time.ts";
import { chapterAt, type Stretch } from "../chapters.ts";
import { type Storyboard, tileAt } from "../storyboard.ts";
import { seekBy, seekTo } from "./acts.ts";

const KEY_S = 5;
const PAGE_S = 60;
const PREVIEW_PX = 168;

/** The film as a line: what is loaded, its chapters, and what stands where the pointer is. */
export function SeekBar({
  video,
  duration_s,
  parts,
  storyboard,
}: {
  video: HTMLVideoElement;
  duration_s: number;
  parts: readonly Stretch[];
  storyboard: Storyboard | null;
}) {
  const bar = useRef<HTMLDivElement>(null);
  const [now_s, setNow] = useState(() => Math.floor(video.currentTime));
  const [over, setOver] = useState<{ at_s: number; x: number; width: number } | null>(null);
  const dragging = useRef(false);
  const wasPaused = useRef(true);
  useMoving(video, bar, duration_s, setNow);

  const placeOf = (event: PointerEvent<HTMLElement>) => {
    const { left, width } = bar.current!.getBoundingClientRect();
    const x = Math.min(width, Math.max(0, event.clientX - left));
    return { at_s: (x / Math.max(1, width)) * duration_s, x, width };
  };
  const onPointerDown = (event: PointerEvent<HTMLElement>) => {
    if (event.button !== 0) return;
    event.stopPropagation();
    event.currentTarget.setPointerCapture(event.pointerId);
    dragging.current = true;
    wasPaused.current = video.paused;
    video.pause();
    const place = placeOf(event);
    setOver(place);
    seekTo(video, place.at_s);
  };
  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const place = placeOf(event);
    setOver(place);
    // With a storyboard the pictures tell; without, the film itself does, one seek at a time.
    if (dragging.current && (!storyboard ? !video.seeking : false)) seekTo(video, place.at_s);
  };
  const onPointerUp = (event: PointerEvent<HTMLElement>) => {
    if (!dragging.current) return;
    dragging.current = false;
    seekTo(video, placeOf(event).at_s);
    if (!wasPaused.current) void video.play().catch(() => {});
    if (event.pointerType !== "mouse") setOver(null);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -KEY_S, ArrowRight: KEY_S, PageDown: -PAGE_S, PageUp: PAGE_S }[event.key];
    if (step !== undefined) seekBy(video, step);
    else if (event.key === "Home") seekTo(video, 0);
    else if (event.key === "End") seekTo(video, duration_s);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const here = chapterAt(parts, now_s * 1000);
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label="Place in the video"
      aria-valuemin={0}
      aria-valuemax={Math.floor(duration_s)}
      aria-valuenow={now_s}
      aria-valuetext={`${spoken(now_s)} of ${spoken(duration_s)}${here?.title ? `, ${here.title}` : ""}`}
      className="group/bar relative flex h-6 w-full cursor-pointer touch-none items-center outline-none"
      onPointerDown={onPointerDown}
      onPointerMove={onPointerMove}
      onPointerUp={onPointerUp}
      onPointerCancel={onPointerUp}
      onPointerLeave={() => !dragging.current && setOver(null)}
      onKeyDown={onKeyDown}
    >
      <div
        ref={bar}
        className="seek-bar relative flex h-1 w-full gap-[3px] rounded-full transition-[height] group-hover/bar:h-1.5 group-focus-visible/bar:h-1.5"
      >
        {parts.map((part) => (
          <Part key={part.at_ms} part={part} duration_ms={duration_s * 1000} over_ms={over ? over.at_s * 1000 : null} />
        ))}
        <span className="seek-thumb absolute top-1/2 size-3.5 -translate-1/2 scale-0 rounded-full bg-[#ff8a7c] transition-transform group-hover/bar:scale-100 group-focus-visible/bar:scale-125 group-focus-visible/bar:ring-2 group-focus-visible/bar:ring-white" />
      </div>
      {over && duration_s > 0 && <Preview {...over} parts={parts} storyboard={storyboard} />}
    </div>
  );
}

/** Moves the line without drawing the page again: the place and what is loaded are two numbers for the style sheet. */
function useMoving(
  video: HTMLVideoElement,
  bar: React.RefObject<HTMLDivElement | null>,
  duration_s: number,
  setNow: (seconds: number) => void,
) {
  useEffect(() => {
    let frame = 0;
    const draw = () => {
      const line = bar.current;
      if (line && duration_s > 0) {
        line.style.setProperty("--at", String(Math.min(1, video.currentTime / duration_s)));
        line.style.setProperty("--loaded", String(Math.min(1, loadedTo(video) / duration_s)));
      }
      setNow(Math.floor(video.currentTime));
    };
    const loop = () => {
      draw();
      frame = requestAnimationFrame(loop);
    };
    const run = () => {
      cancelAnimationFrame(frame);
      loop();
    };
    const rest = () => {
      cancelAnimationFrame(frame);
      draw();
    };
    if (video.paused) draw();
    else run();
    video.addEventListener("play", run);
    video.addEventListener("pause", rest);
    for (const event of ["seeking", "progress", "timeupdate"]) video.addEventListener(event, draw);
    return () => {
      cancelAnimationFrame(frame);
      video.removeEventListener("play", run);
      video.removeEventListener("pause", rest);
      for (const event of ["seeking", "progress", "timeupdate"]) video.removeEventListener(event, draw);
    };
  }, [video, bar, duration_s, setNow]);
}

function loadedTo({ buffered, currentTime }: HTMLVideoElement): number {
  for (let at = 0; at < buffered.length; at++)
    if (buffered.start(at) <= currentTime + 0.5 && currentTime <= buffered.end(at)) return buffered.end(at);
  return currentTime;
}

/** One chapter's length of the line; without chapters it is one that goes all the way. */
function Part({ part, duration_ms, over_ms }: { part: Stretch; duration_ms: number; over_ms: number | null }) {
  const length = Math.max(1, part.ends_ms - part.at_ms);
  const from = part.at_ms / Math.max(1, duration_ms);
  const share = length / Math.max(1, duration_ms);
  const within = over_ms === null ? 0 : Math.min(1, Math.max(0, (over_ms - part.at_ms) / length));
  const grown = over_ms !== null && over_ms >= part.at_ms && over_ms < part.ends_ms;
  const fill = (of: string) => ({ transform: `scaleX(clamp(0, (${of} - ${from}) / ${share}, 1))` });
  return (
    <span
      className={`relative block h-full overflow-hidden rounded-full bg-white/28 ${grown ? "scale-y-140" : ""}`}
      style={{ flex: `${length} 0 0` }}
    >
      <span className="absolute inset-0 origin-left bg-white/30" style={fill("var(--loaded, 0)")} />
      <span className="absolute inset-0 origin-left bg-white/35" style={{ transform: `scaleX(${within})` }} />
      <span className="absolute inset-0 origin-left bg-[#ff8a7c]" style={fill("var(--at, 0)")} />
    </span>
  );
}

function Preview({
  at_s,
  x,
  width,
  parts,
  storyboard,
}: {
  at_s: number;
  x: number;
  width: number;
  parts: readonly Stretch[];
  storyboard: Storyboard | null;
}) {
  const tile = storyboard && tileAt(storyboard, at_s * 1000);
  const title = chapterAt(parts, at_s * 1000)?.title;
  const scale = storyboard ? PREVIEW_PX / Math.max(storyboard.tile_width, storyboard.tile_height) : 1;
  const wide = storyboard ? storyboard.tile_width * scale : 64;
  const left = Math.min(Math.max(0, width - wide / 2), Math.max(wide / 2, x));
  return (
    <span
      aria-hidden="true"
      className="pointer-events-none absolute bottom-7 flex -translate-x-1/2 flex-col items-center gap-1 text-xs font-semibold text-white"
      style={{ left }}
    >
      {tile && storyboard && (
        <span
          className="overflow-hidden rounded-lg border-2 border-white/90 shadow-2"
          style={{ width: wide, height: storyboard.tile_height * scale }}
        >
          <span
            className="block origin-top-left"
            style={{
              width: storyboard.tile_width,
              height: storyboard.tile_height,
              transform: `scale(${scale})`,
              background: `url("${tile.url}") -${tile.x}px -${tile.y}px`,
            }}
          />
        </span>
      )}
      <span className="max-w-56 truncate rounded-md bg-black/75 px-1.5 py-0.5 tabular-nums">
        {title && <span className="mr-1.5 font-normal">{title}</span>}
        {clockOf(Math.floor(at_s) * 1000)}
      </span>
    </span>
  );
}
