import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense } from "react";

import type { PersonCard } from "#kernel/cards.ts";
import type { Route } from "#kernel/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Sheet } from "../parts/dialog.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { askPages } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";
import { FollowButton } from "./follow.tsx";

const MessageDoor = lazy(async () => ({ default: (await import("../chat/person-doors.ts")).MessageDoor }));

type Item = (PersonCard & { you_follow?: boolean }) | { person: PersonCard };
const personOf = (item: Item): PersonCard & { you_follow?: boolean } => ("person" in item ? item.person : item);

/** People in a list: followers, followees, who liked. Works for every route that answers pages of people. */
export function PeopleDialog({
  title,
  route,
  params,
  close,
}: {
  title: string;
  route: Route;
  params: Record<string, string>;
  close: () => void;
}) {
  const pages = useInfiniteQuery(askPages(route, { params }));
  const me = useMe();
  return (
    <Sheet open onOpenChange={(open) => !open && close()} title={title} tall>
      <PagedList<Item>
        pages={pages as unknown as Parameters<typeof PagedList<Item>>[0]["pages"]}
        what="people"
        keyOf={(item) => personOf(item).id}
        className="pb-4"
        skeleton={
          <>
            <RowSkeleton />
            <RowSkeleton />
            <RowSkeleton />
          </>
        }
        empty={<p className="px-6 py-14 text-center text-sm text-ink-3">Nobody yet.</p>}
        end={null}
      >
        {(item) => {
          const person = personOf(item);
          return (
            <div role="listitem" className="flex items-center gap-3 px-6 py-2.5 hover:bg-sunken">
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
              {me && me.id !== person.id && !person.suspended && (
                <Suspense fallback={null}>
                  <MessageDoor small handle={person.handle} name={person.display_name} leave={close} />
                </Suspense>
              )}
              {me && me.id !== person.id && person.you_follow !== undefined && (
                <FollowButton
                  handle={person.handle}
                  name={person.display_name}
                  following={person.you_follow}
                  asks={person.private}
                />
              )}
            </div>
          );
        }}
      </PagedList>
    </Sheet>
  );
}
