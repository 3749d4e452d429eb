import { Search } from "lucide-react";
import type { ReactNode } from "react";

import { cx } from "./class.ts";
import { focusHere } from "./focus.ts";
import { PagedList, type PagedListProps } from "./paged-list.tsx";
import { RowSkeleton } from "./skeleton.tsx";

/** A list of rows with what narrows it down above it, in one frame. */
export function FoundList<T>({
  label,
  head,
  is_led_to = false,
  ...list
}: Omit<PagedListProps<T>, "className" | "end" | "skeleton"> & {
  label: string;
  head: ReactNode;
  /** Somebody pressed something that is gone now, and goes on here. */
  is_led_to?: boolean;
}) {
  return (
    <section
      aria-label={label}
      tabIndex={-1}
      ref={is_led_to ? focusHere : undefined}
      className="overflow-hidden rounded-2xl border border-line bg-surface outline-none"
    >
      <div className="border-b border-line p-3">{head}</div>
      <PagedList<T>
        {...list}
        className="divide-y divide-line"
        skeleton={[0, 1, 2, 3].map((at) => (
          <RowSkeleton key={at} />
        ))}
        end={null}
      />
    </section>
  );
}

export function FindBox({
  label,
  placeholder,
  value,
  change,
  chars_max,
  className,
}: {
  label: string;
  placeholder: string;
  value: string;
  change: (value: string) => void;
  chars_max: number;
  className?: string;
}) {
  return (
    <label
      className={cx(
        "flex h-11 min-w-0 flex-1 items-center gap-3 rounded-full bg-sunken px-4 focus-within:outline-2 focus-within:outline-accent-ink max-sm:basis-full",
        className,
      )}
    >
      <Search className="size-4.5 shrink-0 text-ink-3" aria-hidden="true" />
      <span className="sr-only">{label}</span>
      <input
        value={value}
        onChange={(event) => change(event.target.value)}
        maxLength={chars_max}
        placeholder={placeholder}
        className="min-w-0 flex-1 bg-transparent text-sm outline-none"
      />
    </label>
  );
}
