import { Link, useNavigate } from "@tanstack/react-router";
import { ChartNoAxesColumn, Ellipsis, Eye, Link2, Pencil, Play, RotateCcw, Trash2, TriangleAlert } from "lucide-react";
import { useState } from "react";

import { retryVideo, type Video } from "#systems/media/contract.ts";

import { copyLink } from "../../feed/post-menu.tsx";
import { Button, IconButton } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import { compact, plural } from "../../parts/numbers.ts";
import { Skeleton } from "../../parts/skeleton.tsx";
import { dayOf } from "../../parts/time.tsx";
import { call } from "../../shell/house.ts";
import { sorry } from "../../shell/toasts.ts";
import { useFilm } from "../film.ts";
import { AudienceMark } from "../library/audience.tsx";
import { Thumb } from "../library/thumb.tsx";
import { hasDraft } from "./kept.ts";
import { Progress } from "./progress.tsx";
import { STATE_WORDS, stateOf } from "./state.ts";
import { filmsChanged, type StudioUpload } from "./uploads.ts";

export interface FilmRowProps {
  video: Video;
  chosen: boolean;
  choose: (on: boolean, range: boolean) => void;
  /** The file of it that this browser sends. */
  file: StudioUpload | undefined;
  remove: () => void;
}

/** A film that moves is followed; one that rests is shown as it was listed. */
export const LiveFilmRow = (props: FilmRowProps) => {
  const { data } = useFilm(props.video.id);
  return <FilmRow {...props} video={data && data.version >= props.video.version ? data : props.video} />;
};

export function FilmRow({ video, chosen, choose, file, remove }: FilmRowProps) {
  const state = stateOf(video);
  const { label, className } = STATE_WORDS[state];
  const sent = file && state === "uploading" ? file.upload.sent_bytes / Math.max(1, file.size_bytes) : null;
  return (
    <div
      data-film={video.id}
      className="group relative flex gap-3 border-b border-line px-4 py-3 transition-colors last:border-b-0 hover:bg-sunken/60 has-checked:bg-accent-tint/60 sm:items-center"
    >
      <label className="relative z-1 -my-2 -ml-3 grid w-11 shrink-0 cursor-pointer place-items-center self-stretch">
        <input
          type="checkbox"
          checked={chosen}
          aria-label={`Choose ${video.title}`}
          className="size-4.5 accent-accent"
          onChange={() => {}}
          onClick={(event) => choose(event.currentTarget.checked, event.shiftKey)}
        />
      </label>
      <span className="relative w-24 shrink-0 self-start sm:w-36 sm:self-center">
        <Thumb video={{ ...video, position_ms: null }} />
        {state === "failed" && <TriangleAlert className="absolute inset-0 m-auto size-6 text-bad" aria-hidden="true" />}
      </span>
      <div className="min-w-0 flex-1">
        <Link
          to="/studio/$id"
          params={{ id: video.id }}
          className="line-clamp-2 max-w-fit leading-5.5 font-semibold outline-none after:absolute after:inset-0 focus-visible:after:outline-2 focus-visible:after:-outline-offset-2 focus-visible:after:outline-accent-ink"
        >
          {video.title}
        </Link>
        <p className="mt-1 flex flex-wrap items-center gap-x-2 gap-y-1 text-xs text-ink-3">
          {state !== "ready" && (
            <span className={cx("rounded-full px-2 py-0.5 font-semibold", className)}>
              {label}
              {state === "playable" && `, ${Math.round(video.progress * 100)} %`}
              {sent !== null && `, ${Math.round(sent * 100)} %`}
            </span>
          )}
          {hasDraft(video.id) && (
            <span className="rounded-full bg-warn-tint px-2 py-0.5 font-semibold text-warn">Changes not saved</span>
          )}
          <AudienceMark audience={video.audience} words />
          <span className="sm:hidden">
            {plural(video.view_count, "view")} · {dayOf(video.created_at)}
          </span>
        </p>
        {state === "failed" && (
          <div className="relative z-1 mt-1.5 flex flex-wrap items-center gap-2">
            <p className="text-xs font-medium text-bad">{video.failure?.detail ?? "It could not be made."}</p>
            {video.failure?.can_retry && <TryAgain id={video.id} />}
          </div>
        )}
        {(state === "processing" || state === "playable" || state === "uploading") && (
          <Progress share={sent ?? video.progress} label={`${video.title}: ${label}`} className="mt-2 max-w-72" />
        )}
      </div>
      <dl className="hidden shrink-0 text-sm text-ink-2 tabular-nums sm:flex sm:items-center">
        <dt className="sr-only">Views</dt>
        <dd className="flex w-20 items-center justify-end gap-1.5">
          <Eye className="size-4 text-ink-3" aria-hidden="true" /> {compact(video.view_count)}
        </dd>
        <dt className="sr-only">Date</dt>
        <dd className="w-30 text-right max-lg:hidden">{dayOf(video.created_at)}</dd>
      </dl>
      <div className="relative z-1 -mr-2 shrink-0">
        <FilmMenu video={video} remove={remove} />
      </div>
    </div>
  );
}

function TryAgain({ id }: { id: string }) {
  const [busy, setBusy] = useState(false);
  return (
    <Button
      look="outline"
      size="sm"
      busy={busy}
      onClick={() => {
        setBusy(true);
        void call(retryVideo, { params: { video_id: id } })
          .then(filmsChanged)
          .catch(sorry)
          .finally(() => setBusy(false));
      }}
    >
      <RotateCcw className="size-4" aria-hidden="true" /> Try again
    </Button>
  );
}

function FilmMenu({ video, remove }: { video: Video; remove: () => void }) {
  const navigate = useNavigate();
  const params = { id: video.id };
  return (
    <LazyMenu
      entries={() => [
        { label: "Edit", icon: <Pencil />, run: () => void navigate({ to: "/studio/$id", params }) },
        { label: "Watch", icon: <Play />, run: () => void navigate({ to: "/watch/$id", params }) },
        {
          label: "Numbers",
          icon: <ChartNoAxesColumn />,
          run: () => void navigate({ to: "/studio/$id", params, search: { tab: "numbers" } }),
        },
        { label: "Copy link", icon: <Link2 />, run: () => void copyLink(`/watch/${video.id}`).catch(sorry) },
        "line",
        { label: "Delete", icon: <Trash2 />, danger: true, run: remove },
      ]}
      trigger={
        <IconButton label={`More about ${video.title}`} className="text-ink-3">
          <Ellipsis className="size-5" />
        </IconButton>
      }
    />
  );
}

export const FilmsSkeleton = () => (
  <>
    {[0, 1, 2, 3, 4].map((at) => (
      <div key={at} className="flex items-center gap-3 border-b border-line px-4 py-3 last:border-b-0">
        <Skeleton className="aspect-video w-28 shrink-0 rounded-xl sm:w-36" />
        <div className="flex-1 space-y-2">
          <Skeleton className="h-4 w-3/5" />
          <Skeleton className="h-3.5 w-28" />
        </div>
      </div>
    ))}
  </>
);
