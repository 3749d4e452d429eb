import { Dialog } from "@base-ui/react/dialog";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { type ReactNode, useDeferredValue, useId, useState } from "react";

import { type Channel, chatRoutes as r } from "#systems/chat/contract.ts";
import { peopleRoutes } from "#systems/people/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { focusHere } from "../parts/focus.ts";
import { ask, call } from "../shell/house.ts";
import { sorry } from "../shell/toasts.ts";
import { ChannelMark } from "./channel-mark.tsx";
import { chatsChanged } from "./conversations.ts";
import { countWords, titleOf } from "./naming.ts";

interface Entry {
  id: string;
  label: string;
  detail: string;
  unread: number;
  icon: ReactNode;
  run: () => void;
}

/** A few letters and Enter lead to any chat, or begin one. What waits stands first. */
export default function Switcher({
  channels,
  me,
  close,
}: {
  channels: readonly Channel[];
  me: { id: string };
  close: () => void;
}) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const id = useId();
  const q = useDeferredValue(text.trim().toLowerCase().replace(/^[@#]/, ""));
  const people = useQuery({
    ...ask(peopleRoutes.suggestPeople, { query: { q, limit: 6 } }),
    enabled: q !== "",
    placeholderData: keepPreviousData,
  });
  const to = (channel_id: string) => {
    close();
    void navigate({ to: "/chat/$id", params: { id: channel_id } });
  };
  const entries: Entry[] = channels
    .filter(
      (channel) =>
        q === "" ||
        `${titleOf(channel, me.id)} ${channel.people.map((p) => p.handle).join(" ")}`.toLowerCase().includes(q),
    )
    .toSorted((a, b) => Number((b.mine?.unread ?? 0) > 0) - Number((a.mine?.unread ?? 0) > 0))
    .slice(0, 12)
    .map((channel) => ({
      id: channel.id,
      label: titleOf(channel, me.id),
      detail: channel.space?.name ?? (channel.kind === "direct" ? `@${channel.people[0]?.handle ?? ""}` : "Group"),
      unread: channel.mine?.unread ?? 0,
      icon:
        channel.kind === "direct" && channel.people[0] ? (
          <Avatar person={channel.people[0]} size="sm" />
        ) : (
          <ChannelMark kind={channel.kind} />
        ),
      run: () => to(channel.id),
    }));
  const written = new Set(
    channels.filter((one) => one.kind === "direct").flatMap((one) => one.people.map((person) => person.id)),
  );
  for (const person of q === "" ? [] : (people.data?.items ?? []))
    if (!written.has(person.id))
      entries.push({
        id: person.id,
        label: person.display_name,
        detail: `Write to @${person.handle}`,
        unread: 0,
        icon: <Avatar person={person} size="sm" />,
        run: () =>
          void call(r.openDirect, { params: { handle: person.handle } })
            .then(async (channel) => {
              await chatsChanged();
              to(channel.id);
            })
            .catch(sorry),
      });
  const index = Math.min(at, Math.max(0, entries.length - 1));
  const chosen = entries[index];
  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop fixed inset-0 z-40 bg-scrim" />
        <Dialog.Popup className="popup fixed inset-x-3 top-[8vh] z-50 mx-auto max-w-lg overflow-hidden rounded-3xl border border-line bg-surface shadow-2 outline-none">
          <Dialog.Title className="sr-only">Go to a chat</Dialog.Title>
          <label className="flex h-14 items-center gap-3 border-b border-line px-5">
            <Search className="size-5 text-ink-3" aria-hidden="true" />
            <span className="sr-only">Name</span>
            <input
              ref={focusHere}
              role="combobox"
              aria-expanded={entries.length > 0}
              aria-controls={`${id}-list`}
              aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
              value={text}
              placeholder="Go to a chat"
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              onKeyDown={(event) => {
                const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
                if (step !== 0 && entries.length > 0) setAt((index + step + entries.length) % entries.length);
                else if (event.key === "Enter") chosen?.run();
                else return;
                event.preventDefault();
              }}
              className="min-w-0 flex-1 bg-transparent text-base outline-none"
            />
          </label>
          <div id={`${id}-list`} role="listbox" aria-label="Chats" className="max-h-[60vh] overflow-y-auto p-2">
            {entries.length === 0 && <p className="px-4 py-8 text-center text-sm text-ink-3">No chat has this name.</p>}
            {entries.map((entry, n) => (
              <div
                key={entry.id}
                id={`${id}-${entry.id}`}
                role="option"
                aria-selected={n === index}
                tabIndex={-1}
                onPointerDown={(event) => {
                  event.preventDefault();
                  entry.run();
                }}
                onPointerMove={() => setAt(n)}
                className={cx(
                  "flex cursor-pointer items-center gap-3 rounded-2xl px-3 py-2",
                  n === index && "bg-sunken",
                )}
              >
                {entry.icon}
                <span className="min-w-0 flex-1">
                  <span
                    className={cx("block truncate text-sm leading-5", entry.unread > 0 ? "font-bold" : "font-semibold")}
                  >
                    {entry.label}
                  </span>
                  <span className="block truncate text-xs text-ink-3">{entry.detail}</span>
                </span>
                {entry.unread > 0 && (
                  <span className="text-xs font-bold text-accent-ink tabular-nums">{countWords(entry.unread)}</span>
                )}
              </div>
            ))}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
