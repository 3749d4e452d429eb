import { cloneElement, lazy, type ReactElement, Suspense, useState } from "react";

import type { MenuEntry } from "./menu-entry.ts";

const load = () => import("./menu.tsx");
const OpenMenu = lazy(load);

interface TriggerProps {
  onClick?: () => void;
  onPointerEnter?: () => void;
  onFocus?: () => void;
  "aria-haspopup"?: "menu";
}

/**
 * A button that becomes a menu. The menu's code (25 kB gzip) is fetched when a pointer or the focus comes near, so
 * that a first visit does not pay for menus that nobody opens.
 */
export function LazyMenu({
  trigger,
  entries,
  align = "end",
  side = "bottom",
}: {
  trigger: ReactElement<TriggerProps>;
  entries: () => readonly MenuEntry[];
  align?: "start" | "center" | "end";
  side?: "top" | "bottom";
}) {
  const [wanted, setWanted] = useState(false);
  const near = () => void load();
  const closed = cloneElement(trigger, {
    "aria-haspopup": "menu",
    onClick: () => setWanted(true),
    onPointerEnter: near,
    onFocus: near,
  });
  if (!wanted) return closed;
  return (
    <Suspense fallback={closed}>
      <OpenMenu trigger={trigger} entries={entries()} defaultOpen align={align} side={side} />
    </Suspense>
  );
}
