import { Link } from "@tanstack/react-router";
import { Bookmark, Heart, MessageCircle, Repeat2, Share2, Volume2, VolumeX } from "lucide-react";
import type { ReactNode } from "react";

import type { Post } from "#systems/feed/contract.ts";

import { setSound, useSound } from "../media/stage.ts";
import { cx } from "../parts/class.ts";
import { compact } from "../parts/numbers.ts";
import { sorry } from "../shell/toasts.ts";
import { usePress } from "./post-actions.tsx";
import { copyLink } from "./post-menu.tsx";

/** What can be done with a short, at the thumb. */
export function Actions({ post }: { post: Post }) {
  const press = usePress(post);
  const sound = useSound();
  const viewer = post.viewer;
  return (
    <div className="absolute right-2 bottom-6 z-10 flex flex-col items-center gap-2 text-white">
      <Round
        label={`Like, ${post.counts.likes} so far`}
        pressed={viewer?.liked ?? false}
        count={post.counts.likes}
        onClick={() => press("liked", !viewer?.liked)}
      >
        <Heart className={cx("size-7", viewer?.liked && "heart-beat fill-[#ff6a5c] text-[#ff6a5c]")} />
      </Round>
      <Link
        to="/posts/$id"
        params={{ id: post.id }}
        hash="comments"
        aria-label={`Comments, ${post.counts.comments}`}
        className="flex flex-col items-center"
      >
        <span className="grid size-12 place-items-center rounded-full bg-black/35 backdrop-blur-sm hover:bg-black/60">
          <MessageCircle className="size-7" />
        </span>
        <span className="text-xs font-semibold drop-shadow">
          {post.counts.comments > 0 && compact(post.counts.comments)}
        </span>
      </Link>
      <Round
        label="Pass on"
        pressed={viewer?.reposted ?? false}
        count={post.counts.reposts}
        onClick={() => press("reposted", !viewer?.reposted)}
      >
        <Repeat2 className={cx("size-7", viewer?.reposted && "text-[#8fe0a8]")} />
      </Round>
      <Round
        label="Bookmark"
        pressed={viewer?.bookmarked ?? false}
        onClick={() => press("bookmarked", !viewer?.bookmarked)}
      >
        <Bookmark className={cx("size-6.5", viewer?.bookmarked && "fill-current")} />
      </Round>
      <Round label="Share" onClick={() => void share(post).catch(sorry)}>
        <Share2 className="size-6.5" />
      </Round>
      <Round
        label={sound ? "Turn the sound off" : "Turn the sound on"}
        pressed={sound}
        onClick={() => setSound(!sound)}
      >
        {sound ? <Volume2 className="size-6.5" /> : <VolumeX className="size-6.5" />}
      </Round>
    </div>
  );
}

/** Where the system has a way to hand things on, that; else the link is copied. */
async function share(post: Post): Promise<void> {
  const path = `/posts/${post.id}`;
  if (!("share" in navigator)) return copyLink(path);
  await navigator
    .share({ url: new URL(path, location.origin).href, title: post.video?.title ?? "" })
    .catch((error: unknown) => {
      // Who closes the system's sheet has not been refused anything.
      if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
    });
}

const Round = ({
  label,
  pressed,
  count,
  onClick,
  children,
}: {
  label: string;
  pressed?: boolean;
  count?: number;
  onClick: () => void;
  children: ReactNode;
}) => (
  <button
    type="button"
    aria-label={label}
    {...(pressed === undefined ? {} : { "aria-pressed": pressed })}
    onClick={onClick}
    className="flex flex-col items-center outline-white"
  >
    <span className="grid size-12 place-items-center rounded-full bg-black/35 backdrop-blur-sm hover:bg-black/60">
      {children}
    </span>
    <span aria-hidden="true" className="text-xs font-semibold drop-shadow">
      {count !== undefined && count > 0 && compact(count)}
    </span>
  </button>
);
