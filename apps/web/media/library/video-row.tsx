import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import type { ListedVideo } from "#systems/media/contract.ts";

import { cx } from "../../parts/class.ts";
import { plural } from "../../parts/numbers.ts";
import { Skeleton } from "../../parts/skeleton.tsx";
import { Ago } from "../../parts/time.tsx";
import { spokenOf, Thumb } from "./thumb.tsx";

export interface WatchSearch {
  list?: string;
  shuffle?: string;
}

/** A film in a list, one below the other. The whole row leads to it; what is at its ends does other things. */
export function VideoRow({
  video,
  search = {},
  before,
  menu,
  detail,
  className,
}: {
  video: ListedVideo;
  search?: WatchSearch;
  /** In front of the picture: a handle, a number. */
  before?: ReactNode;
  menu?: ReactNode;
  detail?: ReactNode;
  className?: string;
}) {
  return (
    <div
      className={cx(
        "group relative flex items-center gap-3 px-4 py-2.5 transition-colors hover:bg-sunken/70 sm:rounded-2xl sm:px-3",
        className,
      )}
    >
      {before}
      <Thumb video={video} className="w-36 shrink-0 sm:w-44" />
      <div className="min-w-0 flex-1 self-start pt-0.5">
        <Link
          to="/watch/$id"
          params={{ id: video.id }}
          search={search}
          className="line-clamp-2 text-base leading-5.5 font-semibold outline-none after:absolute after:inset-0 after:rounded-2xl focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent-ink"
        >
          {video.title}
          <span className="sr-only">, {spokenOf(video)}</span>
        </Link>
        <p className="mt-1 truncate text-sm leading-5 text-ink-3">{video.owner.display_name}</p>
        <p className="truncate text-xs text-ink-3">
          {detail ?? (
            <>
              {plural(video.view_count, "view")} · <Ago at={video.created_at} />
            </>
          )}
        </p>
      </div>
      {menu !== undefined && <div className="relative z-1 -mr-2 shrink-0 self-start">{menu}</div>}
    </div>
  );
}

export const VideoRowSkeleton = () => (
  <div className="flex gap-3 px-4 py-2.5 sm:px-3">
    <Skeleton className="aspect-video w-36 shrink-0 rounded-xl sm:w-44" />
    <div className="flex-1 space-y-2 pt-1">
      <Skeleton className="h-4 w-4/5" />
      <Skeleton className="h-3.5 w-28" />
      <Skeleton className="h-3 w-20" />
    </div>
  </div>
);

export const RowsSkeleton = () => (
  <>
    <VideoRowSkeleton />
    <VideoRowSkeleton />
    <VideoRowSkeleton />
    <VideoRowSkeleton />
  </>
);
