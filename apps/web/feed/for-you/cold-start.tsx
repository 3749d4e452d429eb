import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import { feedRoutes } from "#systems/feed/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { PersonLine, usePeopleToMeet } from "../../people/people-to-meet.tsx";
import { ask } from "../../shell/house.ts";

const PEOPLE_SHOWN = 3;

/** For who follows nobody and liked nothing yet: what the list is until then, and how it becomes theirs. */
export function ColdStart({ me }: { me: Me }) {
  const { people } = usePeopleToMeet(me);
  const tags = useQuery(ask(feedRoutes.trendingHashtags, { query: { limit: 8 } }));
  return (
    <section className="mb-2 border-line bg-surface py-4 max-sm:border-y sm:mb-3 sm:rounded-2xl sm:border">
      <h2 className="px-4 font-bold sm:px-5">It begins with your first like</h2>
      <p className="px-4 pt-1 text-sm text-ink-2 sm:px-5">
        Until then this is what moves in the house, and new voices. Like a post, or follow somebody, and the next list
        is more yours.
      </p>
      {tags.data && tags.data.items.length > 0 && (
        <ul aria-label="Hashtags that move right now" className="flex flex-wrap gap-2 px-4 pt-3 sm:px-5">
          {tags.data.items.map(({ tag }) => (
            <li key={tag}>
              <Link
                to="/tags/$tag"
                params={{ tag }}
                className="inline-flex h-9 items-center rounded-full bg-sunken px-4 text-sm font-semibold text-ink-2 hover:text-ink"
              >
                #{tag}
              </Link>
            </li>
          ))}
        </ul>
      )}
      {people.length > 0 && (
        <div className="pt-2 sm:px-1">
          {people.slice(0, PEOPLE_SHOWN).map((person) => (
            <PersonLine key={person.id} person={person} />
          ))}
        </div>
      )}
    </section>
  );
}
