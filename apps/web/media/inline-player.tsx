import { Link } from "@tanstack/react-router";
import { Maximize2, Play, Volume2, VolumeX } from "lucide-react";
import { type CSSProperties, useRef, useState } from "react";

import type { Rendition } from "#systems/media/contract.ts";

import { cx } from "../parts/class.ts";
import { clockOf } from "../parts/time.tsx";
import type { Shown } from "./inline-video.tsx";
import { prepareWatch } from "./prepare-watch.ts";
import { setSound, useSound } from "./stage.ts";
import { useInline } from "./use-inline.ts";

export interface InlinePlayerProps {
  video: Shown;
  url: string;
  told: readonly Rendition[] | undefined;
  postId: string;
  className: string;
  style: CSSProperties;
}

/** A film within a list of posts. */
export function InlinePlayer({ video, url, told, postId, className, style }: InlinePlayerProps) {
  const element = useRef<HTMLVideoElement>(null);
  const [left_ms, setLeft] = useState(video.duration_ms ?? 0);
  const [share, setShare] = useState(0);
  const sound = useSound();
  const { state, press, retry, hover, on } = useInline(element, { video_id: video.id, url, told });
  const playing = state === "playing";
  return (
    <div className={cx(className, "group")} style={style} {...hover}>
      {video.poster_url && (
        <img
          src={video.poster_url}
          alt=""
          aria-hidden="true"
          className="absolute inset-0 size-full scale-110 object-cover opacity-50 blur-2xl"
        />
      )}
      {/* In a list the text of the post stands beside; captions are on the film's own page. */}
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
        {...on}
        onTimeUpdate={({ currentTarget: { currentTime, duration } }) => {
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
            onPointerEnter={() => prepareWatch(video.id, url)}
            onFocus={() => prepareWatch(video.id, url)}
            onPointerDown={() => prepareWatch(video.id, url)}
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
              onClick={retry}
            >
              Try again
            </button>
          </div>
        </div>
      )}
    </div>
  );
}
