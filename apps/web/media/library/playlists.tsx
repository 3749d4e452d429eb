import { useInfiniteQuery } from "@tanstack/react-query";
import { ListVideo, Plus } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { type Collection, listCollections } from "#systems/media/contract.ts";

import { Button } from "../../parts/button.tsx";
import { Empty } from "../../parts/empty.tsx";
import { PagedList } from "../../parts/paged-list.tsx";
import { askPages } from "../../shell/house.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { PageHeader } from "../../shell/page-header.tsx";
import { PLAYLIST_GRID, PlaylistCard, PlaylistSkeleton } from "./playlist-card.tsx";

const PlaylistForm = lazy(() => import("./playlist-form.tsx"));

export function PlaylistsScreen() {
  const [making, setMaking] = useState(false);
  return (
    <>
      <PageHeader title="Playlists" back>
        <Button size="sm" onClick={() => setMaking(true)}>
          <Plus className="size-4.5" /> New
        </Button>
      </PageHeader>
      <NeedMe>{() => <Mine />}</NeedMe>
      <Suspense fallback={null}>{making && <PlaylistForm close={() => setMaking(false)} />}</Suspense>
    </>
  );
}

function Mine() {
  const pages = useInfiniteQuery(askPages(listCollections, { query: { limit: 24 } }));
  return (
    <div className="pt-3">
      <PlaylistGrid pages={pages} />
    </div>
  );
}

/** On a profile: what of a person's playlists the viewer may see. */
export function PlaylistsOf({ person }: { person: { id: string; display_name: string } }) {
  const pages = useInfiniteQuery(askPages(listCollections, { query: { owner: person.id, limit: 24 } }));
  return (
    <PlaylistGrid
      pages={pages}
      empty={
        <Empty icon={<ListVideo />} title="No playlists yet">
          When {person.display_name} puts films in an order that you may see, it stands here.
        </Empty>
      }
    />
  );
}

function PlaylistGrid({
  pages,
  empty,
}: {
  pages: Parameters<typeof PagedList<Collection>>[0]["pages"];
  empty?: React.ReactNode;
}) {
  return (
    <PagedList<Collection>
      pages={pages}
      what="playlists"
      keyOf={(list) => list.id}
      className={PLAYLIST_GRID}
      skeleton={
        <>
          <PlaylistSkeleton />
          <PlaylistSkeleton />
          <PlaylistSkeleton />
        </>
      }
      empty={empty ?? <Empty icon={<ListVideo />} title="No playlists yet" />}
      end={null}
    >
      {(list) => <PlaylistCard list={list} />}
    </PagedList>
  );
}
