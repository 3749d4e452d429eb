import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type RefObject, useId, useState } from "react";

import { type Channel, chatRoutes as r } from "#systems/chat/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { mentionAtCaret, type MentionBegun } from "../feed/pieces.ts";
import { Avatar } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { ask } from "../shell/house.ts";

interface Choice {
  key: string;
  insert: string;
  title: string;
  detail: string;
  face: { handle: string; display_name: string } | null;
}

/** Who may be meant by the name that is being written. */
export function useMentions(
  channel: Channel,
  field: RefObject<HTMLTextAreaElement | null>,
  text: string,
  setText: (text: string) => void,
) {
  const id = useId();
  const [begun, setBegun] = useState<MentionBegun | null>(null);
  const [at, setAt] = useState(0);
  const typed = begun?.typed.toLowerCase() ?? "";
  const members = useQuery({
    ...ask(r.channelMembers, { params: { id: channel.id }, query: { limit: 100 } }),
    enabled: begun !== null,
  });
  const others = useQuery({
    ...ask(peopleRoutes.suggestPeople, { query: { q: typed, limit: 6 } }),
    enabled: begun !== null && typed !== "" && channel.member_count > 100,
    placeholderData: keepPreviousData,
  });
  const choices: Choice[] = [];
  if (begun) {
    const near = (members.data?.items ?? []).map((one) => one.person);
    for (const person of [...near, ...(others.data?.items ?? [])]) {
      const fits = person.handle.startsWith(typed) || person.display_name.toLowerCase().includes(typed);
      if (!fits || choices.some((one) => one.key === person.id) || choices.length >= 6) continue;
      choices.push({
        key: person.id,
        insert: person.handle,
        title: person.display_name,
        detail: `@${person.handle}`,
        face: person,
      });
    }
    if (channel.may.mention_all)
      for (const [name, detail] of [
        ["channel", "Everybody in here"],
        ["here", "Who is here now"],
      ] as const)
        if (name.startsWith(typed)) choices.push({ key: name, insert: name, title: `@${name}`, detail, face: null });
  }
  const chosen = choices[Math.min(at, choices.length - 1)];
  const look = () => {
    const node = field.current;
    setBegun(
      node && node.selectionStart === node.selectionEnd ? mentionAtCaret(node.value, node.selectionStart) : null,
    );
    setAt(0);
  };
  const choose = (one: Choice) => {
    const node = field.current;
    if (!node || !begun) return;
    const after = text.slice(begun.from + 1 + begun.typed.length);
    setText(`${text.slice(0, begun.from)}@${one.insert} ${after.replace(/^ /, "")}`);
    setBegun(null);
    const caret = begun.from + one.insert.length + 2;
    requestAnimationFrame(() => {
      node.focus();
      node.setSelectionRange(caret, caret);
    });
  };
  return {
    look,
    onKey(event: KeyboardEvent): boolean {
      if (!chosen) return false;
      const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
      if (step !== 0) setAt((at + step + choices.length) % choices.length);
      else if ((event.key === "Enter" && !event.shiftKey) || event.key === "Tab") choose(chosen);
      else if (event.key === "Escape") setBegun(null);
      else return false;
      event.preventDefault();
      event.stopPropagation();
      return true;
    },
    field: {
      "aria-autocomplete": "list" as const,
      "aria-controls": choices.length > 0 ? `${id}-names` : undefined,
      "aria-activedescendant": chosen ? `${id}-${chosen.key}` : undefined,
      onBlur: () => setBegun(null),
    },
    list: choices.length > 0 && (
      <div
        id={`${id}-names`}
        role="listbox"
        aria-label="Names"
        className="absolute bottom-full left-2 z-20 mb-2 w-72 max-w-[calc(100%-1rem)] overflow-hidden rounded-2xl border border-line bg-raised p-1.5 shadow-2"
      >
        {choices.map((one, index) => (
          <div
            key={one.key}
            id={`${id}-${one.key}`}
            role="option"
            aria-selected={index === at}
            tabIndex={-1}
            onPointerDown={(event) => {
              event.preventDefault();
              choose(one);
            }}
            onPointerMove={() => setAt(index)}
            className={cx(
              "flex cursor-pointer items-center gap-3 rounded-xl px-2.5 py-1.5",
              index === at && "bg-sunken",
            )}
          >
            {one.face ? <Avatar person={one.face} size="xs" /> : <span className="size-7" />}
            <span className="min-w-0">
              <span className="block truncate text-sm leading-5 font-semibold">{one.title}</span>
              <span className="block truncate text-xs text-ink-3">{one.detail}</span>
            </span>
          </div>
        ))}
      </div>
    ),
  };
}
