import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Search } from "lucide-react";

import type { Me } from "#systems/people/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { buttonClass } from "../parts/button.tsx";
import { plural } from "../parts/numbers.ts";
import { Skeleton } from "../parts/skeleton.tsx";
import { PeopleToMeet } from "../people/people-to-meet.tsx";
import { SpaceMark } from "../spaces/space-mark.tsx";
import { ask } from "./house.ts";
import { openPalette, searchHint } from "./palette-door.ts";

const SPACES_SHOWN = 5;

/** The desktop's right column: what helps somebody to find their way, and never more than that. */
export function Aside({ me }: { me: Me | null | undefined }) {
  return (
    <aside
      aria-label="Around the house"
      className="sticky top-0 hidden h-dvh w-76 shrink-0 flex-col gap-4 overflow-y-auto py-4 no-bar lg:flex"
    >
      <button
        type="button"
        onClick={openPalette}
        className="flex h-11 shrink-0 items-center gap-3 rounded-full bg-sunken px-4 text-left text-sm text-ink-3 transition-colors hover:bg-line"
      >
        <Search className="size-4.5" aria-hidden="true" />
        <span className="flex-1">Search the house</span>
        <kbd className="rounded-md border border-line bg-surface px-1.5 py-0.5 font-sans text-[0.6875rem] leading-4">
          {searchHint}
        </kbd>
      </button>
      {me === null && (
        <section className="rounded-2xl border border-line bg-surface p-5">
          <h2 className="font-bold">New here?</h2>
          <p className="mt-1 text-sm text-ink-2">Sign in to follow people, to write, and to keep what you like.</p>
          <div className="mt-4 flex gap-2">
            <Link to="/sign-in" className={buttonClass("primary", "sm")}>
              Sign in
            </Link>
            <Link to="/sign-up" className={buttonClass("outline", "sm")}>
              Sign up
            </Link>
          </div>
        </section>
      )}
      {me && <PeopleToMeet me={me} />}
      <SomeSpaces me={me} />
      <footer className="px-2 text-xs text-ink-3">
        <a href="/docs" className="underline-offset-4 hover:underline">
          API reference
        </a>
        <span aria-hidden="true"> · </span>
        Nothing here leaves the house.
        <span aria-hidden="true"> · </span>
        <Link to="/about" className="hover:underline">
          Rules and numbers
        </Link>
      </footer>
    </aside>
  );
}

function SomeSpaces({ me }: { me: Me | null | undefined }) {
  const query = { limit: SPACES_SHOWN };
  const mine = useQuery({ ...ask(spacesRoutes.mySpaces, { query }), enabled: Boolean(me) });
  const all = useQuery({
    ...ask(spacesRoutes.listSpaces, { query }),
    enabled: me === null || mine.data?.items.length === 0,
  });
  const own = (mine.data?.items.length ?? 0) > 0;
  const list = own ? mine.data : all.data;
  if (list && list.items.length === 0) return null;
  return (
    <section className="rounded-2xl border border-line bg-surface py-3">
      <h2 className="px-4 pb-1 font-bold">{own ? "Your spaces" : "Spaces"}</h2>
      {list
        ? list.items.map((space) => (
            <Link
              key={space.id}
              to="/s/$slug"
              params={{ slug: space.slug }}
              className="flex items-center gap-3 px-4 py-2 transition-colors hover:bg-sunken"
            >
              <SpaceMark space={space} />
              <span className="min-w-0">
                <span className="block truncate text-sm leading-5 font-semibold">{space.name}</span>
                <span className="block text-xs text-ink-3">{plural(space.members, "member")}</span>
              </span>
            </Link>
          ))
        : [0, 1, 2].map((at) => (
            <div key={at} className="flex items-center gap-3 px-4 py-2">
              <Skeleton className="size-9 rounded-xl" />
              <Skeleton className="h-4 w-32" />
            </div>
          ))}
      <Link
        to="/spaces"
        className="block px-4 pt-2 text-sm font-semibold text-accent-ink underline-offset-4 hover:underline"
      >
        All spaces
      </Link>
    </section>
  );
}
