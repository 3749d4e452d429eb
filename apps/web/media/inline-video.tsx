import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Maximize2, Play, Volume2, VolumeX } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";

import { getVideo, type VideoCard } from "#systems/media/contract.ts";

import { cx } from "../parts/class.ts";
import { clockOf } from "../parts/time.tsx";
import { ask } from "../shell/house.ts";
import { isStill } from "../shell/theme.ts";
import { listedRungs } from "./growing.ts";
import { attach, type Attached } from "./hls.ts";
import { InTheMaking, MadeNot } from "./making.tsx";
import { leaveStage, playOn, savesData, setSound, useSound } from "./stage.ts";
import { useCountedView } from "./viewing.ts";

const VISIBLE_TO_PLAY = 0.6;
const POLL_MS = 2_000;
/** A film that stands upright keeps its shape and is as high as a card may be. */
const HEIGHT_REM_MAX = 34;
const RATIO_MIN = 0.5;
const RATIO_MAX = 2.2;

type Shown = Pick<
  VideoCard,
  "id" | "title" | "status" | "progress" | "duration_ms" | "width" | "height" | "hls_url" | "poster_url" | "placeholder"
>;

/** A video in a list: its picture first; it plays muted while it is looked at, and at once when it is pressed. */
export function InlineVideo({ video: told, postId, className }: { video: Shown; postId: string; className?: string }) {
  const making = told.status === "processing";
  const { data: fresh } = useQuery({
    ...ask(getVideo, { params: { video_id: told.id } }),
    // A list that was asked again may say ready before this does, and has no qualities to tell.
    enabled: (query) => making || query.state.data?.status === "processing",
    refetchInterval: (query) => (query.state.data?.status === "processing" || !query.state.data ? POLL_MS : false),
  });
  const video: Shown = fresh ?? told;
  const ratio =
    video.width && video.height ? Math.min(RATIO_MAX, Math.max(RATIO_MIN, video.width / video.height)) : 16 / 9;
  const box = cx("relative block w-full overflow-hidden rounded-xl bg-black", className);
  const style = { aspectRatio: ratio, maxWidth: `${HEIGHT_REM_MAX * ratio}rem` };
  if (video.status === "failed") return <MadeNot className={box} style={style} failure={fresh?.failure} />;
  if (!video.hls_url)
    return (
      <InTheMaking
        className={box}
        style={style}
        progress={video.progress}
        placeholder={video.placeholder}
        poster={video.poster_url}
      />
    );
  return (
    <Playing
      key={video.hls_url}
      video={video}
      url={video.hls_url}
      listed={fresh ? listedRungs(fresh) : making ? 1 : undefined}
      postId={postId}
      className={box}
      style={style}
    />
  );
}

function Playing({
  video,
  url,
  listed,
  postId,
  className,
  style,
}: {
  video: Shown;
  url: string;
  /** How many qualities its list names now; unknown where it was ready from the start. */
  listed: number | undefined;
  postId: string;
  className: string;
  style: { aspectRatio: number; maxWidth: string };
}) {
  const element = useRef<HTMLVideoElement>(null);
  const attached = useRef<Promise<Attached> | null>(null);
  const listedNow = useRef(listed);
  const [state, setState] = useState<"rest" | "playing" | "lost">("rest");
  const [left_ms, setLeft] = useState(video.duration_ms ?? 0);
  const [share, setShare] = useState(0);
  const sound = useSound();
  const counted = useCountedView(video.id);

  const play = useCallback(async () => {
    const node = element.current;
    if (!node) return;
    attached.current ??= attach(node, url, {
      ahead_s: 12,
      onLost: () => setState("lost"),
      ...(listedNow.current === undefined ? {} : { listed: listedNow.current }),
    });
    await attached.current;
    if (element.current === node) await playOn(node);
  }, [url]);
  useEffect(() => {
    listedNow.current = listed;
    if (listed !== undefined) void attached.current?.then((player) => player.listed(listed));
  }, [listed]);

  useEffect(() => {
    const node = element.current;
    if (!node) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry) return;
        if (entry.intersectionRatio >= VISIBLE_TO_PLAY && !isStill() && !savesData()) void play();
        else if (entry.intersectionRatio < 0.2) node.pause();
      },
      { threshold: [0, 0.2, VISIBLE_TO_PLAY] },
    );
    observer.observe(node);
    return () => {
      observer.disconnect();
      leaveStage(node);
      // The promise settles by itself; whoever it gives is let go.
      void attached.current?.then((player) => player.detach());
      attached.current = null;
    };
  }, [play]);

  const press = () => {
    const node = element.current;
    if (!node) return;
    if (node.paused) void play();
    else node.pause();
  };
  const playing = state === "playing";
  return (
    <div className={cx(className, "group")} style={style}>
      {video.poster_url && (
        <img
          src={video.poster_url}
          alt=""
          aria-hidden="true"
          className="absolute inset-0 size-full scale-110 object-cover opacity-50 blur-2xl"
        />
      )}
      {/* The house has no caption tracks yet; the text of the post stands beside. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        ref={element}
        muted={!sound}
        loop
        playsInline
        preload="none"
        poster={video.poster_url ?? undefined}
        aria-label={video.title}
        className="relative size-full object-contain"
        style={
          video.placeholder && !video.poster_url
            ? { background: `center / cover url("${video.placeholder}")` }
            : undefined
        }
        onPlaying={() => setState("playing")}
        onPause={() => setState((now) => (now === "lost" ? now : "rest"))}
        onTimeUpdate={({ currentTarget: { currentTime, duration } }) => {
          counted(currentTime);
          if (duration > 0) {
            setLeft((duration - currentTime) * 1000);
            setShare(currentTime / duration);
          }
        }}
      />
      <button
        type="button"
        onClick={press}
        aria-label={playing ? `Pause ${video.title}` : `Play ${video.title}`}
        className="absolute inset-0 grid place-items-center -outline-offset-4"
      >
        {!playing && (
          <span className="grid size-16 place-items-center rounded-full bg-black/55 text-white backdrop-blur-sm transition-transform group-hover:scale-105">
            <Play className="ml-1 size-7 fill-current" aria-hidden="true" />
          </span>
        )}
      </button>
      <div className="pointer-events-none absolute inset-x-0 bottom-0 flex items-end justify-between bg-gradient-to-t from-black/55 to-transparent p-2.5 pt-10 text-white">
        <span className="rounded-md bg-black/45 px-1.5 text-xs leading-5 font-semibold tabular-nums">
          {clockOf(left_ms)}
        </span>
        <span className="pointer-events-auto flex gap-1">
          <button
            type="button"
            aria-pressed={sound}
            aria-label={sound ? "Turn the sound off" : "Turn the sound on"}
            onClick={() => setSound(!sound)}
            className="grid size-10 place-items-center rounded-full bg-black/45 outline-white hover:bg-black/65"
          >
            {sound ? <Volume2 className="size-5" /> : <VolumeX className="size-5" />}
          </button>
          <Link
            to="/watch/$id"
            params={{ id: video.id }}
            search={{ post: postId }}
            aria-label={`Watch ${video.title} on its own page`}
            className="grid size-10 place-items-center rounded-full bg-black/45 outline-white hover:bg-black/65"
          >
            <Maximize2 className="size-4.5" />
          </Link>
        </span>
      </div>
      <span aria-hidden="true" className="absolute inset-x-0 bottom-0 h-[3px] bg-white/20">
        <span className="block h-full origin-left bg-[#ff8a7c]" style={{ transform: `scaleX(${share})` }} />
      </span>
      {state === "lost" && (
        <div
          role="alert"
          className="absolute inset-0 grid place-items-center bg-black/75 p-6 text-center text-sm text-white"
        >
          <div>
            <p>The video stopped coming.</p>
            <button
              type="button"
              className="mt-3 rounded-full bg-white/20 px-5 py-2 font-semibold hover:bg-white/30"
              onClick={() => {
                void attached.current?.then((player) => player.detach());
                attached.current = null;
                setState("rest");
                void play();
              }}
            >
              Try again
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
