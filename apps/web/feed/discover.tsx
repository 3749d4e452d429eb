import { Search } from "lucide-react";

import { discoverFeed } from "#systems/feed/contract.ts";

import { Button } from "../parts/button.tsx";
import { Empty } from "../parts/empty.tsx";
import { openCompose } from "../shell/compose.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { openPalette } from "../shell/palette-door.ts";
import { useMe } from "../shell/session.ts";
import { PostList } from "./post-list.tsx";

export function DiscoverScreen() {
  const me = useMe();
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
      <div className="lg:pt-3">
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
      </div>
    </>
  );
}
