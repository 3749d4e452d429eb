import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useDeferredValue, useState } from "react";

import type { PersonCard } from "#kernel/cards.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { focusHere } from "../parts/focus.ts";
import { ask } from "../shell/house.ts";

export type Picked = Pick<PersonCard, "id" | "handle" | "display_name" | "avatar">;

/** People by the beginnings of their names; chosen ones stand above. */
export function PeoplePicker({
  chosen,
  change,
  label,
  near = [],
}: {
  chosen: readonly Picked[];
  change: (chosen: Picked[]) => void;
  label: string;
  /** Shown while nothing is written. */
  near?: readonly Picked[];
}) {
  const [text, setText] = useState("");
  const q = useDeferredValue(text.trim().replace(/^@/, ""));
  const found = useQuery({
    ...ask(peopleRoutes.suggestPeople, { query: { q, limit: 8 } }),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });
  const shown = (q === "" ? near : (found.data?.items ?? [])).filter(
    (one) => !chosen.some((other) => other.id === one.id),
  );
  const take = (person: Picked) => {
    change([...chosen, person]);
    setText("");
  };
  return (
    <div>
      <div className="flex flex-wrap items-center gap-1.5 rounded-2xl bg-sunken px-3 py-2">
        {chosen.map((person) => (
          <span
            key={person.id}
            className="flex h-9 items-center gap-2 rounded-full bg-raised pr-1 pl-1 text-sm font-semibold"
          >
            <Avatar person={person} size="xs" />
            {person.display_name}
            <button
              type="button"
              aria-label={`Take ${person.display_name} out`}
              onClick={() => change(chosen.filter((other) => other.id !== person.id))}
              className="grid size-7 place-items-center rounded-full hover:bg-sunken"
            >
              <X className="size-4" aria-hidden="true" />
            </button>
          </span>
        ))}
        <input
          ref={focusHere}
          value={text}
          aria-label={label}
          placeholder={chosen.length === 0 ? "A name" : ""}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Backspace" && text === "") change(chosen.slice(0, -1));
            if (event.key !== "Enter" || q === "" || !shown[0]) return;
            event.preventDefault();
            take(shown[0]);
          }}
          className="h-10 min-w-32 flex-1 bg-transparent px-1 text-base outline-none"
        />
      </div>
      <ul aria-label="Found people" className="mt-2">
        {shown.map((person) => (
          <li key={person.id}>
            <button
              type="button"
              onClick={() => take(person)}
              className="flex w-full items-center gap-3 rounded-2xl px-3 py-2 text-left hover:bg-sunken"
            >
              <Avatar person={person} size="sm" />
              <span className="min-w-0">
                <span className="block truncate text-sm leading-5 font-semibold">{person.display_name}</span>
                <span className="block truncate text-xs text-ink-3">@{person.handle}</span>
              </span>
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
