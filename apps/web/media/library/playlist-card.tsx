import { Link } from "@tanstack/react-router";
import { Clock, ListVideo } from "lucide-react";

import type { Collection } from "#systems/media/contract.ts";

import { plural } from "../../parts/numbers.ts";
import { Skeleton } from "../../parts/skeleton.tsx";
import { AudienceMark } from "./audience.tsx";

/** A playlist among others: its first picture, with the edges of those behind it. */
export function PlaylistCard({ list, owner = false }: { list: Collection; owner?: boolean }) {
  return (
    <div role="listitem" className="group relative">
      <span aria-hidden="true" className="mx-5 block h-1.5 rounded-t-lg bg-line/70" />
      <span aria-hidden="true" className="mx-2.5 mt-px block h-1.5 rounded-t-lg bg-line" />
      <Cover list={list} className="mt-px" />
      <div className="mt-2.5 px-0.5">
        <Link
          to="/playlists/$id"
          params={{ id: list.id }}
          className="line-clamp-2 leading-5.5 font-semibold outline-none after:absolute after:inset-0 after:rounded-xl focus-visible:after:outline-2 focus-visible:after:outline-offset-2 focus-visible:after:outline-accent-ink"
        >
          {list.title}
        </Link>
        <p className="mt-0.5 flex items-center gap-1.5 truncate text-xs text-ink-3">
          {owner ? list.owner.display_name : <AudienceMark audience={list.audience} words />}
          <span className="sr-only">, {plural(list.video_count, "film")}</span>
        </p>
      </div>
    </div>
  );
}

export function Cover({ list, className = "" }: { list: Collection; className?: string }) {
  const Icon = list.kind === "watch_later" ? Clock : ListVideo;
  return (
    <span
      aria-hidden="true"
      className={`relative grid aspect-video place-items-center overflow-hidden rounded-xl bg-sunken bg-cover bg-center ${className}`}
      style={list.cover?.placeholder ? { backgroundImage: `url("${list.cover.placeholder}")` } : undefined}
    >
      {list.cover ? (
        <img src={list.cover.poster_url} alt="" loading="lazy" className="absolute inset-0 size-full object-cover" />
      ) : (
        <Icon className="size-8 text-ink-3" />
      )}
      <span className="absolute right-1.5 bottom-1.5 flex items-center gap-1 rounded-md bg-black/78 px-1.5 text-xs leading-5 font-semibold text-white">
        <ListVideo className="size-3.5" /> {list.video_count}
      </span>
    </span>
  );
}

export const PlaylistSkeleton = () => (
  <div>
    <Skeleton className="mt-3.5 aspect-video w-full rounded-xl" />
    <Skeleton className="mt-3 h-4 w-3/4" />
    <Skeleton className="mt-2 h-3 w-20" />
  </div>
);

export const PLAYLIST_GRID = "grid grid-cols-2 gap-x-4 gap-y-6 px-4 sm:px-1 md:grid-cols-3";
