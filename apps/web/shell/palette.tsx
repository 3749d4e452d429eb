import { Dialog } from "@base-ui/react/dialog";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  ChartNoAxesColumn,
  HardDrive,
  Hash,
  Keyboard,
  LogOut,
  type LucideIcon,
  MoonStar,
  PenLine,
  Search,
  Sun,
  SunMoon,
  Upload,
} from "lucide-react";
import { type ReactNode, useDeferredValue, useEffect, useId, useRef, useState } from "react";

import { tagOf } from "#systems/feed/contract.ts";
import { type Me, peopleRoutes } from "#systems/people/contract.ts";
import { spacesRoutes } from "#systems/spaces/contract.ts";

import { Avatar } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { focusHere } from "../parts/focus.ts";
import { SpaceMark } from "../spaces/space-mark.tsx";
import { openCompose } from "./compose.ts";
import { ask } from "./house.ts";
import { navFor } from "./nav.tsx";
import { leave } from "./session.ts";
import { setTheme } from "./theme.ts";
import { sorry } from "./toasts.ts";

interface Entry {
  id: string;
  group: "People" | "Spaces" | "Hashtags" | "Go to" | "Do";
  label: string;
  detail?: string;
  icon: ReactNode;
  run: () => void;
}

/** One field that finds people, spaces and hashtags, and does what the page can do. A combobox by WAI-ARIA's pattern. */
export default function Palette({ me, close, help }: { me: Me | null; close: () => void; help: () => void }) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const list = useRef<HTMLDivElement>(null);
  const id = useId();
  const q = useDeferredValue(text.trim());
  const people = useQuery({
    ...ask(peopleRoutes.suggestPeople, { query: { q: q.replace(/^@/, ""), limit: 6 } }),
    enabled: me !== null && /[^@#]/.test(q) && !q.startsWith("#"),
    placeholderData: keepPreviousData,
  });
  const spaces = useQuery({
    ...ask(spacesRoutes.listSpaces, { query: { q, limit: 4 } }),
    enabled: q.length > 0 && !/^[@#]/.test(q),
    placeholderData: keepPreviousData,
  });

  const go = (run: () => void) => () => {
    close();
    run();
  };
  const entries: Entry[] = [];
  if (q !== "") {
    for (const person of people.data?.items ?? []) {
      entries.push({
        id: `p${person.id}`,
        group: "People",
        label: person.display_name,
        detail: `@${person.handle}`,
        icon: <Avatar person={person} size="sm" />,
        run: go(() => void navigate({ to: "/@{$handle}", params: { handle: person.handle } })),
      });
    }
    for (const space of spaces.data?.items ?? []) {
      entries.push({
        id: `s${space.id}`,
        group: "Spaces",
        label: space.name,
        detail: `/${space.slug}`,
        icon: <SpaceMark space={space} />,
        run: go(() => void navigate({ to: "/s/$slug", params: { slug: space.slug } })),
      });
    }
    const tag = tagOf(q);
    if (tag !== null)
      entries.push({
        id: "tag",
        group: "Hashtags",
        label: `#${tag}`,
        detail: "Posts with this hashtag",
        icon: <Tile icon={<Hash />} />,
        run: go(() => void navigate({ to: "/tags/$tag", params: { tag } })),
      });
  }
  const matches = (label: string) => label.toLowerCase().includes(q.toLowerCase());
  for (const item of navFor(me)) {
    if (matches(item.label))
      entries.push({
        id: `g${item.label}`,
        group: "Go to",
        label: item.label,
        detail: item.keys.toUpperCase(),
        icon: <Tile icon={<item.icon />} />,
        run: go(() => void navigate({ to: item.to, ...(item.params ? { params: item.params } : {}) })),
      });
  }
  const deeds: { id: string; label: string; Icon: LucideIcon; run: () => void }[] = [
    ...(me ? [{ id: "write", label: "Write a post", Icon: PenLine, run: () => openCompose() }] : []),
    ...(me
      ? [
          { id: "upload", label: "Upload a film", Icon: Upload, run: () => void navigate({ to: "/studio" }) },
          {
            id: "numbers",
            label: "Numbers of my films",
            Icon: ChartNoAxesColumn,
            run: () => void navigate({ to: "/studio/numbers" }),
          },
          {
            id: "storage",
            label: "Storage that I use",
            Icon: HardDrive,
            run: () => void navigate({ to: "/studio/storage" }),
          },
        ]
      : []),
    { id: "light", label: "Theme: light", Icon: Sun, run: () => setTheme("light") },
    { id: "dark", label: "Theme: dark", Icon: MoonStar, run: () => setTheme("dark") },
    { id: "system", label: "Theme: as the system", Icon: SunMoon, run: () => setTheme("system") },
    { id: "keys", label: "Show the keys", Icon: Keyboard, run: help },
    ...(me ? [{ id: "out", label: "Sign out", Icon: LogOut, run: () => void leave().catch(sorry) }] : []),
  ];
  for (const { id: key, label, Icon, run } of deeds) {
    if (matches(label)) entries.push({ id: key, group: "Do", label, icon: <Tile icon={<Icon />} />, run: go(run) });
  }
  const chosen = entries[Math.min(at, entries.length - 1)];

  useEffect(() => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }), [at]);

  return (
    <Dialog.Root open onOpenChange={(open) => !open && close()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop fixed inset-0 z-40 bg-scrim" />
        <Dialog.Popup className="popup fixed inset-x-0 top-0 z-50 mx-auto flex max-h-[80dvh] w-full max-w-xl flex-col overflow-hidden bg-surface shadow-2 outline-none sm:top-[12vh] sm:max-h-[68vh] sm:rounded-3xl">
          <Dialog.Title className="sr-only">Find and do anything</Dialog.Title>
          <div className="flex items-center gap-3 border-b border-line px-5">
            <Search className="size-5 shrink-0 text-ink-3" aria-hidden="true" />
            <input
              ref={focusHere}
              role="combobox"
              aria-expanded={entries.length > 0}
              aria-controls={`${id}-list`}
              aria-activedescendant={chosen ? `${id}-${chosen.id}` : undefined}
              aria-label="Search people, spaces, hashtags and commands"
              placeholder="People, spaces, #hashtags, commands"
              value={text}
              onChange={(event) => {
                setText(event.target.value);
                setAt(0);
              }}
              maxLength={60}
              autoCapitalize="none"
              autoComplete="off"
              spellCheck={false}
              className="h-15 min-w-0 flex-1 bg-transparent text-base outline-none"
              onKeyDown={(event) => {
                const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
                if (step !== 0) {
                  event.preventDefault();
                  setAt((Math.min(at, entries.length - 1) + step + entries.length) % Math.max(1, entries.length));
                } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
                  event.preventDefault();
                  chosen?.run();
                }
              }}
            />
            <Dialog.Close className="rounded-md border border-line px-2 py-0.5 text-xs font-semibold text-ink-3">
              Esc
            </Dialog.Close>
          </div>
          <div ref={list} id={`${id}-list`} role="listbox" aria-label="Found" className="overflow-y-auto p-2">
            {entries.map((entry, index) => (
              <div key={entry.id} role="presentation">
                {entries[index - 1]?.group !== entry.group && (
                  <p className="px-3 pt-3 pb-1 text-xs font-bold tracking-wide text-ink-3 uppercase">{entry.group}</p>
                )}
                {/* The focus stays in the field, whose keys choose among these. */}
                {/* oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus */}
                <div
                  id={`${id}-${entry.id}`}
                  role="option"
                  aria-selected={entry === chosen}
                  onPointerMove={() => setAt(index)}
                  onClick={entry.run}
                  className={cx(
                    "flex min-h-12 cursor-pointer items-center gap-3 rounded-xl px-3 py-1.5",
                    entry === chosen && "bg-sunken",
                  )}
                >
                  {entry.icon}
                  <span className="min-w-0 flex-1 truncate text-sm font-semibold">{entry.label}</span>
                  {entry.detail !== undefined && <span className="truncate text-xs text-ink-3">{entry.detail}</span>}
                </div>
              </div>
            ))}
            {entries.length === 0 && (
              <p role="status" className="px-4 py-10 text-center text-sm text-ink-3">
                {people.isFetching || spaces.isFetching ? "Looking…" : `Nothing in the house is called “${q}”.`}
              </p>
            )}
          </div>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

const Tile = ({ icon }: { icon: ReactNode }) => (
  <span className="grid size-9 shrink-0 place-items-center rounded-xl bg-sunken text-ink-2 [&_svg]:size-4.5">
    {icon}
  </span>
);
