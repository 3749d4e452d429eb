import { Link, type LinkProps } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { cx } from "./class.ts";

export interface TabLink {
  to: NonNullable<LinkProps["to"]>;
  params?: Record<string, string>;
  search?: Record<string, string>;
  label: string;
  on: boolean;
}

/** Tabs that are addresses: they can be linked to, opened beside, and gone back from. */
export function TabLinks({ tabs, label }: { tabs: readonly TabLink[]; label: string }) {
  const row = useRef<HTMLElement>(null);
  const on = tabs.find((tab) => tab.on)?.label;
  useEffect(() => {
    // On a phone the one that is open may lie beyond the edge.
    const here = row.current?.querySelector<HTMLElement>('[aria-current="page"]');
    if (row.current && here)
      row.current.scrollLeft = here.offsetLeft - (row.current.clientWidth - here.offsetWidth) / 2;
  }, [on, tabs.length]);
  return (
    <nav ref={row} aria-label={label} className="relative flex gap-1 overflow-x-auto px-2 py-2 no-bar sm:px-0 sm:py-3">
      {tabs.map((tab) => (
        <Link
          key={tab.label}
          to={tab.to}
          params={tab.params as never}
          search={(tab.search ?? {}) as never}
          replace
          resetScroll={false}
          aria-current={tab.on ? "page" : undefined}
          className={cx(
            "flex h-10 items-center rounded-full px-4 text-sm font-semibold whitespace-nowrap transition-colors",
            tab.on ? "bg-ink text-birch" : "text-ink-2 hover:bg-sunken",
          )}
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
