import type { PostImage, PostVideo } from "#systems/feed/index.ts";

import { absolute } from "./accounts.ts";
import type { MediaEntity } from "./types.ts";

/** Where its heart is, from -1 to 1, the middle where nobody said. */
export interface Focus {
  x: number;
  y: number;
}

const EMPTY = { remote_url: null, preview_remote_url: null, text_url: null, blurhash: null } as const;
const PREVIEW_PX_MIN = 400;

const sized = (width: number, height: number) => ({
  width,
  height,
  size: `${width}x${height}`,
  aspect: height === 0 ? 1 : width / height,
});

export function imageEntity(
  image: Pick<PostImage, "id" | "alt" | "variants">,
  origin: string,
  focus: Focus = { x: 0, y: 0 },
): MediaEntity {
  const original = image.variants.at(-1);
  const small = image.variants.find(({ width }) => width >= PREVIEW_PX_MIN) ?? original;
  return {
    id: image.id,
    type: "image",
    url: original ? absolute(original.url, origin) : null,
    preview_url: small ? absolute(small.url, origin) : null,
    ...EMPTY,
    meta:
      original && small
        ? { original: sized(original.width, original.height), small: sized(small.width, small.height), focus }
        : { focus },
    description: image.alt === "" ? null : image.alt,
  };
}

/** A film is its list: Apple's players and new browsers play it as it is. */
export function videoEntity(
  video: Pick<PostVideo, "id" | "title" | "hls_url" | "poster_url" | "width" | "height" | "duration_ms">,
  origin: string,
  description: string | null = null,
): MediaEntity {
  const { width, height, duration_ms } = video;
  const size = width !== null && height !== null ? sized(width, height) : {};
  const duration = duration_ms === null ? {} : { duration: duration_ms / 1000 };
  return {
    id: video.id,
    type: "video",
    url: video.hls_url === null ? null : absolute(video.hls_url, origin),
    preview_url: video.poster_url === null ? null : absolute(video.poster_url, origin),
    ...EMPTY,
    meta: { ...duration, original: { ...size, ...duration }, small: size },
    description: description ?? (video.title === "" ? null : video.title),
  };
}
