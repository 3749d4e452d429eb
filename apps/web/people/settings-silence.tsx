import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";

import type { PersonCard } from "#kernel/cards.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { Button } from "../parts/button.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { askPages } from "../shell/house.ts";
import { useOverlaid } from "../shell/overlay.ts";
import { type Bond, bonds, setBond } from "./follow.tsx";
import { Panel } from "./sections.tsx";

export function SilenceSettings() {
  const mutes = useInfiniteQuery(askPages(peopleRoutes.listMutes));
  const blocks = useInfiniteQuery(askPages(peopleRoutes.listBlocks));
  return (
    <>
      <Panel title="Muted" intro="Their posts stay out of your feed. They do not learn of it.">
        <People pages={mutes} field="you_mute" undo="Unmute" />
      </Panel>
      <Panel title="Blocked" intro="You and they do not see each other.">
        <People pages={blocks} field="you_block" undo="Unblock" />
      </Panel>
    </>
  );
}

function People({
  pages,
  field,
  undo,
}: {
  pages: Parameters<typeof PagedList<PersonCard>>[0]["pages"];
  field: "you_mute" | "you_block";
  undo: string;
}) {
  return (
    <PagedList<PersonCard>
      pages={pages}
      what="people"
      keyOf={(person) => person.id}
      className="-mx-2"
      skeleton={<RowSkeleton />}
      empty={<p className="text-sm text-ink-3">Nobody.</p>}
      end={null}
    >
      {(person) => <Line person={person} field={field} undo={undo} />}
    </PagedList>
  );
}

function Line({ person, field, undo }: { person: PersonCard; field: "you_mute" | "you_block"; undo: string }) {
  const bond = useOverlaid<Partial<Bond>>(bonds, person.handle, {});
  const still = bond[field] ?? true;
  return (
    <div role="listitem" className="flex items-center gap-3 px-2 py-2">
      <Link to="/@{$handle}" params={{ handle: person.handle }} className="flex min-w-0 flex-1 items-center gap-3">
        <Avatar person={person} />
        <span className="min-w-0">
          <span className="block truncate text-sm leading-5 font-semibold">{person.display_name}</span>
          <span className="block truncate text-xs text-ink-3">@{person.handle}</span>
        </span>
      </Link>
      <Button
        look="outline"
        size="sm"
        disabled={!still}
        onClick={() => setBond(field, person.handle, person.display_name, false)}
      >
        {still ? undo : "Done"}
      </Button>
    </div>
  );
}
