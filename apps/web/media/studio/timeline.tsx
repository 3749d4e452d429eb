import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";

import { cx } from "../../parts/class.ts";
import { spoken } from "../at-time.ts";
import { type Storyboard, tileAt } from "../storyboard.ts";
import type { Part } from "./part.ts";
import { exactOf } from "./studio-player.tsx";

const KEY_MS = 1_000;
const FINE_MS = 40;
const PAGE_MS = 10_000;
/** About as wide as a picture is to be told from its neighbour. */
const TILE_PX = 84;

/** The film as a strip of its own pictures, with two handles for what is kept. */
export function Timeline({
  duration_ms,
  start_ms,
  end_ms,
  at_ms,
  gap_ms,
  storyboard,
  marks,
  change,
  seek,
}: {
  duration_ms: number;
  start_ms: number;
  end_ms: number;
  at_ms: number;
  /** Between the two handles at least. */
  gap_ms: number;
  storyboard: Storyboard | null;
  /** Where a cut hides nothing. */
  marks: readonly number[];
  change: (to: Partial<Part>) => void;
  seek: (to_ms: number) => void;
}) {
  const strip = useRef<HTMLDivElement>(null);
  const width = useWidth(strip);
  const share = (ms: number) => `${(Math.min(duration_ms, Math.max(0, ms)) / Math.max(1, duration_ms)) * 100}%`;
  const place = (event: PointerEvent<HTMLElement>) => {
    const box = strip.current!.getBoundingClientRect();
    return Math.round(Math.min(1, Math.max(0, (event.clientX - box.left) / Math.max(1, box.width))) * duration_ms);
  };
  const move = (to: Partial<Part>) => {
    change(to);
    seek(to.start_ms ?? to.end_ms ?? 0);
  };
  return (
    <div className="px-6 py-2">
      <div ref={strip} className="relative h-16 touch-none select-none sm:h-20">
        <div
          aria-hidden="true"
          className="absolute inset-0 flex cursor-pointer overflow-hidden rounded-lg bg-sunken"
          onPointerDown={(event) => seek(place(event))}
          onPointerMove={(event) => event.buttons === 1 && seek(place(event))}
        >
          <Tiles storyboard={storyboard} duration_ms={duration_ms} count={Math.max(1, Math.round(width / TILE_PX))} />
        </div>
        <span
          aria-hidden="true"
          className="pointer-events-none absolute inset-y-0 left-0 rounded-l-lg bg-birch/75"
          style={{ width: share(start_ms) }}
        />
        <span
          aria-hidden="true"
          className="pointer-events-none absolute inset-y-0 right-0 rounded-r-lg bg-birch/75"
          style={{ left: share(end_ms) }}
        />
        <span
          aria-hidden="true"
          className="pointer-events-none absolute inset-y-0 rounded-md border-y-[3px] border-accent-ink"
          style={{ left: share(start_ms), right: `calc(100% - ${share(end_ms)})` }}
        />
        {marks.map((ms) => (
          <span
            key={ms}
            aria-hidden="true"
            className="pointer-events-none absolute -bottom-2 h-2 w-px bg-line-strong"
            style={{ left: share(ms) }}
          />
        ))}
        <span
          aria-hidden="true"
          className="pointer-events-none absolute -inset-y-1.5 w-0.5 -translate-x-1/2 rounded-full bg-ink"
          style={{ left: share(at_ms) }}
        />
        <Handle
          label="The kept part begins"
          side="start"
          ms={start_ms}
          min_ms={0}
          max_ms={end_ms - gap_ms}
          left={share(start_ms)}
          place={place}
          set={(to) => move({ start_ms: Math.min(to, end_ms - gap_ms) })}
        />
        <Handle
          label="The kept part ends"
          side="end"
          ms={end_ms}
          min_ms={start_ms + gap_ms}
          max_ms={duration_ms}
          left={share(end_ms)}
          place={place}
          set={(to) => move({ end_ms: Math.max(to, start_ms + gap_ms) })}
        />
      </div>
    </div>
  );
}

function Handle({
  label,
  side,
  ms,
  min_ms,
  max_ms,
  left,
  place,
  set,
}: {
  label: string;
  side: "start" | "end";
  ms: number;
  min_ms: number;
  max_ms: number;
  left: string;
  place: (event: PointerEvent<HTMLElement>) => number;
  set: (to_ms: number) => void;
}) {
  const onKeyDown = (event: KeyboardEvent) => {
    const small = event.shiftKey ? FINE_MS : KEY_MS;
    const step = {
      ArrowLeft: -small,
      ArrowRight: small,
      ArrowDown: -small,
      ArrowUp: small,
      PageDown: -PAGE_MS,
      PageUp: PAGE_MS,
    }[event.key];
    if (step !== undefined) set(ms + step);
    else if (event.key === "Home") set(min_ms);
    else if (event.key === "End") set(max_ms);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={min_ms}
      aria-valuemax={max_ms}
      aria-valuenow={ms}
      aria-valuetext={`${spoken(ms / 1000)}, exactly ${exactOf(ms)}`}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event) => event.currentTarget.hasPointerCapture(event.pointerId) && set(place(event))}
      onKeyDown={onKeyDown}
      style={{ left }}
      className={cx(
        "absolute -inset-y-1 grid w-6 cursor-ew-resize touch-none place-items-center outline-none before:absolute before:-inset-x-2 before:inset-y-0 focus-visible:outline-2 focus-visible:outline-offset-2 focus-visible:outline-accent-ink",
        side === "start" ? "-translate-x-full rounded-l-lg" : "rounded-r-lg",
        "bg-accent text-on-accent",
      )}
    >
      <span aria-hidden="true" className="h-6 w-0.5 rounded-full bg-current" />
    </div>
  );
}

function Tiles({
  storyboard,
  duration_ms,
  count,
}: {
  storyboard: Storyboard | null;
  duration_ms: number;
  count: number;
}) {
  const tiles = useMemo(() => {
    if (!storyboard) return [];
    return Array.from({ length: count }, (_none, at) => tileAt(storyboard, ((at + 0.5) / count) * duration_ms));
  }, [storyboard, duration_ms, count]);
  if (!storyboard) return null;
  return tiles.map(
    (tile, at) =>
      tile && (
        <svg
          key={`${at} ${tile.x} ${tile.y}`}
          viewBox={`0 0 ${storyboard.tile_width} ${storyboard.tile_height}`}
          preserveAspectRatio="xMidYMid slice"
          className="h-full min-w-0 flex-1"
        >
          <image href={tile.url} x={-tile.x} y={-tile.y} />
        </svg>
      ),
  );
}

/** In px, as the window goes. */
function useWidth(of: React.RefObject<HTMLElement | null>): number {
  const [width, setWidth] = useState(600);
  useEffect(() => {
    if (!of.current) return;
    const observer = new ResizeObserver(([entry]) => entry && setWidth(entry.contentRect.width));
    observer.observe(of.current);
    return () => observer.disconnect();
  }, [of]);
  return width;
}
