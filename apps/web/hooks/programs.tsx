import { useState } from "react";

import { cx } from "../parts/class.ts";
import { Sheet } from "../parts/dialog.tsx";
import { BotsPanel } from "./bots-panel.tsx";
import { CommandsPanel } from "./commands-panel.tsx";
import { IncomingPanel } from "./incoming-panel.tsx";
import { OutgoingPanel } from "./outgoing-panel.tsx";

const TABS = [
  ["incoming", "Into a channel"],
  ["outgoing", "To elsewhere"],
  ["bots", "Bots"],
  ["commands", "Commands"],
] as const;
type Tab = (typeof TABS)[number][0];

/** What programs may do in a space, or in the whole house; for who looks after that. */
export function Programs({ slug }: { slug: string | null }) {
  const tabs = TABS.filter(([id]) => slug !== null || id === "bots" || id === "commands");
  const [shown, setShown] = useState<Tab>(tabs[0]![0]);
  return (
    <>
      <div role="tablist" aria-label="Kinds of programs" className="mb-3 flex flex-wrap gap-1">
        {tabs.map(([id, label]) => (
          <button
            key={id}
            type="button"
            role="tab"
            aria-selected={shown === id}
            onClick={() => setShown(id)}
            className={cx(
              "h-10 rounded-full px-4 text-sm font-semibold transition-colors",
              shown === id ? "bg-ink text-birch" : "text-ink-2 hover:bg-sunken",
            )}
          >
            {label}
          </button>
        ))}
      </div>
      {shown === "incoming" && slug !== null && <IncomingPanel slug={slug} />}
      {shown === "outgoing" && slug !== null && <OutgoingPanel slug={slug} />}
      {shown === "bots" && <BotsPanel slug={slug} />}
      {shown === "commands" && <CommandsPanel slug={slug} />}
    </>
  );
}

export default function ProgramsSheet({ space, close }: { space: { slug: string; name: string }; close: () => void }) {
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={`Programs of ${space.name}`} tall wide>
      <div className="px-6 pb-6">
        <Programs slug={space.slug} />
      </div>
    </Sheet>
  );
}
