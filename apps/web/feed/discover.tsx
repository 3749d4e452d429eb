import { useSearch } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { lazy, Suspense } from "react";

import { discoverFeed } from "#systems/feed/contract.ts";

import { Button } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { RowSkeleton } from "../parts/skeleton.tsx";
import { TabLinks } from "../parts/tab-links.tsx";
import { openCompose } from "../shell/compose.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { openPalette } from "../shell/palette-door.ts";
import { useMe } from "../shell/session.ts";
import { PostList } from "./post-list.tsx";

const Trending = lazy(async () => ({ default: (await import("./trending/trending.tsx")).Trending }));

export function DiscoverScreen() {
  const me = useMe();
  const { tab } = useSearch({ from: "/discover" });
  return (
    <>
      <PageHeader title="Discover" detail="Everything public in this house" />
      <div className="px-4 py-3 sm:px-0 lg:hidden">
        <button
          type="button"
          onClick={openPalette}
          className="flex h-12 w-full items-center gap-3 rounded-full bg-sunken px-5 text-left text-sm text-ink-3"
        >
          <Search className="size-5" aria-hidden="true" />
          People, spaces, #hashtags
        </button>
      </div>
      <TabLinks
        label="Discover"
        tabs={[
          { to: "/discover", label: "Newest", on: tab === undefined },
          { to: "/discover", search: { tab: "trending" }, label: "Trending", on: tab === "trending" },
        ]}
      />
      {tab === "trending" ? (
        <Suspense fallback={<RowSkeleton />}>
          <Trending />
        </Suspense>
      ) : (
        <PostList
          route={discoverFeed}
          empty={
            <Empty
              title="Nobody has written anything yet"
              action={me && <Button onClick={() => openCompose()}>Write the first post</Button>}
            >
              The first public post of the house will stand here.
            </Empty>
          }
        />
      )}
    </>
  );
}
