import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { Me } from "#systems/people/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { plural } from "../parts/numbers.ts";
import { Skeleton } from "../parts/skeleton.tsx";
import { PeopleToMeet } from "../people/people-to-meet.tsx";
import { SpaceMark } from "../spaces/space-mark.tsx";
import { ask } from "./house.ts";

const SPACES_SHOWN = 5;

/** Whom and which spaces one may like; after the page itself, for it is read after it. */
export default function AsideLists({ me }: { me: Me | null | undefined }) {
  return (
    <>
      {me && <PeopleToMeet me={me} />}
      <SomeSpaces me={me} />
    </>
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
