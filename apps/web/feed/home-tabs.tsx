import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ListPlus } from "lucide-react";
import type { ReactNode } from "react";

import { listLists } from "#systems/feed/contract.ts";

import { TabLinks } from "../parts/tab-links.tsx";
import { ask } from "../shell/house.ts";
import { useTitle } from "../shell/page-header.tsx";
import { TopBar } from "../shell/top-bar.tsx";

/** Which of the ways to read is open: one of these, or a list's id. */
export type HomeTab = "following" | "for-you" | "catch-up" | "slow-lane" | (string & {});

/** Lists that stand in the row; the rest is one step further. */
const LISTS_SHOWN_MAX = 8;

/** The ways to read, each an address of its own. */
export function HomeTabs({ on }: { on: HomeTab }) {
  const lists = useQuery(ask(listLists)).data?.items ?? [];
  const open = lists.find((list) => list.id === on);
  const shown = lists.slice(0, LISTS_SHOWN_MAX);
  if (open && !shown.includes(open)) shown[LISTS_SHOWN_MAX - 1] = open;
  return (
    <div className="flex items-center">
      <div className="min-w-0 flex-1">
        <TabLinks
          label="Ways to read"
          tabs={[
            { to: "/", label: "Following", on: on === "following" },
            { to: "/for-you", label: "For you", on: on === "for-you" },
            ...shown.map((list) => ({
              to: "/lists/$id" as const,
              params: { id: list.id },
              label: list.name,
              on: on === list.id,
            })),
            { to: "/catch-up", label: "Catch up", on: on === "catch-up" },
            { to: "/slow-lane", label: "Slow lane", on: on === "slow-lane" },
          ]}
        />
      </div>
      <Link
        to="/lists"
        aria-label="Your lists"
        title="Your lists"
        className="mr-2 grid size-11 shrink-0 place-items-center rounded-full text-ink-3 transition-colors hover:bg-sunken hover:text-ink sm:mr-0"
      >
        <ListPlus className="size-5" aria-hidden="true" />
      </Link>
    </div>
  );
}

/** One of the ways to read, under the row of all. */
export function HomeFrame({ on, title, children }: { on: HomeTab; title: string; children: ReactNode }) {
  useTitle(title);
  return (
    <>
      <TopBar />
      <h1 className="sr-only">{title === "" ? "Home" : title}</h1>
      <HomeTabs on={on} />
      {children}
    </>
  );
}
