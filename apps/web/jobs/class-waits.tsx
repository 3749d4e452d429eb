import type { ClassQueue } from "#systems/jobs/contract.ts";

import { cx } from "../parts/class.ts";
import { RUNNING, type Sought } from "./sought.ts";
import { CLASS_WORDS, queuedOf, shareOf, waitOf } from "./words.ts";

/** From here on the bar warns: what goes on like this will be late. */
const NEAR = 0.6;

/** How long the oldest of each class waits, beside how long it may. A list with its words, so it needs no table. */
export function ClassWaits({ classes, seek }: { classes: readonly ClassQueue[]; seek: (sought: Sought) => void }) {
  return (
    <>
      <ul className="grid gap-3 sm:grid-cols-3" aria-label="Queues by class">
        {classes.map((one) => {
          const share = shareOf(one);
          const { label, detail } = CLASS_WORDS[one.class];
          return (
            <li key={one.class} className="rounded-2xl border border-line p-4">
              <div className="flex items-start justify-between gap-3 sm:block">
                <p className="min-w-0">
                  <span className="block text-sm font-semibold">{label}</span>
                  <span className={cx("block text-xs", one.is_starving ? "font-semibold text-bad" : "text-ink-3")}>
                    {one.is_starving ? "Waits too long" : detail}
                  </span>
                </p>
                <p
                  className={cx("text-xl font-bold tracking-tight tabular-nums sm:mt-3", one.is_starving && "text-bad")}
                >
                  {one.oldest_wait_s === 0 ? "No wait" : waitOf(one.oldest_wait_s)}
                </p>
              </div>
              <div aria-hidden="true" className="mt-2 h-1.5 overflow-hidden rounded-full bg-sunken">
                <div
                  className={cx(
                    "h-full rounded-full transition-[width] duration-500",
                    one.is_starving ? "bg-bad" : share > NEAR ? "bg-warn" : "bg-good",
                  )}
                  style={{ width: `${Math.min(1, share) * 100}%` }}
                />
              </div>
              <div className="mt-2 flex flex-wrap justify-between gap-x-3 text-xs tabular-nums sm:block">
                <p className="text-ink-3">{waitOf(one.wait_s_max)} at most</p>
                <p className="text-ink-2 sm:mt-3 sm:border-t sm:border-line sm:pt-3">{queuedOf(one)}</p>
              </div>
              {one.waiting + one.later + one.running > 0 && (
                <button
                  type="button"
                  onClick={() =>
                    seek({ ...RUNNING, state: one.waiting + one.later > 0 ? "queued" : "running", class: one.class })
                  }
                  className="-mb-2 -ml-2 rounded-lg px-2 py-2 text-xs font-semibold text-accent-ink hover:underline"
                >
                  {one.waiting + one.later > 0 ? "See what waits" : "See what runs"}
                  <span className="sr-only"> in {label}</span>
                </button>
              )}
            </li>
          );
        })}
      </ul>
      {classes.map(
        ({ class: of, advice }) =>
          advice !== null && (
            <p key={of} className="mt-3 rounded-xl bg-accent-tint px-4 py-3 text-sm text-ink">
              <span className="font-semibold">{CLASS_WORDS[of].label}:</span> {advice}
            </p>
          ),
      )}
    </>
  );
}
