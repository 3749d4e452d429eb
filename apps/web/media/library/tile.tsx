import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { ListedVideo } from "#systems/media/contract.ts";

import { Skeleton } from "../../parts/skeleton.tsx";
import { spokenOf, Thumb } from "./thumb.tsx";
import type { WatchSearch } from "./video-row.tsx";

/** A film on a shelf, beside others. */
export function Tile({
  video,
  search = {},
  detail,
  menu,
}: {
  video: ListedVideo;
  search?: WatchSearch;
  detail: ReactNode;
  menu?: ReactNode;
}) {
  return (
    <li className="group relative w-60 shrink-0 snap-start sm:w-56">
      <Thumb video={video} className="transition-opacity group-hover:opacity-90" />
      <div className="mt-2 flex items-start gap-1">
        <div className="min-w-0 flex-1">
          <Link
            to="/watch/$id"
            params={{ id: video.id }}
            search={search}
            className="line-clamp-2 text-sm leading-5 font-semibold outline-none after:absolute after:inset-0 after:rounded-xl focus-visible:after:outline-2 focus-visible:after:outline-offset-2 focus-visible:after:outline-accent-ink"
          >
            {video.title}
            <span className="sr-only">, {spokenOf(video)}</span>
          </Link>
          <p className="mt-0.5 truncate text-xs text-ink-3">{detail}</p>
        </div>
        {menu !== undefined && <div className="relative z-1 -mt-2.5 -mr-2 shrink-0">{menu}</div>}
      </div>
    </li>
  );
}

export const TileSkeleton = () => (
  <div className="w-60 shrink-0 sm:w-56">
    <Skeleton className="aspect-video w-full rounded-xl" />
    <Skeleton className="mt-3 h-4 w-4/5" />
    <Skeleton className="mt-2 h-3 w-24" />
  </div>
);

/** Films beside each other; a thumb, a wheel and the Tab key all move along it. */
export function Shelf({ title, more, children }: { title: string; more?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="pt-5">
      <div className="flex min-h-9 items-center justify-between gap-3 px-4 pb-2 sm:px-1">
        <h2 className="text-lg font-bold tracking-tight">{title}</h2>
        {more}
      </div>
      {children}
    </section>
  );
}

export const SHELF_ROW =
  "flex snap-x snap-proximity scroll-px-4 gap-4 overflow-x-auto px-4 pt-1 pb-2 no-bar sm:scroll-px-1 sm:px-1";
