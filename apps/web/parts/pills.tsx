import { cx } from "./class.ts";

/** One of a few, by a press. On a phone the row is wound sideways. */
export function Pills<T extends string>({
  label,
  options,
  value,
  choose,
  className,
}: {
  label: string;
  options: readonly (readonly [value: T, label: string])[];
  value: T;
  choose: (value: T) => void;
  className?: string;
}) {
  return (
    <div role="group" aria-label={label} className={cx("flex gap-1 overflow-x-auto no-bar", className)}>
      {options.map(([one, words]) => (
        <button
          key={one}
          type="button"
          aria-pressed={one === value}
          onClick={() => choose(one)}
          className="h-10 shrink-0 rounded-full px-4 text-sm font-semibold whitespace-nowrap text-ink-2 transition-colors hover:bg-sunken focus-visible:-outline-offset-2 aria-pressed:bg-ink aria-pressed:text-birch"
        >
          {words}
        </button>
      ))}
    </div>
  );
}
