import { useQuery } from "@tanstack/react-query";
import { useId } from "react";

import { hooksRoutes as r } from "#systems/hooks/contract.ts";

import { cx } from "../parts/class.ts";
import { ask } from "../shell/house.ts";
import { offersFor } from "./given.ts";

/** The commands that begin as what is being written; a press puts one into the field. */
export function CommandList({
  channel_id,
  text,
  choose,
}: {
  channel_id: string;
  text: string;
  choose: (text: string) => void;
}) {
  const id = useId();
  const asked = useQuery({ ...ask(r.offeredCommands, { params: { id: channel_id } }), staleTime: 60_000 });
  const offers = offersFor(asked.data?.items ?? [], text);
  if (offers.length === 0) return null;
  return (
    <ul
      id={id}
      aria-label="Commands"
      className="absolute bottom-full left-2 z-20 mb-2 max-h-72 w-96 max-w-[calc(100%-1rem)] overflow-y-auto rounded-2xl border border-line bg-raised p-1.5 shadow-2"
    >
      {offers.map((one) => (
        <li key={one.name}>
          <button
            type="button"
            onPointerDown={(event) => {
              event.preventDefault();
              choose(`/${one.name} `);
            }}
            onClick={() => choose(`/${one.name} `)}
            className={cx("block w-full rounded-xl px-2.5 py-1.5 text-left hover:bg-sunken focus-visible:bg-sunken")}
          >
            <span className="block truncate text-sm leading-5 font-semibold">
              /{one.name} <span className="font-normal text-ink-3">{one.hint}</span>
            </span>
            <span className="block truncate text-xs text-ink-3">
              {[one.description, one.bot?.display_name].filter(Boolean).join(" · ")}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
