import { cx } from "../../parts/class.ts";
import { bytesOf } from "../../parts/numbers.ts";
import { barsOf, type Cost, spentOf, STRATEGY_WORDS } from "./cost-words.ts";

const PARTS = [
  { part: "reads", label: "Reading", tint: "bg-accent-ink" },
  { part: "writes", label: "Pushing", tint: "bg-good" },
  { part: "database", label: "Database", tint: "bg-line-strong" },
] as const;

/** What each way would spend in a second of this house, cheapest marked. A list with its words, so it needs no table. */
export function CostBars({
  costs,
  present,
  advised,
  in_redis,
}: {
  costs: readonly Cost[];
  /** Lists lie there, and their memory is not this process's. */
  in_redis: boolean;
  present: Cost["strategy"];
  advised: Cost["strategy"];
}) {
  return (
    <>
      <ul className="space-y-4" aria-label="What each way costs in a second">
        {costs.map((cost) => {
          const bars = barsOf(cost, costs);
          const { label } = STRATEGY_WORDS[cost.strategy];
          return (
            <li key={cost.strategy} className="text-sm">
              <p className="flex items-baseline justify-between gap-3">
                <span className="flex flex-wrap items-center gap-x-2 gap-y-1 font-semibold">
                  {label}
                  {cost.strategy === present && <Mark>in use</Mark>}
                  {cost.strategy === advised && <Mark good>advised</Mark>}
                </span>
                <span className="shrink-0 font-semibold tabular-nums">{spentOf(cost.us_per_s)}</span>
              </p>
              <div aria-hidden="true" className="mt-1.5 flex h-2 gap-px overflow-hidden rounded-full bg-sunken">
                {PARTS.map(({ part, tint }) => (
                  <div key={part} className={tint} style={{ width: `${bars[part] * 100}%` }} />
                ))}
              </div>
              <p className="mt-1 flex flex-wrap gap-x-3 text-xs text-ink-3 tabular-nums">
                <span>reading {spentOf(cost.reads_us_per_s)}</span>
                <span>pushing {spentOf(cost.writes_us_per_s)}</span>
                <span>database {spentOf(cost.database_us_per_s)}</span>
                <Memory cost={cost} in_redis={in_redis && (cost.strategy === "push" || cost.strategy === "hybrid")} />
              </p>
            </li>
          );
        })}
      </ul>
      <p aria-hidden="true" className="mt-4 flex flex-wrap gap-x-4 gap-y-1 text-xs text-ink-2">
        {PARTS.map(({ part, label, tint }) => (
          <span key={part} className="flex items-center gap-1.5">
            <span className={cx("size-2.5 rounded-full", tint)} />
            {label}
          </span>
        ))}
      </p>
    </>
  );
}

function Memory({ cost: { bytes, bytes_max }, in_redis }: { cost: Cost; in_redis: boolean }) {
  if (bytes_max === 0) return <span>no memory</span>;
  if (in_redis) return <span>{bytesOf(bytes)} in Redis</span>;
  const is_over = bytes > bytes_max;
  return (
    <span className={cx(is_over && "font-semibold text-bad")}>
      {bytesOf(bytes)} of {bytesOf(bytes_max)} of memory{is_over && ", more than there may be"}
    </span>
  );
}

const Mark = ({ good = false, children }: { good?: boolean; children: string }) => (
  <span
    className={cx(
      "rounded-full px-2 py-0.5 text-xs font-semibold",
      good ? "bg-good-tint text-good" : "bg-sunken text-ink-2",
    )}
  >
    {children}
  </span>
);
