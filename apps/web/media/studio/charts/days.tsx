import { useState } from "react";

import { dayWords, ticksOf } from "./scale.ts";
import { AsTable } from "./table.tsx";
import { useWidth } from "./use-width.ts";

const HEIGHT = 180;
const LEFT = 44;
const BOTTOM = 22;
const TOP = 8;
const LABEL_PX = 64;

/** One bar a day. A pointer or a finger says a day's number. */
export function DayBars({
  label,
  days,
  say,
}: {
  /** What is counted: "Views". */
  label: string;
  days: readonly { day: string; value: number }[];
  say: (value: number) => string;
}) {
  const [box, width] = useWidth(640);
  const [over, setOver] = useState<number | null>(null);
  const max = Math.max(0, ...days.map(({ value }) => value));
  const ticks = ticksOf(max);
  const top = ticks.at(-1) || 1;
  const inner = width - LEFT;
  const step = inner / Math.max(1, days.length);
  const bar = Math.max(1, Math.min(28, step * 0.72));
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const every = Math.max(1, Math.ceil(LABEL_PX / step));
  const shown = over === null ? null : days[over];
  return (
    <figure ref={box} className="relative min-w-0">
      <figcaption className="mb-1 flex items-baseline justify-between gap-3 text-sm">
        <span className="font-semibold">{label}</span>
        <span className="text-xs text-ink-2 tabular-nums" aria-hidden="true">
          {shown ? `${dayWords(shown.day)}: ${say(shown.value)}` : ""}
        </span>
      </figcaption>
      {max === 0 && (
        <p aria-hidden="true" className="absolute inset-x-0 top-24 text-center text-sm text-ink-3">
          Nothing in this time.
        </p>
      )}
      <svg
        role="img"
        aria-label={`${label} by day, at most ${say(max)}. The numbers are in the table below.`}
        width={width}
        height={HEIGHT}
        className="block touch-pan-y"
        onPointerMove={(event) => {
          const x = event.clientX - event.currentTarget.getBoundingClientRect().left - LEFT;
          setOver(x < 0 ? null : Math.min(days.length - 1, Math.floor(x / step)));
        }}
        onPointerLeave={() => setOver(null)}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} className="stroke-line" strokeWidth="1" />
            <text x={LEFT - 8} y={y(tick) + 4} textAnchor="end" className="fill-ink-3 text-[11px] tabular-nums">
              {say(tick)}
            </text>
          </g>
        ))}
        {days.map(({ day, value }, at) => (
          <rect
            key={day}
            x={LEFT + at * step + (step - bar) / 2}
            y={value > 0 ? Math.min(y(value), y(0) - 1.5) : y(0)}
            width={bar}
            height={value > 0 ? Math.max(1.5, y(0) - y(value)) : 0}
            rx={Math.min(3, bar / 2)}
            className={at === over ? "fill-ink" : "fill-accent-ink"}
          />
        ))}
        {days.map(
          ({ day }, at) =>
            at % every === 0 &&
            at * step + 30 < inner && (
              <text key={day} x={LEFT + at * step} y={HEIGHT - 6} className="fill-ink-3 text-[11px]">
                {dayWords(day)}
              </text>
            ),
        )}
      </svg>
      <AsTable
        caption={`${label} by day`}
        head={["Day", label]}
        rows={days.map(({ day, value }) => [dayWords(day), say(value)])}
      />
    </figure>
  );
}
