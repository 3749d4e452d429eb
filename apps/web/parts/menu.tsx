import { Menu } from "@base-ui/react/menu";
import type { ReactElement } from "react";

import { cx } from "./class.ts";
import type { MenuEntry } from "./menu-entry.ts";

export interface OpenMenuProps {
  trigger: ReactElement;
  entries: readonly MenuEntry[];
  defaultOpen?: boolean;
  align?: "start" | "center" | "end";
  side?: "top" | "bottom";
}

const POPUP =
  "popup z-50 max-h-(--available-height) min-w-56 overflow-y-auto rounded-2xl border border-line bg-raised p-1.5 shadow-2 outline-none";
const ITEM =
  "flex min-h-11 w-full cursor-default items-center gap-3 rounded-xl px-3 py-2 text-sm font-medium outline-none select-none data-highlighted:bg-sunken data-disabled:opacity-50 sm:min-h-10 [&_svg]:size-4.5 [&_svg]:shrink-0 [&_svg]:text-ink-3";

/** A menu with the keys that people expect; see `LazyMenu`, which loads it when it is first wanted. */
export default function OpenMenu({
  trigger,
  entries,
  defaultOpen = false,
  align = "end",
  side = "bottom",
}: OpenMenuProps) {
  return (
    <Menu.Root defaultOpen={defaultOpen} modal={false}>
      <Menu.Trigger render={trigger} />
      <Menu.Portal>
        <Menu.Positioner align={align} side={side} sideOffset={6} collisionPadding={8} className="z-50 outline-none">
          <Menu.Popup className={POPUP}>
            {entries.map((entry, at) =>
              entry === "line" ? (
                <Menu.Separator key={`line-${at}`} className="mx-3 my-1.5 h-px bg-line" />
              ) : (
                <Entry key={entry.label} entry={entry} />
              ),
            )}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

function Entry({ entry }: { entry: Exclude<MenuEntry, "line"> }) {
  const inside = (
    <>
      {entry.icon}
      <span className="min-w-0 flex-1">
        {entry.label}
        {entry.detail !== undefined && <span className="block text-xs font-normal text-ink-3">{entry.detail}</span>}
      </span>
      {entry.checked === true && <span aria-hidden="true" className="size-2 rounded-full bg-accent-ink" />}
      {entry.keys !== undefined && <kbd className="font-sans text-xs text-ink-3">{entry.keys}</kbd>}
    </>
  );
  const className = cx(ITEM, entry.danger === true && "text-bad [&_svg]:text-bad");
  if (entry.checked !== undefined) {
    return (
      <Menu.CheckboxItem checked={entry.checked} onCheckedChange={entry.run} closeOnClick className={className}>
        {inside}
      </Menu.CheckboxItem>
    );
  }
  return (
    <Menu.Item onClick={entry.run} disabled={entry.disabled ?? false} className={className}>
      {inside}
    </Menu.Item>
  );
}
