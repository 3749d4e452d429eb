import type { ReactNode } from "react";

import { Sheet } from "../parts/dialog.tsx";
import type { MenuEntry } from "../parts/menu-entry.ts";

/** What can be done with a chat or a message, as large as a thumb needs it. */
export default function DeedsSheet({
  title,
  above,
  entries,
  close,
}: {
  title: string;
  above?: ReactNode;
  entries: readonly MenuEntry[];
  close: () => void;
}) {
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={title}>
      {above}
      <ul className="px-3 pb-5">
        {entries.map((entry, at) =>
          entry === "line" ? (
            <li key={`line-${at}`} aria-hidden="true" className="mx-3 my-1.5 h-px bg-line" />
          ) : (
            <li key={entry.label}>
              <button
                type="button"
                disabled={entry.disabled}
                aria-pressed={entry.checked}
                onClick={() => {
                  close();
                  entry.run();
                }}
                className={`flex min-h-12 w-full items-center gap-3 rounded-xl px-3 text-left text-sm font-medium hover:bg-sunken disabled:opacity-50 [&_svg]:size-5 [&_svg]:shrink-0 ${
                  entry.danger === true ? "text-bad" : "[&_svg]:text-ink-3"
                }`}
              >
                {entry.icon ?? <span className="size-5 shrink-0" />}
                <span className="flex-1">{entry.label}</span>
                {entry.checked === true && <span aria-hidden="true" className="size-2 rounded-full bg-accent-ink" />}
              </button>
            </li>
          ),
        )}
      </ul>
    </Sheet>
  );
}
