import { Link } from "@tanstack/react-router";
import { Play, VolumeX } from "lucide-react";
import { useRef, useState } from "react";

import type { Post } from "#systems/feed/contract.ts";

import { playOn, setSound, useSound } from "../media/stage.ts";
import { Avatar } from "../parts/avatar.tsx";
import { cx } from "../parts/class.ts";
import { OfferFollow } from "../people/follow.tsx";
import { useShortcuts } from "../shell/keyboard.ts";
import { useMe } from "../shell/session.ts";
import { usePost } from "./reactions.ts";
import { RichText } from "./rich-text.tsx";
import { Actions } from "./short-actions.tsx";
import { useShort } from "./use-short.ts";

/** One short, over its whole screen: its picture, who made it, and what can be done with it. */
export function Short({
  told,
  on,
  ready,
  begun,
}: {
  told: Post;
  on: boolean;
  ready: boolean;
  /** Told when it moves. */
  begun: () => void;
}) {
  const post = usePost(told);
  const element = useRef<HTMLVideoElement>(null);
  const bar = useRef<HTMLSpanElement>(null);
  const [paused, setPaused] = useState(false);
  const sound = useSound();
  const me = useMe();
  const { lost, again } = useShort(element, {
    video_id: told.video?.id ?? "",
    url: told.video?.hls_url ?? null,
    on,
    ready,
  });
  useShortcuts(
    on
      ? [
          { keys: " ", label: "Play or pause", group: "Shorts", run: () => toggle() },
          { keys: "m", label: "Sound on or off", group: "Shorts", run: () => setSound(!sound) },
        ]
      : [],
  );
  if (!post?.video) return null;
  const toggle = () => {
    const node = element.current;
    if (!node) return;
    if (!sound && !node.paused) return setSound(true);
    if (node.paused) void playOn(node);
    else node.pause();
  };
  const { video } = post;
  const upright = (video.height ?? 1) > (video.width ?? 1);
  return (
    <>
      {video.poster_url && !upright && (
        <img
          src={video.poster_url}
          alt=""
          aria-hidden="true"
          className="absolute inset-0 size-full scale-110 object-cover opacity-45 blur-2xl"
        />
      )}
      {/* The text of the post stands below; captions are on the film's own page. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        ref={element}
        data-short={on ? "on" : "waiting"}
        muted={!sound}
        loop
        playsInline
        preload="auto"
        poster={video.poster_url ?? undefined}
        aria-label={video.title}
        className={cx("relative size-full", upright ? "object-cover" : "object-contain")}
        onPlaying={begun}
        onPlay={() => setPaused(false)}
        onPause={() => setPaused(true)}
        onTimeUpdate={({ currentTarget: { currentTime, duration } }) => {
          if (duration > 0 && bar.current) bar.current.style.transform = `scaleX(${currentTime / duration})`;
        }}
      />
      <button
        type="button"
        onClick={toggle}
        tabIndex={on ? 0 : -1}
        aria-label={!sound ? "Tap for sound" : paused ? "Play" : "Pause"}
        className="absolute inset-0 grid place-items-center -outline-offset-4"
      >
        {!sound && on && (
          <span className="absolute top-4 left-4 flex items-center gap-2 rounded-full bg-black/55 px-3.5 py-2 text-sm font-semibold text-white">
            <VolumeX className="size-4.5" aria-hidden="true" /> Tap for sound
          </span>
        )}
        {paused && on && sound && (
          <span className="grid size-18 place-items-center rounded-full bg-black/50 text-white">
            <Play className="ml-1 size-8 fill-current" aria-hidden="true" />
          </span>
        )}
      </button>
      {on && <Actions post={post} />}
      <div className="pointer-events-none absolute inset-x-0 bottom-0 bg-gradient-to-t from-black/75 via-black/35 to-transparent px-4 pt-24 pr-20 pb-5 text-white">
        <div className="pointer-events-auto flex items-center gap-3">
          <Link
            to="/@{$handle}"
            params={{ handle: post.author.handle }}
            tabIndex={on ? 0 : -1}
            className="flex min-w-0 items-center gap-2.5"
          >
            <Avatar person={post.author} size="sm" className="ring-2 ring-white/70" />
            <span className="truncate font-bold">{post.author.display_name}</span>
          </Link>
          {me && on && !post.viewer?.own && <OfferFollow handle={post.author.handle} name={post.author.display_name} />}
        </div>
        {post.text !== "" && (
          <RichText
            text={post.text}
            mentions={post.mentions}
            className="pointer-events-auto mt-2.5 line-clamp-3 text-sm [&_a]:text-white [&_a]:underline"
          />
        )}
      </div>
      <span aria-hidden="true" className="absolute inset-x-0 bottom-0 h-[3px] bg-white/25">
        <span
          ref={bar}
          className="block h-full origin-left bg-[#ff8a7c] transition-transform duration-250 ease-linear"
          style={{ transform: "scaleX(0)" }}
        />
      </span>
      {lost && on && (
        <div role="alert" className="absolute inset-0 grid place-items-center bg-black/75 p-6 text-center text-white">
          <div>
            <p className="font-semibold">This short stopped coming.</p>
            <button
              type="button"
              onClick={again}
              className="mt-3 min-h-11 rounded-full bg-white px-5 font-semibold text-[#221c17]"
            >
              Try again
            </button>
          </div>
        </div>
      )}
    </>
  );
}
