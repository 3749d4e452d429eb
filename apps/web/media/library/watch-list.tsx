import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { ListVideo, Shuffle, SkipBack, SkipForward } from "lucide-react";
import { useEffect, useEffectEvent, useMemo, useRef } from "react";

import { getCollection, getCollectionOrder, listCollectionItems } from "#systems/media/contract.ts";

import { IconButton } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { Skeleton } from "../../parts/skeleton.tsx";
import { ask, call } from "../../shell/house.ts";
import { useShortcuts } from "../../shell/keyboard.ts";
import { newSeed, placeIn, shuffled } from "./queue.ts";
import { spokenOf, Thumb } from "./thumb.tsx";
import type { WatchSearch } from "./video-row.tsx";
import { watchFrom } from "./watched-from.ts";

const READ_AT_ONCE = 100;

/** Beside the film: what comes before and after it in the playlist that it is watched from, if it is. */
export const WatchList = ({ video_id, from }: { video_id: string; from: WatchSearch }) =>
  from.list === undefined ? null : <Playing video_id={video_id} list={from.list} shuffle={from.shuffle} />;

function Playing({ video_id, list, shuffle }: { video_id: string; list: string; shuffle: string | undefined }) {
  const navigate = useNavigate();
  const order = useQuery(ask(getCollectionOrder, { params: { collection_id: list } }));
  const ids = useMemo(() => {
    const told = order.data?.video_ids ?? [];
    return shuffle === undefined ? told : shuffled(told, shuffle);
  }, [order.data, shuffle]);
  const search = { list, ...(shuffle === undefined ? {} : { shuffle }) };
  const place = placeIn(ids, video_id);
  const go = (id: string) => void navigate({ to: "/watch/$id", params: { id }, search });
  const ended = useEffectEvent(() => place?.next && go(place.next));
  const inList = place !== null;
  useEffect(() => {
    if (inList) return watchFrom({ list, video_id, ended: () => void ended() });
  }, [list, video_id, inList]);
  const named = useQuery(ask(getCollection, { params: { collection_id: list } }));
  const films = useQuery({
    queryKey: ["/v1/collections/{collection_id}/items", { collection_id: list }, {}, "all"],
    queryFn: ({ signal }) => readAll(list, signal),
  });
  const here = useRef<HTMLLIElement>(null);
  const ready = films.data !== undefined && ids.length > 0;
  useEffect(() => {
    const box = here.current?.parentElement;
    if (ready && here.current && box) box.scrollTop = here.current.offsetTop - box.offsetTop - 76;
  }, [ready, video_id]);
  useShortcuts([
    { keys: "]", label: "Next in the playlist", group: "Playlist", run: () => place?.next && go(place.next) },
    {
      keys: "P",
      label: "Previous in the playlist",
      group: "Playlist",
      run: () => place?.previous && go(place.previous),
    },
  ]);
  // It has gone, or is not for this viewer any more: the film plays all the same.
  if (named.isError) return null;
  const byId = films.data;
  return (
    <section
      aria-label={`Playlist ${named.data?.title ?? ""}`}
      className="mx-4 mt-5 overflow-hidden rounded-2xl border border-line bg-surface sm:mx-0 lg:mt-0"
    >
      <header className="flex items-center gap-1 border-b border-line py-2 pr-2 pl-4">
        <div className="min-w-0 flex-1">
          <Link
            to="/playlists/$id"
            params={{ id: list }}
            className="flex min-h-6 items-center gap-2 font-bold hover:underline"
          >
            <ListVideo className="size-4.5 shrink-0 text-ink-3" aria-hidden="true" />
            <span className="truncate">{named.data?.title ?? "Playlist"}</span>
          </Link>
          <p role="status" className="text-xs text-ink-3 tabular-nums">
            {place ? `${place.at + 1} of ${place.count}` : ready ? `${ids.length} films` : " "}
          </p>
        </div>
        <IconButton
          label="Previous film"
          disabled={!place?.previous}
          onClick={() => place?.previous && go(place.previous)}
        >
          <SkipBack className="size-5" />
        </IconButton>
        <IconButton label="Next film" disabled={!place?.next} onClick={() => place?.next && go(place.next)}>
          <SkipForward className="size-5" />
        </IconButton>
        <Link
          to="/watch/$id"
          params={{ id: video_id }}
          search={shuffle === undefined ? { list, shuffle: newSeed() } : { list }}
          replace
          role="switch"
          aria-checked={shuffle !== undefined}
          aria-label="Shuffle"
          title="Shuffle"
          className={cx(
            "inline-grid size-11 shrink-0 place-items-center rounded-full transition-colors duration-150",
            shuffle === undefined ? "text-ink-2 hover:bg-sunken hover:text-ink" : "bg-accent-tint text-accent-ink",
          )}
        >
          <Shuffle className="size-5" aria-hidden="true" />
        </Link>
      </header>
      <ol className="max-h-96 overflow-y-auto overscroll-contain py-1 lg:max-h-[30rem]">
        {!ready && !films.isError
          ? [0, 1, 2].map((at) => (
              <li key={at} className="flex gap-3 px-3 py-2">
                <Skeleton className="aspect-video w-28 rounded-lg" />
                <Skeleton className="h-4 flex-1" />
              </li>
            ))
          : ids.map((id, at) => {
              const video = byId?.get(id);
              return (
                <li
                  key={id}
                  ref={id === video_id ? here : null}
                  aria-current={id === video_id ? "true" : undefined}
                  className="relative flex items-center gap-3 py-1.5 pr-3 pl-2 hover:bg-sunken aria-[current=true]:bg-accent-tint"
                >
                  <span aria-hidden="true" className="w-5 shrink-0 text-center text-xs text-ink-3 tabular-nums">
                    {at + 1}
                  </span>
                  {video ? (
                    <>
                      <Thumb video={video} className="w-26 shrink-0 rounded-lg" />
                      <div className="min-w-0 flex-1">
                        <Link
                          to="/watch/$id"
                          params={{ id }}
                          search={search}
                          className="line-clamp-2 text-sm leading-5 font-semibold outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent-ink"
                        >
                          {video.title}
                          <span className="sr-only">, {spokenOf(video)}</span>
                        </Link>
                        <p className="truncate text-xs text-ink-3">{video.owner.display_name}</p>
                      </div>
                    </>
                  ) : (
                    <Link to="/watch/$id" params={{ id }} search={search} className="text-sm font-semibold">
                      Film {at + 1}
                    </Link>
                  )}
                </li>
              );
            })}
      </ol>
    </section>
  );
}

/** All films of it: at most five pages, as a playlist has its bound. */
async function readAll(collection_id: string, signal: AbortSignal) {
  const films = new Map<string, Awaited<ReturnType<typeof page>>["items"][number]["video"]>();
  const page = (cursor: string | null) =>
    call(listCollectionItems, {
      params: { collection_id },
      query: { limit: READ_AT_ONCE, ...(cursor === null ? {} : { cursor }) },
      signal,
    });
  let cursor: string | null = null;
  do {
    const answer: Awaited<ReturnType<typeof page>> = await page(cursor);
    for (const { video } of answer.items) films.set(video.id, video);
    cursor = answer.next_cursor;
  } while (cursor !== null);
  return films;
}
