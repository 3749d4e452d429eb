import { ArrowUp } from "lucide-react";

import type { PersonCard } from "#kernel/cards.ts";

import { Avatar } from "../../parts/avatar.tsx";

const NEWS_MANY = 99;

export const newsLabel = (count: number): string =>
  count === 1 ? "1 new post" : count > NEWS_MANY ? "99+ new posts" : `${count} new posts`;

/** Says that there is something newer, with whose it is, and leaves what is read where it is. */
export function NewsPill({ count, people, show }: { count: number; people: readonly PersonCard[]; show: () => void }) {
  return (
    <div className="pointer-events-none sticky top-16 z-10 h-0 text-center sm:top-4">
      <p aria-live="polite" className="sr-only">
        {count > 0 ? `${newsLabel(count)}. Press full stop to go there.` : ""}
      </p>
      {count > 0 && (
        <button
          type="button"
          onClick={show}
          className="rise pointer-events-auto inline-flex h-11 items-center gap-2.5 rounded-full bg-accent pr-4 pl-3 text-sm font-semibold text-on-accent shadow-2 transition-colors hover:bg-accent-hover active:scale-[0.97]"
        >
          <ArrowUp className="size-4.5" aria-hidden="true" />
          {people.length > 0 && (
            <span className="flex -space-x-2" aria-hidden="true">
              {people.map((person) => (
                <Avatar key={person.id} person={person} size="xs" className="ring-2 ring-accent" />
              ))}
            </span>
          )}
          {newsLabel(count)}
        </button>
      )}
    </div>
  );
}
