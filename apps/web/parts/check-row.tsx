import { Check } from "lucide-react";
import type { ReactNode } from "react";

import { cx } from "./class.ts";

/** A line that is on or off, as large as a thumb needs it. `one`: one of several, as radio buttons are. */
export function CheckRow({
  label,
  detail,
  on,
  press,
  one = false,
  mark,
}: {
  label: string;
  detail?: string;
  on: boolean;
  press: (on: boolean) => void;
  one?: boolean;
  /** At the end of the line. */
  mark?: ReactNode;
}) {
  return (
    <button
      type="button"
      role={one ? "radio" : "checkbox"}
      aria-checked={on}
      onClick={() => press(!on)}
      className="flex min-h-14 w-full items-center gap-4 rounded-xl px-3 py-2 text-left hover:bg-sunken"
    >
      <span
        aria-hidden="true"
        className={cx(
          "grid size-6 shrink-0 place-items-center border transition-colors",
          one ? "rounded-full" : "rounded-md",
          on ? "border-accent bg-accent text-on-accent" : "border-line-strong",
        )}
      >
        {on && <Check className="size-4" strokeWidth={3} />}
      </span>
      <span className="min-w-0 flex-1">
        <span className="block truncate font-semibold">{label}</span>
        {detail !== undefined && <span className="block text-xs text-ink-3">{detail}</span>}
      </span>
      {mark}
    </button>
  );
}
