import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useMatchRoute, useNavigate, useRouterState } from "@tanstack/react-router";
import { Menu as MenuIcon, PenLine, Plus } from "lucide-react";
import { createElement, lazy, Suspense, useEffect, useState } from "react";

import type { Me } from "#systems/people/contract.ts";

import { ChatBadge } from "../chat/badge-door.tsx";
import { usePlaying } from "../media/now-playing.ts";
import { usePlayerHost } from "../media/player-code.ts";
import { useDesk } from "../moderation/waiting.ts";
import { UnreadBadge } from "../notify/badge.tsx";
import { Avatar } from "../parts/avatar.tsx";
import { Button, buttonClass } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { HouseMark, HouseSign } from "../parts/house-mark.tsx";
import { LazyMenu } from "../parts/lazy-menu.tsx";
import { Aside } from "./aside.tsx";
import { AwayBanner } from "./banner.tsx";
import { closeCompose, openCompose, useCompose } from "./compose.ts";
import { houseQuery } from "./house.ts";
import { useShortcuts, walkPosts } from "./keyboard.ts";
import { isWithin, navFor, type NavItem } from "./nav.tsx";
import { PALETTE_WANTED } from "./palette-door.ts";
import { personEntries } from "./person-entries.tsx";
import { useMe } from "./session.ts";

const afterwards = () => import("./afterwards.ts");
const ToastHost = lazy(() => import("./toast-host.tsx"));
const Palette = lazy(() => import("./palette.tsx"));
const HouseNotes = lazy(async () => ({ default: (await afterwards()).HouseNotes }));
const Help = lazy(() => import("./help.tsx"));
const ComposeDialog = lazy(() => import("../feed/compose-dialog.tsx"));
const CasesBadge = lazy(async () => ({ default: (await afterwards()).CasesBadge }));
const WarningGate = lazy(async () => ({ default: (await afterwards()).WarningGate }));
const UploadShelf = lazy(async () => ({ default: (await afterwards()).UploadShelf }));

/** Screens that need the whole window: no frame around them. */
const BARE = ["/sign-in", "/sign-up", "/setup", "/reset", "/oauth/authorize"];

export function Frame() {
  const path = useRouterState({ select: (state) => state.location.pathname });
  const me = useMe();
  const bare = BARE.includes(path) || (path === "/" && me === null);
  return (
    <>
      <a
        href="#main"
        className="fixed top-2 left-2 z-70 -translate-y-20 rounded-full bg-accent px-5 py-3 text-sm font-semibold text-on-accent focus:translate-y-0"
      >
        Skip to the content
      </a>
      {bare ? (
        <>
          <AwayBanner />
          <main id="main" tabIndex={-1}>
            <Outlet />
          </main>
        </>
      ) : (
        <Housed path={path} me={me} />
      )}
      <Overlays me={me} />
      <Watched />
    </>
  );
}

function Housed({ path, me }: { path: string; me: Me | null | undefined }) {
  const shorts = path === "/shorts";
  const chat = path.startsWith("/chat");
  const { data: house } = useQuery(houseQuery);
  const notes = (house?.notes ?? []).map(({ detail }) => detail).join(" ");
  const wide =
    path.startsWith("/watch/") ||
    path.startsWith("/studio") ||
    path.startsWith("/admin") ||
    path.startsWith("/moderation") ||
    chat ||
    path.startsWith("/settings") ||
    shorts;
  return (
    <div
      className={cx(
        "flex w-full sm:px-4 xl:px-6",
        // List, chat and thread stand beside each other and take the room on the right; the rail stays where it is.
        chat ? "xl:pl-[max(1.5rem,50%-39rem)]" : "mx-auto max-w-[1296px]",
      )}
    >
      <Rail me={me} />
      <div
        className={cx(
          "min-w-0 flex-1 pb-[calc(4.5rem+env(safe-area-inset-bottom))] sm:pb-0",
          // What is said above it takes its height from the chat, not from the window.
          chat && "sm:flex sm:h-dvh sm:flex-col",
        )}
      >
        <AwayBanner />
        {!shorts && notes !== "" && (
          <Suspense fallback={null}>
            <HouseNotes text={notes} />
          </Suspense>
        )}
        <div
          className={cx(
            "mx-auto flex w-full gap-8 sm:px-4",
            !wide && "max-w-[68rem] justify-center",
            chat && "sm:min-h-0 sm:flex-1",
          )}
        >
          <main id="main" tabIndex={-1} className={cx("min-w-0 flex-1 outline-none", !wide && "max-w-[40rem]")}>
            <Outlet />
          </main>
          {!wide && <Aside me={me} />}
        </div>
      </div>
      <BottomBar me={me} over={shorts} />
    </div>
  );
}

function Rail({ me }: { me: Me | null | undefined }) {
  const desk = useDesk();
  const { data: house } = useQuery(houseQuery);
  const name = house?.name ?? "";
  return (
    <header className="sticky top-0 hidden h-dvh w-[4.5rem] shrink-0 flex-col gap-1 py-4 sm:flex xl:w-60">
      <Link to="/" className="mb-3 rounded-2xl px-2.5 py-1.5 xl:px-3" aria-label={`${name}, home`}>
        <span className="max-xl:hidden">
          <HouseSign name={name} />
        </span>
        <span className="grid size-11 place-items-center rounded-2xl bg-accent text-on-accent xl:hidden">
          <HouseMark className="size-6" />
        </span>
      </Link>
      <nav aria-label="Main" className="flex flex-col gap-0.5">
        {navFor(me, desk).map((item) => (
          <RailLink key={item.label} item={item} />
        ))}
      </nav>
      {me && (
        <Button
          size="lg"
          className="mt-4 max-xl:size-13 max-xl:self-center max-xl:px-0"
          onClick={() => openCompose()}
          aria-label="Write a post"
        >
          <PenLine className="size-5" />
          <span className="max-xl:hidden">Write</span>
        </Button>
      )}
      <div className="mt-auto">{me ? <PersonMenu me={me} /> : me === null && <Enter />}</div>
    </header>
  );
}

function RailLink({ item }: { item: NavItem }) {
  const Icon = item.icon;
  const within = useRouterState({ select: (state) => isWithin(item, state.location.pathname) });
  return (
    <Link
      to={item.to}
      {...(item.params ? { params: item.params } : {})}
      activeOptions={{ exact: item.to === "/" }}
      title={`${item.label} (${item.keys})`}
      {...(within ? { "aria-current": "true" as const } : {})}
      className="group flex h-12 items-center gap-4 rounded-full px-3.5 text-ink-2 transition-colors duration-150 hover:bg-sunken hover:text-ink max-xl:justify-center aria-[current]:font-bold aria-[current]:text-ink"
    >
      <span className="relative shrink-0">
        <Icon className="size-6 group-aria-[current]:text-accent-ink" strokeWidth={2} aria-hidden="true" />
        {item.to === "/chat" && <ChatBadge className="absolute -top-1.5 -right-2" />}
        {item.to === "/notifications" && <UnreadBadge className="absolute -top-1.5 -right-2" />}
        {item.to === "/moderation" && (
          <Suspense fallback={null}>
            <CasesBadge />
          </Suspense>
        )}
      </span>
      <span className="max-xl:sr-only">{item.label}</span>
    </Link>
  );
}

function Enter() {
  return (
    <div className="flex flex-col gap-2">
      <Link to="/sign-in" className={buttonClass("primary", "md", "max-xl:h-11 max-xl:px-3 max-xl:text-xs")}>
        Sign in
      </Link>
    </div>
  );
}

function PersonMenu({ me }: { me: Me }) {
  const navigate = useNavigate();
  return (
    <LazyMenu
      align="start"
      side="top"
      entries={() => personEntries(me, (to) => void navigate({ to }))}
      trigger={
        <button
          type="button"
          className="flex w-full items-center gap-3 rounded-full p-2 text-left hover:bg-sunken max-xl:justify-center"
        >
          <Avatar person={me} size="sm" />
          <span className="min-w-0 flex-1 max-xl:hidden">
            <span className="block truncate text-sm leading-5 font-bold">{me.display_name}</span>
            <span className="block truncate text-xs text-ink-3">@{me.handle}</span>
          </span>
          <span className="sr-only">Open your menu</span>
          <MenuIcon className="mr-1 size-4.5 text-ink-3 max-xl:hidden" aria-hidden="true" />
        </button>
      }
    />
  );
}

/** On phones: what the thumb reaches. */
function BottomBar({ me, over }: { me: Me | null | undefined; over: boolean }) {
  const items = navFor(me);
  const [home, discover, shorts, spaces] = items as [NavItem, NavItem, NavItem, NavItem];
  const chats = items.find((item) => item.to === "/chat");
  const profile = items.find((item) => item.label === "Profile");
  return (
    <nav
      aria-label="Main"
      className={cx(
        "fixed inset-x-0 bottom-0 z-30 flex items-stretch justify-around border-t px-1 pb-[env(safe-area-inset-bottom)] sm:hidden",
        over
          ? "border-transparent bg-black/70 text-white backdrop-blur-md"
          : "border-line bg-surface/94 backdrop-blur-md",
      )}
    >
      <BarLink item={home} over={over} />
      <BarLink item={discover} over={over} />
      {me ? (
        <button
          type="button"
          aria-label="Write a post"
          onClick={() => openCompose()}
          className="grid h-16 flex-1 place-items-center"
        >
          <span className="grid size-12 place-items-center rounded-2xl bg-accent text-on-accent shadow-1 transition-transform active:scale-95">
            <Plus className="size-6" strokeWidth={2.5} />
          </span>
        </button>
      ) : null}
      <BarLink item={chats ?? shorts} over={over} />
      {me && profile ? (
        <Link
          to="/@{$handle}"
          params={{ handle: me.handle }}
          className="group grid h-16 flex-1 place-items-center"
          aria-label="Profile"
        >
          <Avatar
            person={me}
            size="xs"
            className="ring-offset-2 ring-offset-surface group-aria-[current=page]:ring-2 group-aria-[current=page]:ring-accent-ink"
          />
        </Link>
      ) : (
        <BarLink item={spaces} over={over} />
      )}
    </nav>
  );
}

function BarLink({ item, over }: { item: NavItem; over: boolean }) {
  const Icon = item.icon;
  const within = useRouterState({ select: (state) => isWithin(item, state.location.pathname) });
  return (
    <Link
      to={item.to}
      activeOptions={{ exact: item.to === "/" }}
      {...(within ? { "aria-current": "true" as const } : {})}
      className={cx(
        "flex h-16 flex-1 flex-col items-center justify-center gap-0.5 text-[0.6875rem] leading-4 font-medium",
        over
          ? "text-white/80 aria-[current]:text-white"
          : "text-ink-3 aria-[current]:font-semibold aria-[current]:text-accent-ink",
      )}
    >
      <span className="relative">
        <Icon className="size-6" aria-hidden="true" />
        {item.to === "/chat" && <ChatBadge className="absolute -top-1.5 -right-2" />}
      </span>
      {item.label}
    </Link>
  );
}

/** The film that is being watched stands over all screens, so that it outlives the one that it began on. */
function Watched() {
  const playing = usePlaying();
  const Host = usePlayerHost();
  return playing && Host && createElement(Host, { playing });
}

/** Everything that lies over the page, and the keys that call it. */
function Overlays({ me }: { me: Me | null | undefined }) {
  const navigate = useNavigate();
  const matches = useMatchRoute();
  const [open, setOpen] = useState<"palette" | "help" | null>(null);
  const [rested, setRested] = useState(false);
  const compose = useCompose();
  useEffect(() => {
    const show = () => setOpen("palette");
    window.addEventListener(PALETTE_WANTED, show);
    // Toasts and unfinished uploads are no part of the first paint.
    const idle = setTimeout(() => setRested(true), 600);
    return () => {
      window.removeEventListener(PALETTE_WANTED, show);
      clearTimeout(idle);
    };
  }, []);
  // These walk in their own way.
  const walksItself =
    matches({ to: "/shorts" }) !== false ||
    matches({ to: "/moderation" }) !== false ||
    matches({ to: "/chat", fuzzy: true }) !== false;
  useShortcuts([
    { keys: "mod+k", label: "Find and do anything", group: "The house", run: () => setOpen("palette") },
    { keys: "/", label: "Search", group: "The house", run: () => setOpen("palette") },
    { keys: "?", label: "Show the keys", group: "The house", run: () => setOpen("help") },
    ...(me ? [{ keys: "n", label: "Write a post", group: "The house", run: () => openCompose() }] : []),
    ...navFor(me).map((item) => ({
      keys: item.keys,
      label: item.label,
      group: "Go to",
      run: () => void navigate({ to: item.to, ...(item.params ? { params: item.params } : {}) }),
    })),
    ...(walksItself
      ? []
      : [
          { keys: "j", label: "Next post", group: "Posts", run: () => walkPosts(1) },
          { keys: "k", label: "Previous post", group: "Posts", run: () => walkPosts(-1) },
        ]),
  ]);
  return (
    <Suspense fallback={null}>
      {rested && <ToastHost />}
      {rested && me && <UploadShelf />}
      {rested && me && <WarningGate />}
      {open === "palette" && (
        <Palette
          me={me ?? null}
          close={() => setOpen((now) => (now === "palette" ? null : now))}
          help={() => setOpen("help")}
        />
      )}
      {open === "help" && <Help close={() => setOpen(null)} />}
      {compose && me && <ComposeDialog draft={compose} me={me} close={closeCompose} />}
    </Suspense>
  );
}
