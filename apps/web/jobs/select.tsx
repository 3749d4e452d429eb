import type { ReactNode } from "react";

import { cx } from "../parts/class.ts";

/** One of many, by its words; the name is for those who hear it, since the first choice says it. */
export const Select = ({
  label,
  value,
  change,
  className,
  children,
}: {
  label: string;
  value: string;
  change: (value: string) => void;
  className?: string;
  children: ReactNode;
}) => (
  <select
    aria-label={label}
    value={value}
    onChange={(event) => change(event.target.value)}
    className={cx(
      "h-10 max-w-full min-w-0 rounded-xl border border-line-strong/60 bg-raised px-3 text-sm text-ink",
      className,
    )}
  >
    {children}
  </select>
);
