import { useInfiniteQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { Bell, Trash2 } from "lucide-react";
import { lazy, Suspense, useEffect, useState } from "react";

import { type Notification, notifyRoutes } from "#systems/notify/contract.ts";
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
import { NotificationRow } from "./row.tsx";
import { readAll } from "./unread.ts";

const RequestsSheet = lazy(() => import("./requests.tsx"));
const Confirm = lazy(async () => ({ default: (await import("../parts/dialog.tsx")).Confirm }));
const WORDS_TO_ME = "mention,reply,comment,comment_mention";
/** Long enough to have seen that there is something new, and what. */
const READ_AFTER_MS = 1_200;

export function NotificationsScreen() {
  const { show } = useSearch({ from: "/notifications" });
  const [clearing, setClearing] = useState(false);
  return (
    <>
      <PageHeader title="Notifications">
        <Button look="quiet" size="sm" className="-mr-2" aria-label="Clear all" onClick={() => setClearing(true)}>
          <Trash2 className="size-4.5" aria-hidden="true" /> <span className="max-sm:sr-only">Clear</span>
        </Button>
      </PageHeader>
      <TabLinks
        label="Notifications"
        tabs={[
          { to: "/notifications", search: {}, label: "All", on: show === undefined },
          { to: "/notifications", search: { show: "words" }, label: "Words to you", on: show === "words" },
        ]}
      />
      <NeedMe>{(me) => <Inbox key={show ?? "all"} me={me} only_words={show === "words"} />}</NeedMe>
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

function Inbox({ me, only_words }: { me: Me; only_words: boolean }) {
  const query = only_words ? { kinds: WORDS_TO_ME } : {};
  const pages = useInfiniteQuery({
    ...askPages(notifyRoutes.listNotifications, { query: query as never }),
    // Whoever comes here wants what is there now.
    staleTime: 0,
  });
  const [asking, setAsking] = useState(false);
  const there = pages.isSuccess;
  useEffect(() => {
    if (!there || only_words) return;
    const seen = setTimeout(() => void readAll().catch(() => {}), READ_AFTER_MS);
    return () => clearTimeout(seen);
  }, [there, only_words]);
  return (
    <div className="pb-16">
      {me.private && !only_words && (
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
          <Empty icon={<Bell />} title={only_words ? "Nobody has written to you yet" : "Nothing has happened yet"}>
            {only_words
              ? "Comments on your posts, answers, and wherever your name is written."
              : "When somebody follows you, answers you, names you or likes what you made, you find it here."}
          </Empty>
        }
      >
        {(one) => <NotificationRow one={one} />}
      </PagedList>
      <Suspense fallback={null}>{asking && <RequestsSheet close={() => setAsking(false)} />}</Suspense>
    </div>
  );
}
