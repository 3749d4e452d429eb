import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { createList, LIST_NAME_CHARS_MAX, listLists } from "#systems/feed/contract.ts";

import { ChoiceSheet } from "../../parts/choice-sheet.tsx";
import { plural } from "../../parts/numbers.ts";
import { ask, call } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { createToggle } from "../../shell/toggle.ts";
import { listsChanged, put, take } from "./changes.ts";

/** In which of one's lists somebody is. */
export default function ListSheet({
  person: { handle, display_name },
  close,
}: {
  person: { handle: string; display_name: string };
  close: () => void;
}) {
  const asked = useQuery({ ...ask(listLists, { query: { handle } }), staleTime: 0 });
  const [wishes, setWishes] = useState<Record<string, boolean>>({});
  const [toggle] = useState(() =>
    createToggle({
      send: (id, on) => (on ? put(id, handle) : take(id, handle)),
      show: (id, on) => setWishes((before) => ({ ...before, [id]: on })),
      failed: sorry,
    }),
  );
  const leave = () => {
    close();
    void listsChanged();
  };
  const isIn = (id: string) => asked.data?.items.find((list) => list.id === id)?.has_person ?? false;
  return (
    <ChoiceSheet
      title={`Lists with ${display_name}`}
      what="your lists"
      asked={asked}
      choices={(asked.data?.items ?? []).map((list) => ({
        id: list.id,
        label: list.name,
        detail: `${plural(list.people_count, "person", "people")}${list.out_of_home ? " · out of home" : ""}`,
        on: wishes[list.id] ?? list.has_person ?? false,
      }))}
      empty="You have no lists yet. A list is a timeline of people that you choose; you need not follow them, and nobody else sees it."
      press={(id, on) => void toggle.set(id, on, isIn(id))}
      begin={{
        label: "New list",
        name: "Name of the new list",
        action: "Add",
        chars_max: LIST_NAME_CHARS_MAX,
        make: (name) =>
          call(createList, { body: { name, handle } }).then(() => {
            say(`Added to “${name.trim()}”.`);
            leave();
          }, sorry),
      }}
      close={leave}
    />
  );
}
