import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import { Eye, RotateCcw } from "lucide-react";
import { lazy, Suspense, useCallback, useEffect, useRef, useState } from "react";

import { getPost } from "#systems/feed/contract.ts";
import { getVideo, putPosition, retryVideo, type Video } from "#systems/media/contract.ts";

import { Comments } from "../feed/comments.tsx";
import { PostActions } from "../feed/post-actions.tsx";
import { PostHead } from "../feed/post-card.tsx";
import { usePost } from "../feed/reactions.ts";
import { RichText } from "../feed/rich-text.tsx";
import { Avatar } from "../parts/avatar.tsx";
import { Button } from "../parts/button.tsx";
import { Failed } from "../parts/empty.tsx";
import { plural } from "../parts/numbers.ts";
import { Loading, Skeleton } from "../parts/skeleton.tsx";
import { Ago } from "../parts/time.tsx";
import { OfferFollow } from "../people/follow.tsx";
import { ask, call } from "../shell/house.ts";
import { PageHeader } from "../shell/page-header.tsx";
import { useMe } from "../shell/session.ts";
import { sorry } from "../shell/toasts.ts";
import { listedRungs } from "./growing.ts";
import { SaveBar } from "./library/save-bar.tsx";
import type { WatchSearch } from "./library/video-row.tsx";
import { WatchList } from "./library/watch-list.tsx";
import { filmEnded, watchedFrom } from "./library/watched-from.ts";
import { InTheMaking, MadeNot } from "./making.tsx";
import { useCountedView } from "./viewing.ts";

const Player = lazy(async () => ({ default: (await import("./player.tsx")).Player }));

const POLL_MS = 1_500;
const POSITION_EVERY_MS = 5_000;
/** Who stopped within this of the end begins anew. */
const NEAR_END_MS = 8_000;

export function WatchScreen() {
  const { id } = useParams({ from: "/watch/$id" });
  const { post: post_id, ...from } = useSearch({ from: "/watch/$id" });
  const video = useQuery({
    ...ask(getVideo, { params: { video_id: id } }),
    refetchInterval: (query) => (query.state.data?.status === "processing" ? POLL_MS : false),
    staleTime: 60_000,
  });
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
  return <Watching key={id} video={video.data} post_id={post_id} from={from} refetch={() => void video.refetch()} />;
}

function Watching({
  video,
  post_id,
  from,
  refetch,
}: {
  video: Video;
  post_id: string | undefined;
  /** The playlist that it is watched from. */
  from: WatchSearch;
  refetch: () => void;
}) {
  const ratio = video.width && video.height ? video.width / video.height : 16 / 9;
  const remember = useRememberedPosition(video);
  const frame = "relative w-full overflow-hidden bg-black sm:rounded-2xl";
  const style = { aspectRatio: Math.max(ratio, 0.75), maxHeight: "min(78dvh, 52rem)" };
  const percent = Math.round(video.progress * 100);
  return (
    <>
      <PageHeader title="Watch" documentTitle={video.title} back />
      <div className="gap-6 sm:pt-4 lg:flex">
        <div className="min-w-0 flex-1">
          {video.status === "failed" ? (
            <MadeNot className={frame} style={style} failure={video.failure}>
              {video.may_edit && video.failure?.can_retry && <RetryButton id={video.id} retried={refetch} />}
            </MadeNot>
          ) : video.hls_url ? (
            <Suspense fallback={<Skeleton className="aspect-video w-full rounded-none sm:rounded-2xl" />}>
              <Player
                url={video.hls_url}
                listed={listedRungs(video)}
                title={video.title}
                poster={video.poster_url}
                placeholder={video.placeholder}
                ratio={ratio}
                start_ms={remember.start_ms}
                autoPlay
                onTime={remember.onTime}
                onLost={refetch}
              />
            </Suspense>
          ) : (
            <InTheMaking
              className={frame}
              style={style}
              progress={video.progress}
              placeholder={video.placeholder}
              poster={video.poster_url}
            />
          )}
          <div className="px-4 pt-4 sm:px-1">
            {video.status === "processing" && video.hls_url && (
              <p
                role="status"
                className="mb-3 inline-block rounded-full bg-warn-tint px-3 py-1 text-xs font-semibold text-warn"
              >
                You can watch already; better pictures are being made ({percent} %).
              </p>
            )}
            {remember.start_ms > 0 && (
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
            <SaveBar video_id={video.id} />
            {video.description !== "" && (
              <RichText
                text={video.description}
                mentions={[]}
                className="mt-4 rounded-2xl bg-sunken px-4 py-3 text-sm"
              />
            )}
          </div>
        </div>
        {(post_id !== undefined || from.list !== undefined) && (
          <div className="lg:w-92 lg:shrink-0">
            <WatchList video_id={video.id} from={from} />
            {post_id !== undefined && <Beside post_id={post_id} />}
          </div>
        )}
      </div>
    </>
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

/** Reads where they stopped once, and tells the house every few seconds and when they leave. */
function useRememberedPosition(video: Video) {
  const me = useMe();
  const counted = useCountedView(video.id);
  const [start_ms] = useState(() => {
    const at = video.position_ms ?? 0;
    return video.duration_ms !== null && at > video.duration_ms - NEAR_END_MS ? 0 : at;
  });
  const last = useRef({ told_ms: start_ms, now_ms: start_ms });
  const tell = useCallback(
    (keepalive: boolean) => {
      const { told_ms, now_ms } = last.current;
      if (!me || Math.abs(now_ms - told_ms) < 1000) return;
      last.current.told_ms = now_ms;
      // A position that is lost costs a few seconds of seeking; no message is worth that.
      void call(putPosition, {
        params: { video_id: video.id },
        body: { position_ms: Math.round(now_ms), ...watchedFrom(video.id) },
        keepalive,
      }).catch(() => {});
    },
    [me, video.id],
  );
  useEffect(() => {
    const leaving = () => document.visibilityState === "hidden" && tell(true);
    document.addEventListener("visibilitychange", leaving);
    return () => {
      document.removeEventListener("visibilitychange", leaving);
      tell(true);
    };
  }, [tell]);
  const onTime = useCallback(
    (at_s: number, ended: boolean) => {
      counted(at_s);
      last.current.now_ms = at_s * 1000;
      if (ended || Math.abs(last.current.now_ms - last.current.told_ms) >= POSITION_EVERY_MS) tell(false);
      if (ended) filmEnded(video.id);
    },
    [counted, tell, video.id],
  );
  return { start_ms, onTime };
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
