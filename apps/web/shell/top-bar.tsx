import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Bell, Clapperboard, Menu as MenuIcon, Search } from "lucide-react";

import { UnreadBadge } from "../notify/badge.tsx";
import { IconButton } from "../parts/button.tsx";
import { HouseSign } from "../parts/house-mark.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { houseQuery } from "./house.ts";
import { openPalette } from "./palette-door.ts";
import { personEntries } from "./person-entries.tsx";
import { useMe } from "./session.ts";

/** The phone's lintel, on the screens at the root. */
export function TopBar() {
  const me = useMe();
  const navigate = useNavigate();
  const { data: house } = useQuery(houseQuery);
  return (
    <header className="sticky top-0 z-20 flex h-14 items-center gap-1 border-b border-line/70 bg-birch/88 pr-2 pl-4 backdrop-blur-md sm:hidden">
      <Link to="/" className="min-w-0 flex-1">
        <HouseSign name={house?.name ?? ""} />
      </Link>
      <IconButton label="Search" onClick={openPalette}>
        <Search className="size-5.5" />
      </IconButton>
      {me && (
        <Link to="/shorts" className="grid size-11 place-items-center rounded-full text-ink-2 hover:bg-sunken">
          <Clapperboard className="size-5.5" aria-hidden="true" />
          <span className="sr-only">Shorts</span>
        </Link>
      )}
      {me && (
        <Link
          to="/notifications"
          className="relative grid size-11 place-items-center rounded-full text-ink-2 hover:bg-sunken"
        >
          <Bell className="size-5.5" aria-hidden="true" />
          <span className="sr-only">Notifications</span>
          <UnreadBadge className="absolute top-0.5 right-0" />
        </Link>
      )}
      {me && (
        <LazyMenu
          entries={() => personEntries(me, (to) => void navigate({ to }))}
          trigger={
            <IconButton label="Your menu">
              <MenuIcon className="size-5.5" />
            </IconButton>
          }
        />
      )}
    </header>
  );
}
