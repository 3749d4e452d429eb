import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { RefreshCw, Sparkles, ThumbsDown, UserX } from "lucide-react";
import { lazy, Suspense, useMemo, useState } from "react";

import { forYouFeed, forYouSettings, type Post, setForYouSettings } from "#systems/feed/contract.ts";
import type { Me } from "#systems/people/contract.ts";

import { Refusal } from "../../client.ts";
import { Button, buttonClass, IconButton } from "../../parts/button.tsx";
import { Empty, End, Failed } from "../../parts/empty.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { PostSkeleton } from "../../parts/skeleton.tsx";
import { ask, askPages, call, queries } from "../../shell/house.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { say, sorry } from "../../shell/toasts.ts";
import { HomeFrame } from "../home-tabs.tsx";
import { type MenuExtras, MenuExtrasContext } from "../menu-extras.ts";
import { POST_GAP } from "../post-list.tsx";
import { ColdStart } from "./cold-start.tsx";
import { askLess } from "./less.ts";
import { PlaceCard } from "./place.tsx";

const WhyDialog = lazy(() => import("./why-dialog.tsx"));

/** A list is what it was when it came: it is never fetched again behind its reader's back. */
const pagesQuery = { ...askPages(forYouFeed), staleTime: Number.POSITIVE_INFINITY };
export const settingsQuery = ask(forYouSettings);

export function ForYouScreen() {
  return (
    <HomeFrame on="for-you" title="For you">
      <NeedMe>{(me) => <ForYou me={me} />}</NeedMe>
    </HomeFrame>
  );
}

function renew() {
  window.scrollTo({ top: 0 });
  void queries.invalidateQueries({ queryKey: settingsQuery.queryKey });
  void queries.resetQueries({ queryKey: pagesQuery.queryKey });
}

export async function switchForYou(on: boolean): Promise<void> {
  try {
    queries.setQueryData(settingsQuery.queryKey, await call(setForYouSettings, { body: { on } }));
    await queries.resetQueries({ queryKey: pagesQuery.queryKey });
    say(on ? "For you is on." : "For you is off; what was kept for it is deleted.", () => switchForYou(!on));
  } catch (error) {
    sorry(error);
  }
}

function ForYou({ me }: { me: Me }) {
  const settings = useQuery(settingsQuery);
  if (settings.isPending) return <Waiting />;
  if (settings.isError) return <Failed error={settings.error} retry={() => void settings.refetch()} />;
  if (!settings.data.house_on) {
    return (
      <Empty icon={<Sparkles />} title="This house does not choose" action={<ToHome />}>
        An admin switched For you off for everybody. Home and Discover are in order of time.
      </Empty>
    );
  }
  if (!settings.data.on) {
    return (
      <Empty
        icon={<Sparkles />}
        title="For you is off"
        action={
          <>
            <Button onClick={() => void switchForYou(true)}>Switch it on</Button>
            <ToHome />
          </>
        }
      >
        Nothing is kept or learned of you for it. Switched on, it looks at what you and the people you follow like; all
        of that stays in this house.
      </Empty>
    );
  }
  return <Chosen me={me} cold={settings.data.cold} />;
}

const ToHome = () => (
  <Link to="/" className={buttonClass("outline")}>
    To home
  </Link>
);

const Waiting = () => (
  <div className={POST_GAP}>
    <PostSkeleton />
    <PostSkeleton media />
    <PostSkeleton />
  </div>
);

function Chosen({ me, cold }: { me: Me; cold: boolean }) {
  const pages = useInfiniteQuery(pagesQuery);
  const [why, setWhy] = useState<Post | null>(null);
  const extras = useMemo<MenuExtras>(
    () => ({
      why: setWhy,
      entries: (post) =>
        post.viewer?.own
          ? []
          : [
              { label: "Less like this", icon: <ThumbsDown />, run: () => void askLess(post, "post") },
              {
                label: `Nothing by @${post.author.handle}`,
                detail: "Only here; elsewhere they stay",
                icon: <UserX />,
                run: () => void askLess(post, "author"),
              },
            ],
    }),
    [],
  );
  // A list of an hour ago may be no longer kept; what is on the screen stays, and the way on is a new list.
  const isGone = pages.isFetchNextPageError && pages.error instanceof Refusal && pages.error.code === "cursor.invalid";
  const shown = isGone ? { ...pages, isFetchNextPageError: false, hasNextPage: false } : pages;
  return (
    <MenuExtrasContext value={extras}>
      <div className="flex items-center gap-3 pr-2 pb-1 pl-4 text-sm text-ink-2 sm:px-1">
        <p className="min-w-0 flex-1">Chosen in this house, for you alone.</p>
        <IconButton label="A new list" onClick={renew}>
          <RefreshCw className="size-5" />
        </IconButton>
      </div>
      {cold && <ColdStart me={me} />}
      <PagedList<Post>
        pages={shown as Parameters<typeof PagedList<Post>>[0]["pages"]}
        what="posts chosen for you"
        role="feed"
        keyOf={(post) => post.id}
        className={POST_GAP}
        skeleton={<Waiting />}
        empty={
          <Empty
            icon={<Sparkles />}
            title="Nothing to choose from right now"
            action={
              <>
                <Button onClick={renew}>Look again</Button>
                <Link to="/discover" className={buttonClass("outline")}>
                  Look around
                </Link>
              </>
            }
          >
            You have seen what is new, or nobody has written yet. What you saw or passed over is not brought again.
          </Empty>
        }
        end={
          <>
            <End>That is the list. Home has everything, in order.</End>
            <div className="-mt-4 flex justify-center gap-3 pb-10">
              <Button look="outline" onClick={renew}>
                A new list
              </Button>
              <ToHome />
            </div>
          </>
        }
      >
        {(post) => <PlaceCard post={post} />}
      </PagedList>
      <Suspense fallback={null}>{why && <WhyDialog post={why} close={() => setWhy(null)} />}</Suspense>
    </MenuExtrasContext>
  );
}
