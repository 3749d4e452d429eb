import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { PersonCard } from "#kernel/cards.ts";
import { discoverFeed } from "#systems/feed/contract.ts";
import { type Me, peopleRoutes } from "#systems/people/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { askPages } from "../shell/house.ts";
import { FollowButton } from "./follow.tsx";

const SHOWN = 5;

/** People who wrote lately and whom you do not follow yet. */
export function usePeopleToMeet(me: Me): { people: PersonCard[]; pending: boolean } {
  const recent = useInfiniteQuery(askPages(discoverFeed, { query: { limit: 50 } }));
  const following = useInfiniteQuery(
    askPages(peopleRoutes.listFollowing, { params: { handle: me.handle }, query: { limit: 100 } }),
  );
  if (!recent.data || !following.data) return { people: [], pending: recent.isPending || following.isPending };
  const known = new Set([me.id, ...following.data.pages.flatMap((page) => page.items.map((person) => person.id))]);
  const people: PersonCard[] = [];
  for (const { author } of recent.data.pages.flatMap((page) => page.items)) {
    if (known.has(author.id)) continue;
    known.add(author.id);
    people.push(author);
  }
  return { people, pending: false };
}

export function PeopleToMeet({ me }: { me: Me }) {
  const { people } = usePeopleToMeet(me);
  if (people.length === 0) return null;
  return (
    <section className="rounded-2xl border border-line bg-surface py-3">
      <h2 className="px-4 pb-1 font-bold">People to meet</h2>
      {people.slice(0, SHOWN).map((person) => (
        <PersonLine key={person.id} person={person} />
      ))}
    </section>
  );
}

export function PersonLine({ person }: { person: PersonCard }) {
  return (
    <div className="flex items-center gap-3 px-4 py-2">
      <Link
        to="/@{$handle}"
        params={{ handle: person.handle }}
        className="flex min-w-0 flex-1 items-center gap-3 rounded-xl"
      >
        <Avatar person={person} size="sm" />
        <span className="min-w-0">
          <span className="block truncate text-sm leading-5 font-semibold">{person.display_name}</span>
          <span className="block truncate text-xs text-ink-3">@{person.handle}</span>
        </span>
      </Link>
      <FollowButton handle={person.handle} name={person.display_name} following={false} />
    </div>
  );
}
