import { useState } from "react";

import type { Minute } from "#systems/jobs/contract.ts";

import { ticksOf } from "../media/studio/charts/scale.ts";
import { AsTable } from "../media/studio/charts/table.tsx";
import { useWidth } from "../media/studio/charts/use-width.ts";
import { cx } from "../parts/class.ts";
import { compact } from "../parts/numbers.ts";

const HEIGHT = 168;
const LEFT = 40;
const BOTTOM = 22;
const TOP = 8;
const LABEL_EVERY = 15;
const SPARK_PX = 2;

const PARTS = [
  { part: "done", label: "Done", fill: "fill-good", tint: "bg-good" },
  { part: "failed", label: "Failed, tried again", fill: "fill-warn", tint: "bg-warn" },
  { part: "dead", label: "Died", fill: "fill-bad", tint: "bg-bad" },
] as const;

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const clockAt = (at: string) => CLOCK.format(new Date(at));

/** The last hour, a bar a minute: what ended well below, what failed on top of it. A pointer, a finger or the arrows say a minute's numbers. */
export function FlowChart({ minutes }: { minutes: readonly Minute[] }) {
  const [box, width] = useWidth(640);
  const [over, setOver] = useState<number | null>(null);
  const max = Math.max(0, ...minutes.map(({ done, failed, dead }) => done + failed + dead));
  const ticks = ticksOf(max, 3);
  const top = ticks.at(-1) || 1;
  const inner = width - LEFT;
  const step = inner / Math.max(1, minutes.length);
  const bar = Math.max(1, Math.min(10, step * 0.7));
  const ground = HEIGHT - BOTTOM;
  const tall = (value: number) => (value === 0 ? 0 : Math.max(SPARK_PX, ((ground - TOP) * value) / top));
  const shown = over === null ? null : minutes[over];
  return (
    <figure ref={box} className="min-w-0">
      <figcaption className="mb-2 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1 text-xs text-ink-2">
        <span className="flex flex-wrap gap-x-4 gap-y-1">
          {PARTS.map(({ part, label, tint }) => (
            <span key={part} className="flex items-center gap-1.5">
              <span aria-hidden="true" className={cx("size-2.5 rounded-full", tint)} />
              {label}
            </span>
          ))}
        </span>
        <span className="min-h-4.5 tabular-nums" aria-hidden="true">
          {shown && minuteWords(shown)}
        </span>
      </figcaption>
      <div className="relative">
        {max === 0 && (
          <p aria-hidden="true" className="absolute inset-x-0 top-14 text-center text-sm text-ink-3">
            Nothing ended in the last hour.
          </p>
        )}
        <svg
          role="img"
          aria-label={`What ended in each minute of the last hour, at most ${compact(max)}. The numbers are in the table below.`}
          width={width}
          height={HEIGHT}
          className="block touch-pan-y"
          onPointerMove={(event) => {
            const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT;
            setOver(x < 0 ? null : Math.min(minutes.length - 1, Math.floor(x / step)));
          }}
          onPointerLeave={() => setOver(null)}
        >
          {ticks.map((tick) => (
            <g key={tick}>
              <line
                x1={LEFT}
                x2={width}
                y1={ground - tickTall(tick)}
                y2={ground - tickTall(tick)}
                className="stroke-line"
              />
              <text
                x={LEFT - 8}
                y={ground - tickTall(tick) + 4}
                textAnchor="end"
                className="fill-ink-3 text-[11px] tabular-nums"
              >
                {compact(tick)}
              </text>
            </g>
          ))}
          {minutes.map((minute, at) => {
            const x = LEFT + at * step + (step - bar) / 2;
            let y = ground;
            return (
              <g key={minute.at} opacity={over === null || over === at ? 1 : 0.45}>
                {PARTS.map(({ part, fill }) => {
                  const height = tall(minute[part]);
                  y -= height;
                  return <rect key={part} x={x} y={y} width={bar} height={height} className={fill} />;
                })}
              </g>
            );
          })}
          {minutes.map(
            ({ at: moment }, at) =>
              at % LABEL_EVERY === 0 && (
                <text key={moment} x={LEFT + at * step} y={HEIGHT - 6} className="fill-ink-3 text-[11px] tabular-nums">
                  {clockAt(moment)}
                </text>
              ),
          )}
        </svg>
      </div>
      <AsTable
        caption="What ended in the last hour, minute by minute"
        head={["Minute", "Done", "Failed", "Died"]}
        rows={minutes.map(({ at, done, failed, dead }) => [clockAt(at), done, failed, dead])}
      />
    </figure>
  );

  function tickTall(tick: number): number {
    return ((ground - TOP) * tick) / top;
  }
}

function minuteWords({ at, done, failed, dead }: Minute): string {
  const parts = [
    `${compact(done)} done`,
    failed > 0 && `${compact(failed)} failed`,
    dead > 0 && `${compact(dead)} died`,
  ];
  return `${clockAt(at)}: ${parts.filter((part) => part !== false).join(", ")}`;
}
