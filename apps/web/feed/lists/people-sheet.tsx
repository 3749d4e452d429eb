import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Search } from "lucide-react";
import { useDeferredValue, useState } from "react";

import type { PersonCard } from "#kernel/cards.ts";
import { listListPeople, type PeopleList } from "#systems/feed/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { Avatar } from "../../parts/avatar.tsx";
import { Button } from "../../parts/button.tsx";
import { Sheet } from "../../parts/dialog.tsx";
import { TextField } from "../../parts/field.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { RowSkeleton } from "../../parts/skeleton.tsx";
import { ask, askPages } from "../../shell/house.ts";
import { sorry } from "../../shell/toasts.ts";
import { createToggle } from "../../shell/toggle.ts";
import { listsChanged, put, take } from "./changes.ts";

/** Who is in a list, and a way to find who shall be. */
export default function PeopleSheet({ list, close }: { list: PeopleList; close: () => void }) {
  const pages = useInfiniteQuery({ ...askPages(listListPeople, { params: { id: list.id } }), staleTime: 0 });
  const [text, setText] = useState("");
  const wanted = useDeferredValue(text.trim().replace(/^@/, ""));
  const found = useQuery({ ...ask(peopleRoutes.suggestPeople, { query: { q: wanted } }), enabled: wanted !== "" });
  const [wishes, setWishes] = useState<Record<string, boolean>>({});
  const [toggle] = useState(() =>
    createToggle({
      send: (handle, on) => (on ? put(list.id, handle) : take(list.id, handle)),
      show: (handle, on) => setWishes((before) => ({ ...before, [handle]: on })),
      failed: sorry,
    }),
  );
  const members = new Set(pages.data?.pages.flatMap((page) => page.items.map((person) => person.handle)));
  const line = (person: PersonCard) => {
    const known = members.has(person.handle);
    const on = wishes[person.handle] ?? known;
    return <Line key={person.id} person={person} on={on} press={() => void toggle.set(person.handle, !on, known)} />;
  };
  const leave = () => {
    close();
    void listsChanged(list.id);
  };
  return (
    <Sheet open onOpenChange={(open) => !open && leave()} title={`People in “${list.name}”`} tall>
      <div className="px-6 pt-1 pb-3">
        <TextField
          label="Add somebody"
          type="search"
          placeholder="Name or @handle"
          autoComplete="off"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      </div>
      {wanted !== "" ? (
        <div className="min-h-40 pb-4" role="list" aria-label="People found">
          {found.data?.items.map(line)}
          {found.data?.items.length === 0 && (
            <p className="flex items-center gap-2 px-6 py-6 text-sm text-ink-3">
              <Search className="size-4" aria-hidden="true" /> Nobody by this name.
            </p>
          )}
        </div>
      ) : (
        <PagedList<PersonCard>
          pages={pages}
          what="people"
          keyOf={(person) => person.id}
          className="pb-4"
          skeleton={
            <>
              <RowSkeleton />
              <RowSkeleton />
            </>
          }
          empty={<p className="px-6 py-10 text-center text-sm text-ink-3">Nobody is in it yet.</p>}
          end={null}
        >
          {line}
        </PagedList>
      )}
    </Sheet>
  );
}

function Line({ person, on, press }: { person: PersonCard; on: boolean; press: () => void }) {
  return (
    <div role="listitem" className="flex items-center gap-3 px-6 py-2.5">
      <Avatar person={person} />
      <span className="min-w-0 flex-1">
        <span className="block truncate leading-5 font-semibold">{person.display_name}</span>
        <span className="block truncate text-sm text-ink-3">@{person.handle}</span>
      </span>
      <Button
        look={on ? "outline" : "primary"}
        size="sm"
        aria-pressed={on}
        aria-label={on ? `Take ${person.display_name} out` : `Add ${person.display_name}`}
        onClick={press}
      >
        {on ? "Take out" : "Add"}
      </Button>
    </div>
  );
}
