import type { ReactNode } from "react";

/** One of many, by its words; the name is for those who hear it, since the first choice says it. */
export const Select = ({
  label,
  value,
  change,
  children,
}: {
  label: string;
  value: string;
  change: (value: string) => void;
  children: ReactNode;
}) => (
  <select
    aria-label={label}
    value={value}
    onChange={(event) => change(event.target.value)}
    className="h-11 max-w-full min-w-0 rounded-xl border border-line-strong/60 bg-raised px-3 text-sm text-ink max-sm:flex-1"
  >
    {children}
  </select>
);
