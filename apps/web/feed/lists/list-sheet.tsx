import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";

import { createList, LIST_NAME_CHARS_MAX, listLists, type PeopleList } from "#systems/feed/contract.ts";

import { Button } from "../../parts/button.tsx";
import { CheckRow } from "../../parts/check-row.tsx";
import { Sheet } from "../../parts/dialog.tsx";
import { Failed } from "../../parts/empty.tsx";
import { TextField } from "../../parts/field.tsx";
import { focusHere } from "../../parts/focus.ts";
import { plural } from "../../parts/numbers.ts";
import { Loading, RowSkeleton } from "../../parts/skeleton.tsx";
import { ask, call } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { createToggle } from "../../shell/toggle.ts";
import { listsChanged, put, take } from "./changes.ts";

/** In which of one's lists somebody is; each press holds at once. */
export default function ListSheet({
  person,
  close,
}: {
  person: { handle: string; display_name: string };
  close: () => void;
}) {
  const asked = useQuery({ ...ask(listLists, { query: { handle: person.handle } }), staleTime: 0 });
  const [wishes, setWishes] = useState<Record<string, boolean>>({});
  const [toggle] = useState(() =>
    createToggle({
      send: (id, on) => (on ? put(id, person.handle) : take(id, person.handle)),
      show: (id, on) => setWishes((before) => ({ ...before, [id]: on })),
      failed: sorry,
    }),
  );
  const [beginning, setBeginning] = useState(false);
  const leave = () => {
    close();
    void listsChanged();
  };
  const lists: readonly PeopleList[] = asked.data?.items ?? [];
  return (
    <Sheet open onOpenChange={(open) => !open && leave()} title={`Lists with ${person.display_name}`}>
      <div className="px-3 pt-1 pb-3">
        {asked.isPending ? (
          <>
            <Loading what="your lists" />
            <RowSkeleton />
            <RowSkeleton />
          </>
        ) : asked.isError ? (
          <Failed error={asked.error} retry={() => void asked.refetch()} />
        ) : lists.length === 0 ? (
          <p className="px-3 py-6 text-sm text-ink-2">
            You have no lists yet. A list is a timeline of people that you choose; you need not follow them, and nobody
            else sees it.
          </p>
        ) : (
          <ul>
            {lists.map((list) => (
              <li key={list.id}>
                <CheckRow
                  label={list.name}
                  detail={`${plural(list.people_count, "person", "people")}${list.out_of_home ? " · out of home" : ""}`}
                  on={wishes[list.id] ?? list.has_person ?? false}
                  press={(on) => void toggle.set(list.id, on, list.has_person ?? false)}
                />
              </li>
            ))}
          </ul>
        )}
      </div>
      <div className="sticky bottom-0 border-t border-line bg-surface px-6 py-4">
        {beginning ? (
          <Begin handle={person.handle} begun={leave} />
        ) : (
          <Button look="soft" className="w-full" onClick={() => setBeginning(true)}>
            <Plus className="size-4.5" /> New list
          </Button>
        )}
      </div>
    </Sheet>
  );
}

/** A new one with this person in it. */
function Begin({ handle, begun }: { handle: string; begun: () => void }) {
  const [name, setName] = useState("");
  const [busy, setBusy] = useState(false);
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault();
        setBusy(true);
        call(createList, { body: { name, handle } })
          .then(() => {
            say(`Added to “${name.trim()}”.`);
            begun();
          }, sorry)
          .finally(() => setBusy(false));
      }}
    >
      <div className="min-w-0 flex-1">
        <TextField
          label="Name of the new list"
          ref={focusHere}
          required
          maxLength={LIST_NAME_CHARS_MAX}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </div>
      <Button type="submit" className="h-12" busy={busy} disabled={name.trim() === ""}>
        Add
      </Button>
    </form>
  );
}
