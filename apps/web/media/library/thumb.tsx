import { LoaderCircle } from "lucide-react";

import type { ListedVideo } from "#systems/media/contract.ts";

import { cx } from "../../parts/class.ts";
import { clockOf } from "../../parts/time.tsx";
import { HoverLook } from "../hover-look.tsx";
import { shareSeen } from "./arrange.ts";

/** A film's picture with its length and how much of it was seen. What it says is said in words beside it. */
export function Thumb({
  video,
  className,
}: {
  video: Pick<ListedVideo, "id" | "poster_url" | "placeholder" | "duration_ms" | "position_ms" | "status">;
  className?: string;
}) {
  const share = shareSeen(video);
  return (
    <span
      aria-hidden="true"
      className={cx("relative block aspect-video overflow-hidden rounded-xl bg-sunken bg-cover bg-center", className)}
      style={video.placeholder ? { backgroundImage: `url("${video.placeholder}")` } : undefined}
    >
      {video.poster_url && (
        <img
          src={video.poster_url}
          alt=""
          loading="lazy"
          decoding="async"
          className="absolute inset-0 size-full object-cover"
        />
      )}
      {video.status === "ready" && <HoverLook video_id={video.id} />}
      {video.status === "processing" && !video.poster_url && (
        <LoaderCircle className="absolute inset-0 m-auto size-6 animate-spin text-ink-3" />
      )}
      {video.duration_ms !== null && (
        <span className="absolute right-1.5 bottom-2 rounded-md bg-black/78 px-1.5 text-xs leading-5 font-semibold text-white tabular-nums">
          {clockOf(video.duration_ms)}
        </span>
      )}
      {share > 0 && (
        <span className="absolute inset-x-0 bottom-0 h-1 bg-white/40">
          <span className="block h-full bg-accent" style={{ width: `${share * 100}%` }} />
        </span>
      )}
    </span>
  );
}

/** The same in words, for those who hear it. */
export function spokenOf({ duration_ms, position_ms }: Pick<ListedVideo, "duration_ms" | "position_ms">): string {
  if (duration_ms === null) return "";
  const seen = shareSeen({ duration_ms, position_ms });
  return `${clockOf(duration_ms)} long${seen > 0 ? `, ${Math.round(seen * 100)} % seen` : ""}`;
}
