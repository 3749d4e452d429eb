import { useState } from "react";

import type { SimulationReport } from "#systems/limits/contract.ts";

import { ticksOf } from "../media/studio/charts/scale.ts";
import { AsTable } from "../media/studio/charts/table.tsx";
import { useWidth } from "../media/studio/charts/use-width.ts";
import { cx } from "../parts/class.ts";
import { compact } from "../parts/numbers.ts";
import { joined, whenWords, whole } from "./simulator-words.ts";

const HEIGHT = 160;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 8;
const BARS_MAX = 96;
const SPARK_PX = 2;

const PARTS = [
  { of: "refused_in_force", label: "In force", fill: "fill-ink-3", tint: "bg-ink-3" },
  { of: "refused_proposed", label: "Proposed", fill: "fill-accent", tint: "bg-accent" },
] as const;

/** How many would be refused as time goes, by both sets side by side. */
export function SimulatorChart({ report }: { report: SimulationReport }) {
  const [box, width] = useWidth(640);
  const [over, setOver] = useState<number | null>(null);
  const points = joined(report.timeline, Math.min(BARS_MAX, Math.floor(width / 6)));
  const max = Math.max(0, ...points.map((point) => Math.max(point.refused_in_force, point.refused_proposed)));
  if (max === 0) return <p className="text-sm text-ink-2">Nobody would have been refused at any time.</p>;
  const ticks = ticksOf(max, 3);
  const ground = HEIGHT - BOTTOM;
  const scale = (ground - TOP) / (ticks.at(-1) || 1);
  const step = (width - LEFT) / points.length;
  const bar = Math.max(1, Math.min(8, step * 0.4));
  const tall = (count: number) => (count === 0 ? 0 : Math.max(SPARK_PX, count * scale));
  const shown = over === null ? null : points[over];
  return (
    <figure ref={box} className="min-w-0">
      <figcaption className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 text-xs text-ink-2">
        <span className="flex flex-wrap gap-x-4 gap-y-1">
          {PARTS.map(({ of, label, tint }) => (
            <span key={of} className="flex items-center gap-1.5">
              <span aria-hidden="true" className={cx("size-2.5 rounded-full", tint)} />
              {label}
            </span>
          ))}
        </span>
        <span className="min-h-4.5 tabular-nums" aria-hidden="true">
          {shown &&
            `${whenWords(shown.at_ms)}: ${whole(shown.refused_in_force)} and ${whole(shown.refused_proposed)} of ${whole(shown.requests)}`}
        </span>
      </figcaption>
      <svg
        role="img"
        aria-label={`Refused requests over time, at most ${compact(max)} at once. The numbers are in the table below.`}
        width={width}
        height={HEIGHT}
        className="block touch-pan-y"
        onPointerMove={(event) => {
          const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT;
          setOver(x < 0 ? null : Math.min(points.length - 1, Math.floor(x / step)));
        }}
        onPointerLeave={() => setOver(null)}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line x1={LEFT} x2={width} y1={ground - tick * scale} y2={ground - tick * scale} className="stroke-line" />
            <text
              x={LEFT - 8}
              y={ground - tick * scale + 4}
              textAnchor="end"
              className="fill-ink-3 text-[11px] tabular-nums"
            >
              {compact(tick)}
            </text>
          </g>
        ))}
        {points.map((point, at) => (
          <g key={point.at_ms} opacity={over === null || over === at ? 1 : 0.45}>
            {PARTS.map(({ of, fill }, i) => (
              <rect
                key={of}
                x={LEFT + at * step + step / 2 + (i - 1) * bar}
                y={ground - tall(point[of])}
                width={bar}
                height={tall(point[of])}
                className={fill}
              />
            ))}
          </g>
        ))}
        <text x={LEFT} y={HEIGHT - 6} className="fill-ink-3 text-[11px] tabular-nums">
          {whenWords(points[0]!.at_ms)}
        </text>
        <text x={width} y={HEIGHT - 6} textAnchor="end" className="fill-ink-3 text-[11px] tabular-nums">
          {whenWords(report.log.last_at_ms)}
        </text>
      </svg>
      <AsTable
        caption="Refused requests over time"
        head={["From", "Requests", "In force", "Proposed"]}
        rows={points.map((point) => [
          whenWords(point.at_ms),
          whole(point.requests),
          whole(point.refused_in_force),
          whole(point.refused_proposed),
        ])}
      />
    </figure>
  );
}
