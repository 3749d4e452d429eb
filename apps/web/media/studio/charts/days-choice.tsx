const TIMES = [
  { days: 7, label: "7 days" },
  { days: 28, label: "28 days" },
  { days: 90, label: "90 days" },
  { days: 365, label: "A year" },
] as const;

/** Over which time numbers are shown. */
export const DaysChoice = ({ days, choose }: { days: number; choose: (days: number) => void }) => (
  <div role="group" aria-label="Time" className="mb-3 flex gap-1 overflow-x-auto no-bar">
    {TIMES.map((one) => (
      <button
        key={one.days}
        type="button"
        aria-pressed={one.days === days}
        onClick={() => choose(one.days)}
        className="h-9 shrink-0 rounded-full px-3.5 text-sm font-medium text-ink-2 transition-colors hover:bg-sunken aria-pressed:bg-ink aria-pressed:font-semibold aria-pressed:text-birch"
      >
        {one.label}
      </button>
    ))}
  </div>
);
