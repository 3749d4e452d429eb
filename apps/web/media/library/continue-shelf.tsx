import { useQuery } from "@tanstack/react-query";
import { EyeOff } from "lucide-react";

import { continueWatching, forgetWatched, type GoingOn, putPosition } from "#systems/media/contract.ts";

import { Failed } from "../../parts/empty.tsx";
import { Loading } from "../../parts/skeleton.tsx";
import { clockOf } from "../../parts/time.tsx";
import { ask, call, queries } from "../../shell/house.ts";
import { say, sorry } from "../../shell/toasts.ts";
import { Shelf, SHELF_ROW, Tile, TileSkeleton } from "./tile.tsx";
import { VideoMenu } from "./video-menu.tsx";

const asked = ask(continueWatching, {});

/** What was begun and not ended, and what comes next. It is not there at all for who has nothing to go on with. */
export function ContinueShelf({ empty = null }: { empty?: React.ReactNode }) {
  const found = useQuery({ ...asked, staleTime: 5_000 });
  if (found.isPending) {
    return (
      <Shelf title="Continue watching">
        <Loading what="what you began" />
        <div className={SHELF_ROW}>
          <TileSkeleton />
          <TileSkeleton />
          <TileSkeleton />
        </div>
      </Shelf>
    );
  }
  if (found.isError) return <Failed error={found.error} retry={() => void found.refetch()} />;
  if (found.data.items.length === 0) return empty;
  return (
    <Shelf title="Continue watching">
      <ul className={SHELF_ROW}>
        {found.data.items.map((item) => (
          <Tile
            key={item.video.id}
            video={item.video}
            search={item.collection ? { list: item.collection.id } : {}}
            detail={wordsOf(item)}
            menu={
              <VideoMenu
                video={item.video}
                more={
                  item.because === "unfinished"
                    ? [{ label: "Not this one any more", icon: <EyeOff />, run: () => letGo(item) }]
                    : []
                }
              />
            }
          />
        ))}
      </ul>
    </Shelf>
  );
}

function wordsOf({ because, collection, video }: GoingOn): string {
  if (because === "next") return `Next in ${collection?.title ?? "the playlist"}`;
  const left_ms = (video.duration_ms ?? 0) - (video.position_ms ?? 0);
  return `${clockOf(left_ms)} left · ${video.owner.display_name}`;
}

/** Forgets where they stopped, and with it that they watched: it is gone at once, and comes back when they wish. */
function letGo({ video }: GoingOn) {
  const before = queries.getQueryData(asked.queryKey);
  queries.setQueryData(
    asked.queryKey,
    (now) => now && { items: now.items.filter((item) => item.video.id !== video.id) },
  );
  void call(forgetWatched, { params: { video_id: video.id } }).then(
    () =>
      say("Forgotten, also in your history.", async () => {
        await call(putPosition, { params: { video_id: video.id }, body: { position_ms: video.position_ms ?? 0 } });
        await queries.invalidateQueries({ queryKey: asked.queryKey });
      }),
    (error: unknown) => {
      queries.setQueryData(asked.queryKey, before);
      sorry(error);
    },
  );
}
