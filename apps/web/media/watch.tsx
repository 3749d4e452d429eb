import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { Eye, Pencil, RotateCcw } from "lucide-react";
import { type CSSProperties, useEffect, useLayoutEffect, useRef, useState } from "react";

import { getPost } from "#systems/feed/contract.ts";
import { retryVideo, type Video } from "#systems/media/contract.ts";

import { Comments } from "../feed/comments/comments.tsx";
import { PostActions } from "../feed/post-actions.tsx";
import { PostHead } from "../feed/post-card.tsx";
import { usePost } from "../feed/reactions.ts";
import { RichText } from "../feed/rich-text.tsx";
import { ReportButton } from "../moderation/report-button.tsx";
import { Avatar } from "../parts/avatar.tsx";
import { Button, buttonClass } from "../parts/button.tsx";
import { cx } from "../parts/class.ts";
import { Failed } from "../parts/empty.tsx";
import { plural } from "../parts/numbers.ts";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { OfferFollow } from "../people/follow.tsx";
import { ask, call } from "../shell/house.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { useMe } from "../shell/session.ts";
import { sorry } from "../shell/toasts.ts";
import { parsePlace, placeToResume } from "./at-time.ts";
import { useFilm } from "./film.ts";
import { SaveBar } from "./library/save-bar.tsx";
import type { WatchSearch } from "./library/video-row.tsx";
import { WatchList } from "./library/watch-list.tsx";
import { InTheMaking, MadeNot } from "./making.tsx";
import { cameFrom, type NowPlaying, playerBox, watchAt } from "./now-playing.ts";
import { loadPlayer } from "./player-code.ts";
import { usePreferences } from "./preferences.ts";
import { markWanted } from "./start-up.ts";
import { fetchEarly } from "./stream/early.ts";

export function WatchScreen() {
  const { id } = useParams({ from: "/watch/$id" });
  const { post: post_id, t, ...from } = useSearch({ from: "/watch/$id" });
  const video = useFilm(id);
  if (video.isPending) {
    return (
      <>
        <PageHeader title="Video" back />
        <Loading what="the video" />
        <div className="sm:pt-4">
          <Skeleton className="aspect-video w-full rounded-none sm:rounded-2xl" />
          <Skeleton className="mx-4 mt-5 h-7 w-2/3 sm:mx-0" />
        </div>
      </>
    );
  }
  if (video.isError) {
    return (
      <>
        <PageHeader title="Video" back />
        <Failed error={video.error} retry={() => void video.refetch()} title="This video is not here" />
      </>
    );
  }
  return (
    <Watching
      key={id}
      video={video.data}
      post_id={post_id}
      from={from}
      place_s={parsePlace(t)}
      refetch={() => void video.refetch()}
    />
  );
}

function Watching({
  video,
  post_id,
  from,
  place_s,
  refetch,
}: {
  video: Video;
  post_id: string | undefined;
  /** The playlist that it is watched from. */
  from: WatchSearch;
  /** Where the address says to begin. */
  place_s: number | null;
  refetch: () => void;
}) {
  const ratio = video.width && video.height ? video.width / video.height : 16 / 9;
  const { theatre } = usePreferences();
  const me = useMe();
  const beside = post_id !== undefined || from.list !== undefined;
  const [resume_ms] = useState(() => placeToResume(video));
  const start_ms = place_s === null ? resume_ms : place_s * 1000;
  const frame = "relative w-full overflow-hidden bg-black sm:rounded-2xl";
  const style = { aspectRatio: Math.max(ratio, 0.75), maxHeight: theatre ? "86dvh" : "min(78dvh, 52rem)" };
  const percent = Math.round(video.progress * 100);
  return (
    <>
      <PageHeader title="Watch" documentTitle={video.title} back />
      <div
        className={cx(
          "sm:pt-4 lg:grid lg:gap-x-6",
          beside && "lg:grid-cols-[minmax(0,1fr)_23rem] lg:grid-rows-[auto_1fr]",
        )}
      >
        <div className={cx("min-w-0", theatre && beside && "lg:col-span-2")}>
          {video.status === "failed" ? (
            <MadeNot className={frame} style={style} failure={video.failure}>
              {video.may_edit && video.failure?.can_retry && <RetryButton id={video.id} retried={refetch} />}
            </MadeNot>
          ) : video.hls_url ? (
            <Stand
              className={frame}
              style={style}
              video={video}
              search={{ ...(post_id === undefined ? {} : { post: post_id }), ...from }}
              start_ms={start_ms}
            />
          ) : (
            <InTheMaking
              className={frame}
              style={style}
              progress={video.progress}
              placeholder={video.placeholder}
              poster={video.poster_url}
            />
          )}
        </div>
        <div className="min-w-0 px-4 pt-4 sm:px-1 lg:col-start-1 lg:row-start-2">
          {video.status === "processing" && video.hls_url && (
            <p
              role="status"
              className="mb-3 inline-block rounded-full bg-warn-tint px-3 py-1 text-xs font-semibold text-warn"
            >
              You can watch already; better pictures are being made ({percent} %).
            </p>
          )}
          {place_s === null && resume_ms > 0 && (
            <p className="mb-2 flex items-center gap-1.5 text-xs text-ink-3">
              <RotateCcw className="size-3.5" aria-hidden="true" /> Going on where you stopped.
            </p>
          )}
          <h2 className="text-xl font-bold tracking-tight text-balance">{video.title}</h2>
          <p className="mt-1 flex items-center gap-1.5 text-sm text-ink-3">
            <Eye className="size-4" aria-hidden="true" />
            {plural(video.view_count, "view")} · <Ago at={video.created_at} />
          </p>
          <Maker person={video.owner} />
          <SaveBar video_id={video.id}>
            {video.may_edit && (
              <Link to="/studio/$id" params={{ id: video.id }} className={buttonClass("outline", "sm")}>
                <Pencil className="size-4.5" aria-hidden="true" /> Edit
              </Link>
            )}
            {me && me.id !== video.owner.id && (
              <ReportButton subject={{ kind: "video", id: video.id }} of={video.owner.handle} />
            )}
          </SaveBar>
          {video.description !== "" && (
            <RichText text={video.description} mentions={[]} className="mt-4 rounded-2xl bg-sunken px-4 py-3 text-sm" />
          )}
        </div>
        {beside && (
          <div className={cx("lg:col-start-2", theatre ? "lg:row-start-2 lg:mt-4" : "lg:row-span-2 lg:row-start-1")}>
            <WatchList video_id={video.id} from={from} />
            {post_id !== undefined && <Beside post_id={post_id} />}
          </div>
        )}
      </div>
    </>
  );
}

/** Where the player stands on this page; it came from the corner, or goes there when its viewer goes on. */
function Stand({
  video: { id, hls_url, renditions, poster_url, placeholder },
  search,
  start_ms,
  className,
  style,
}: {
  video: Video;
  search: NowPlaying["search"];
  start_ms: number;
  className: string;
  style: CSSProperties;
}) {
  const place = useRef<HTMLDivElement>(null);
  const first = useRef({ start_ms, renditions });
  useLayoutEffect(() => {
    if (!playerBox().isConnected) markWanted();
    void loadPlayer().catch(sorry);
    if (place.current) return watchAt(place.current, { video_id: id, search: {}, start_ms: first.current.start_ms });
  }, [id]);
  const { post, list, shuffle } = search;
  useEffect(() => cameFrom(id, { post, list, shuffle }), [id, post, list, shuffle]);
  useEffect(() => {
    // A new place in the address of the page that is open already.
    if (first.current.start_ms === start_ms) return;
    first.current.start_ms = start_ms;
    const video = playerBox().querySelector("video");
    if (video) video.currentTime = start_ms / 1000;
  }, [start_ms]);
  useEffect(() => {
    if (hls_url === null || playerBox().querySelector("video")) return;
    // What is asked for first comes while the player's code does.
    void fetchEarly(hls_url, { start_s: first.current.start_ms / 1000, told: first.current.renditions });
  }, [hls_url]);
  const picture = poster_url ?? placeholder;
  return (
    <div
      ref={place}
      className={className}
      style={{
        ...style,
        ...(picture === null ? {} : { background: `#000 center / contain no-repeat url("${picture}")` }),
      }}
    />
  );
}

/** Who made it, and a way to hear more of them. */
function Maker({ person }: { person: Video["owner"] }) {
  const me = useMe();
  const { handle, display_name } = person;
  return (
    <div className="mt-4 flex items-center gap-3">
      <Link to="/@{$handle}" params={{ handle }} tabIndex={-1} aria-hidden="true">
        <Avatar person={person} />
      </Link>
      <p className="min-w-0 flex-1">
        <Link
          to="/@{$handle}"
          params={{ handle }}
          className="block max-w-fit min-w-6 truncate leading-6 font-bold hover:underline"
        >
          {display_name}
        </Link>
        <span className="block truncate text-sm leading-5 text-ink-3">@{handle}</span>
      </p>
      {me && me.id !== person.id && <OfferFollow handle={handle} name={display_name} />}
    </div>
  );
}

function RetryButton({ id, retried }: { id: string; retried: () => void }) {
  const [busy, setBusy] = useState(false);
  return (
    <Button
      busy={busy}
      className="mt-3"
      onClick={() => {
        setBusy(true);
        void call(retryVideo, { params: { video_id: id } })
          .then(retried, sorry)
          .finally(() => setBusy(false));
      }}
    >
      Try again
    </Button>
  );
}

/** The post that brought the viewer here, and what people say to it. */
function Beside({ post_id }: { post_id: string }) {
  const asked = useQuery(ask(getPost, { params: { id: post_id } }));
  if (asked.isPending) return <Skeleton className="mx-4 my-6 h-24" />;
  if (asked.isError) return null;
  return <BesidePost told={asked.data} />;
}

function BesidePost({ told }: { told: Parameters<typeof usePost>[0] }) {
  const post = usePost(told);
  if (!post) return null;
  return (
    <div className="mt-6 lg:mt-0">
      <div className="border-line bg-surface px-4 pt-4 pb-1 max-sm:border-y sm:rounded-2xl sm:border">
        <PostHead post={post} />
        {post.text !== "" && <RichText text={post.text} mentions={post.mentions} className="mt-3" />}
        <PostActions post={post} />
      </div>
      <Comments post={post} />
      <p className="px-4 pb-8 text-center text-sm">
        <Link to="/posts/$id" params={{ id: post.id }} className="font-semibold text-accent-ink hover:underline">
          Open the post
        </Link>
      </p>
    </div>
  );
}
