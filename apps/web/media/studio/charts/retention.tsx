import { type PointerEvent, useState } from "react";

import { clockOf } from "../../../parts/time.tsx";
import { type Storyboard, tileAt } from "../../storyboard.ts";
import { percentOf } from "./scale.ts";
import { AsTable } from "./table.tsx";
import { useWidth } from "./use-width.ts";

const HEIGHT = 200;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 8;
const PREVIEW_PX = 128;
const GRID = [0, 0.25, 0.5, 0.75, 1];

/** Who was still there, along the film; what was watched again lies above it. The picture of the place stands at the pointer. */
export function Retention({
  watched,
  again,
  duration_ms,
  storyboard,
}: {
  watched: readonly number[];
  again: readonly number[];
  duration_ms: number;
  storyboard: Storyboard | null;
}) {
  const [box, width] = useWidth(640);
  const [over, setOver] = useState<number | null>(null);
  const inner = width - LEFT - 4;
  const count = Math.max(1, watched.length);
  const x = (at: number) => LEFT + ((at + 0.5) / count) * inner;
  const top = Math.max(1, ...watched.map((part, at) => part + (again[at] ?? 0)));
  const y = (share: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - share / top);
  const line = (of: (at: number) => number) =>
    watched.map((_none, at) => `${x(at).toFixed(1)},${y(of(at)).toFixed(1)}`).join(" ");
  const ground = `${x(count - 1).toFixed(1)},${y(0)} ${x(0).toFixed(1)},${y(0)}`;
  const place_ms = (at: number) => Math.round(((at + 0.5) / count) * duration_ms);
  const tile = storyboard && over !== null ? tileAt(storyboard, place_ms(over)) : null;
  const scale = storyboard ? PREVIEW_PX / Math.max(storyboard.tile_width, storyboard.tile_height) : 1;
  const point = (event: PointerEvent<SVGSVGElement>) => {
    const at = (event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT) / inner;
    setOver(at < 0 || at > 1 ? null : Math.min(count - 1, Math.floor(at * count)));
  };
  return (
    <figure ref={box} className="relative min-w-0">
      <figcaption className="mb-1 flex items-baseline justify-between gap-3 text-sm">
        <span className="font-semibold">Who is still there</span>
        <span aria-hidden="true" className="text-xs text-ink-2 tabular-nums">
          {over === null
            ? ""
            : `${clockOf(place_ms(over))}: ${percentOf(watched[over] ?? 0)}${again[over] ? `, again ${percentOf(again[over])}` : ""}`}
        </span>
      </figcaption>
      <svg
        role="img"
        aria-label={`The share of playings that watched each part of the film. The numbers are in the table below.`}
        width={width}
        height={HEIGHT}
        className="block touch-pan-y"
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setOver(null)}
      >
        {GRID.map((share) => (
          <g key={share}>
            <line x1={LEFT} x2={width} y1={y(share)} y2={y(share)} className="stroke-line" />
            <text x={LEFT - 8} y={y(share) + 4} textAnchor="end" className="fill-ink-3 text-[11px] tabular-nums">
              {percentOf(share)}
            </text>
          </g>
        ))}
        <polygon
          points={`${line((at) => (watched[at] ?? 0) + (again[at] ?? 0))} ${ground}`}
          className="fill-warn-tint"
        />
        <polygon points={`${line((at) => watched[at] ?? 0)} ${ground}`} className="fill-accent-tint" />
        <polyline
          points={line((at) => watched[at] ?? 0)}
          fill="none"
          strokeWidth="2"
          strokeLinejoin="round"
          className="stroke-accent-ink"
        />
        {over !== null && (
          <g>
            <line x1={x(over)} x2={x(over)} y1={TOP} y2={y(0)} className="stroke-ink" strokeDasharray="3 3" />
            <circle
              cx={x(over)}
              cy={y(watched[over] ?? 0)}
              r="4"
              className="fill-accent-ink stroke-surface"
              strokeWidth="2"
            />
          </g>
        )}
        {[0, 0.25, 0.5, 0.75].map((share) => (
          <text key={share} x={LEFT + share * inner} y={HEIGHT - 6} className="fill-ink-3 text-[11px] tabular-nums">
            {clockOf(share * duration_ms)}
          </text>
        ))}
      </svg>
      {tile && storyboard && over !== null && (
        <span
          aria-hidden="true"
          className="pointer-events-none absolute bottom-full z-10 mb-1 -translate-x-1/2 overflow-hidden rounded-lg border-2 border-surface shadow-2"
          style={{
            left: Math.min(width - PREVIEW_PX / 2, Math.max(PREVIEW_PX / 2, x(over))),
            width: storyboard.tile_width * scale,
            height: storyboard.tile_height * scale,
          }}
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
      <AsTable
        caption="Who is still there, along the film"
        head={["Place", "Watched it", "Again"]}
        rows={watched
          .map(
            (part, at) =>
              [clockOf((at / count) * duration_ms), percentOf(part), percentOf(again[at] ?? 0), at] as const,
          )
          .filter(([, , , at]) => at % 5 === 0)
          .map(([place, part, more, at]) => [duration_ms < 120_000 ? `${place} (${at} %)` : place, part, more])}
      />
    </figure>
  );
}
