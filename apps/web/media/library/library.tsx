import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Clapperboard, Film, History as HistoryIcon, ListVideo, Plus } from "lucide-react";
import { lazy, Suspense, useState } from "react";

import { getCollection, listCollectionItems, listCollections, WATCH_LATER } from "#systems/media/contract.ts";

import { Button, buttonClass } from "../../parts/button.tsx";
import { Empty, Failed } from "../../parts/empty.tsx";
import { plural } from "../../parts/numbers.ts";
import { Loading } from "../../parts/skeleton.tsx";
import { ask } from "../../shell/house.ts";
import { NeedMe } from "../../shell/need-me.tsx";
import { PageHeader } from "../../shell/page-header.tsx";
import { ContinueShelf } from "./continue-shelf.tsx";
import { PLAYLIST_GRID, PlaylistCard, PlaylistSkeleton } from "./playlist-card.tsx";
import { Shelf, SHELF_ROW, Tile, TileSkeleton } from "./tile.tsx";
import { VideoMenu } from "./video-menu.tsx";

const PlaylistForm = lazy(() => import("./playlist-form.tsx"));
const PLAYLISTS_SHOWN = 7;
const LATER_SHOWN = 12;

/** The home of one's videos: what to go on with, what was kept for later, and playlists. */
export function LibraryScreen() {
  return (
    <>
      <PageHeader title="Videos" detail="What you began, kept and put together">
        <Link to="/studio" className={buttonClass("quiet", "sm")}>
          <Film className="size-4.5" aria-hidden="true" /> Studio
        </Link>
        <Link to="/history" className={buttonClass("quiet", "sm", "-mr-2")}>
          <HistoryIcon className="size-4.5" aria-hidden="true" /> History
        </Link>
      </PageHeader>
      <NeedMe>
        {() => (
          <div className="pb-10">
            <ContinueShelf
              empty={
                <p className="mx-4 mt-5 flex items-center gap-3 rounded-2xl bg-sunken px-5 py-4 text-sm text-ink-2 sm:mx-0">
                  <Clapperboard className="size-5 shrink-0 text-ink-3" aria-hidden="true" />
                  Films that you begin and do not end wait for you here.
                </p>
              }
            />
            <WatchLater />
            <Playlists />
          </div>
        )}
      </NeedMe>
    </>
  );
}

const More = ({ to, id, children }: { to: "/playlists" | "/playlists/$id"; id?: string; children: string }) => (
  <Link
    to={to}
    {...(id === undefined ? {} : { params: { id } })}
    className="-mx-2 rounded-full px-3 py-1.5 text-sm font-semibold text-accent-ink hover:bg-sunken"
  >
    {children}
  </Link>
);

function WatchLater() {
  const params = { collection_id: WATCH_LATER };
  const list = useQuery(ask(getCollection, { params }));
  const items = useQuery(ask(listCollectionItems, { params, query: { limit: LATER_SHOWN } }));
  if (items.isError) return <Failed error={items.error} retry={() => void items.refetch()} />;
  if (items.data?.items.length === 0) return null;
  return (
    <Shelf
      title="Watch later"
      more={
        <More to="/playlists/$id" id={WATCH_LATER}>
          {list.data ? `All ${list.data.video_count}` : "All"}
        </More>
      }
    >
      <ul className={SHELF_ROW}>
        {items.isPending ? (
          <>
            <Loading what="Watch later" />
            <TileSkeleton />
            <TileSkeleton />
            <TileSkeleton />
          </>
        ) : (
          items.data.items.map(({ video }) => (
            <Tile
              key={video.id}
              video={video}
              search={list.data ? { list: list.data.id } : {}}
              detail={video.owner.display_name}
              menu={<VideoMenu video={video} />}
            />
          ))
        )}
      </ul>
    </Shelf>
  );
}

function Playlists() {
  const [making, setMaking] = useState(false);
  const lists = useQuery(ask(listCollections, { query: { limit: PLAYLISTS_SHOWN } }));
  const own = lists.data?.items.filter((list) => list.kind === "playlist") ?? [];
  return (
    <Shelf
      title="Playlists"
      more={
        <div className="flex items-center gap-3">
          {lists.data?.next_cursor && <More to="/playlists">All playlists</More>}
          {own.length > 0 && (
            <Button look="soft" size="sm" onClick={() => setMaking(true)}>
              <Plus className="size-4.5" /> New
            </Button>
          )}
        </div>
      }
    >
      {lists.isPending ? (
        <div className={PLAYLIST_GRID}>
          <Loading what="your playlists" />
          <PlaylistSkeleton />
          <PlaylistSkeleton />
          <PlaylistSkeleton />
        </div>
      ) : lists.isError ? (
        <Failed error={lists.error} retry={() => void lists.refetch()} />
      ) : own.length === 0 ? (
        <Empty
          icon={<ListVideo />}
          title="No playlists yet"
          action={<Button onClick={() => setMaking(true)}>Begin one</Button>}
        >
          Put films into an order, for yourself or for others: a course, a trip, an evening.
        </Empty>
      ) : (
        <div role="list" aria-label={plural(own.length, "playlist")} className={PLAYLIST_GRID}>
          {own.map((list) => (
            <PlaylistCard key={list.id} list={list} />
          ))}
        </div>
      )}
      <Suspense fallback={null}>{making && <PlaylistForm close={() => setMaking(false)} />}</Suspense>
    </Shelf>
  );
}
