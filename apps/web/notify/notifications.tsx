import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { Bell, SlidersHorizontal, Trash2 } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";

import {
  type Kind,
  KIND_FACTS,
  KIND_GROUPS,
  type KindGroup,
  type Notification,
  notifyRoutes,
} from "#systems/notify/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { Button } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { PagedList } from "../parts/paged-list.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { TabLinks } from "../parts/tab-links.tsx";
import { askPages, call, queries } from "../shell/house.ts";
import { NeedMe } from "../shell/need-me.tsx";
import { PageHeader } from "../shell/page-header.tsx";
import { say, sorry } from "../shell/toasts.ts";
import { GROUP_LABELS } from "./kind-words.ts";
import { NotificationRow } from "./row.tsx";
import { readAll } from "./unread.ts";

const RequestsSheet = lazy(() => import("./requests.tsx"));
const Confirm = lazy(async () => ({ default: (await import("../parts/dialog.tsx")).Confirm }));
/** The kinds of a group, as the list is asked for them. */
const kindsOf = (group: KindGroup): string =>
  (Object.keys(KIND_FACTS) as Kind[]).filter((kind) => KIND_FACTS[kind].about === group).join(",");
/** Long enough to have seen that there is something new, and what. */
const READ_AFTER_MS = 1_200;

export function NotificationsScreen() {
  const { show } = useSearch({ from: "/notifications" });
  const [clearing, setClearing] = useState(false);
  return (
    <>
      <PageHeader title="Notifications">
        <Link
          to="/settings/$section"
          params={{ section: "notifications" }}
          aria-label="What reaches you"
          title="What reaches you"
          className="grid size-11 place-items-center rounded-full text-ink-2 hover:bg-sunken hover:text-ink"
        >
          <SlidersHorizontal className="size-5" aria-hidden="true" />
        </Link>
        <Button look="quiet" size="sm" className="-mr-2" aria-label="Clear all" onClick={() => setClearing(true)}>
          <Trash2 className="size-4.5" aria-hidden="true" /> <span className="max-sm:sr-only">Clear</span>
        </Button>
      </PageHeader>
      <TabLinks
        label="Notifications"
        tabs={[
          { to: "/notifications", search: {}, label: "All", on: show === undefined },
          ...KIND_GROUPS.map((group) => ({
            to: "/notifications" as const,
            search: { show: group },
            label: GROUP_LABELS[group],
            on: show === group,
          })),
        ]}
      />
      <NeedMe>{(me) => <Inbox key={show ?? "all"} me={me} group={show ?? null} />}</NeedMe>
      <Suspense fallback={null}>
        {clearing && (
          <Confirm
            open
            onOpenChange={setClearing}
            title="Clear all notifications?"
            action="Clear"
            onConfirm={() => {
              setClearing(false);
              clear();
            }}
          >
            What people did stays as it is; only this list is emptied.
          </Confirm>
        )}
      </Suspense>
    </>
  );
}

function clear() {
  call(notifyRoutes.clearNotifications)
    .then(async () => {
      await queries.invalidateQueries({ queryKey: [notifyRoutes.listNotifications.path] });
      await queries.invalidateQueries({ queryKey: [notifyRoutes.unreadNotifications.path] });
      say("Your notifications are cleared.");
    })
    .catch(sorry);
}

const NOTHING_YET: Record<KindGroup | "all", [title: string, words: string]> = {
  all: [
    "Nothing has happened yet",
    "When somebody follows you, answers you, names you or likes what you made, you find it here.",
  ],
  words: ["Nobody has written to you yet", "Comments on your posts, answers, and wherever your name is written."],
  chat: ["Nothing from chats", "Direct messages, and where somebody names or answers you."],
  people: ["Nobody new yet", "Who follows you, who asks to, and who lets you follow them."],
  reactions: ["No reactions yet", "Who likes what you made or passes it on, and how polls ended."],
  house: [
    "Nothing from the house",
    "What became of your scheduled posts, and what its keepers decided about something of yours.",
  ],
};

function Inbox({ me, group }: { me: Me; group: KindGroup | null }) {
  const query = group ? { kinds: kindsOf(group) } : {};
  const pages = useInfiniteQuery({
    ...askPages(notifyRoutes.listNotifications, { query: query as never }),
    // Whoever comes here wants what is there now.
    staleTime: 0,
  });
  const [asking, setAsking] = useState(false);
  const there = pages.isSuccess;
  useEffect(() => {
    if (!there || group) return;
    const seen = setTimeout(() => void readAll().catch(() => {}), READ_AFTER_MS);
    return () => clearTimeout(seen);
  }, [there, group]);
  return (
    <div className="pb-16">
      {me.private && (group === null || group === "people") && (
        <div className="flex items-center justify-between gap-3 border-b border-line px-4 py-3 text-sm sm:px-2">
          <p className="text-ink-2">Your account is private: you say who follows you.</p>
          <Button look="outline" size="sm" onClick={() => setAsking(true)}>
            Requests
          </Button>
        </div>
      )}
      <PagedList<Notification>
        pages={pages}
        what="notifications"
        keyOf={(one) => one.id}
        className="divide-y divide-line/70"
        skeleton={
          <>
            <RowSkeleton />
            <RowSkeleton />
            <RowSkeleton />
            <RowSkeleton />
          </>
        }
        empty={
          <Empty icon={<Bell />} title={NOTHING_YET[group ?? "all"][0]}>
            {NOTHING_YET[group ?? "all"][1]}
          </Empty>
        }
      >
        {(one) => <NotificationRow one={one} />}
      </PagedList>
      <Suspense fallback={null}>{asking && <RequestsSheet close={() => setAsking(false)} />}</Suspense>
    </div>
  );
}
