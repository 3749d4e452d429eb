import type { VideoCard } from "#systems/media/contract.ts";

import { cx } from "../parts/class.ts";
import { useFilm } from "./film.ts";
import { InlinePlayer } from "./inline-player.tsx";
import { InTheMaking, MadeNot } from "./making.tsx";

/** A film that stands upright keeps its shape and is as high as a card may be. */
const HEIGHT_REM_MAX = 34;
const RATIO_MIN = 0.5;
const RATIO_MAX = 2.2;

export type Shown = Pick<
  VideoCard,
  "id" | "title" | "status" | "progress" | "duration_ms" | "width" | "height" | "hls_url" | "poster_url" | "placeholder"
>;

/** A video in a list: its picture first; it plays muted while it is looked at, and at once when it is pressed. */
export function InlineVideo({ video: told, postId, className }: { video: Shown; postId: string; className?: string }) {
  // A list that was asked again may say ready before the film itself does, and has no qualities to tell.
  const { data: fresh } = useFilm(told.id, told.status === "processing");
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
    <InlinePlayer
      key={video.hls_url}
      video={video}
      url={video.hls_url}
      told={fresh?.renditions}
      postId={postId}
      className={box}
      style={style}
    />
  );
}
