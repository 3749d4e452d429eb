import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { PersonCard } from "#kernel/cards.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { askPages } from "../shell/house.ts";
import { AnswerRequest } from "./answer-request.tsx";

/** Everybody who waits for an answer. */
export default function RequestsSheet({ close }: { close: () => void }) {
  const pages = useInfiniteQuery(askPages(peopleRoutes.listFollowRequests));
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title="Who asks to follow you" tall>
      <PagedList<PersonCard>
        pages={pages}
        what="people"
        keyOf={(person) => person.id}
        className="pb-4"
        skeleton={<RowSkeleton />}
        empty={<p className="px-6 py-14 text-center text-sm text-ink-3">Nobody waits for an answer.</p>}
        end={null}
      >
        {(person) => (
          <div role="listitem" className="flex flex-wrap items-center gap-3 px-6 py-2.5">
            <Link
              to="/@{$handle}"
              params={{ handle: person.handle }}
              onClick={close}
              className="flex min-w-0 flex-1 items-center gap-3"
            >
              <Avatar person={person} />
              <span className="min-w-0">
                <span className="block truncate leading-5 font-semibold">{person.display_name}</span>
                <span className="block truncate text-sm text-ink-3">@{person.handle}</span>
              </span>
            </Link>
            <AnswerRequest person={person} />
          </div>
        )}
      </PagedList>
    </Sheet>
  );
}
