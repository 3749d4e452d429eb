import type { z } from "zod";

import type { PersonCard } from "#kernel/cards.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";

import { addressesOf } from "../places.ts";
import { posterFile } from "../videos/present.ts";
import type { VideoRow } from "../videos/store.ts";
import type { zOembed } from "./contract.ts";
import { embedPath } from "./present.ts";

interface Asked {
  origin: string;
  start_s: number;
  maxwidth?: number | undefined;
  maxheight?: number | undefined;
  blobs: Blobs;
  clock: Clock;
}

/** The longer side where nothing is asked for. */
const SIDE_PX = 640;
/** Askers may keep an answer for so long: a video that goes is gone from the player at once all the same. */
const CACHE_AGE_S = 300;
/** As `encode/poster.ts` makes it. */
const POSTER_LONG_SIDE_PX = 1280;

export function oembedOf(video: VideoRow, owner: PersonCard, asked: Asked): z.output<typeof zOembed> {
  const { origin, start_s } = asked;
  const shape = { width: video.width ?? 16, height: video.height ?? 9 };
  const { width, height } = within(shape, asked.maxwidth ?? SIDE_PX, asked.maxheight ?? SIDE_PX);
  const src = `${origin}${embedPath(video.id)}${start_s > 0 ? `?t=${start_s}` : ""}`;
  const poster = addressesOf(video.place, video.duration_ms ?? 0, asked).url(posterFile(video));
  const thumbnail = within(
    shape,
    Math.min(POSTER_LONG_SIDE_PX, shape.width),
    Math.min(POSTER_LONG_SIDE_PX, shape.height),
  );
  return {
    version: "1.0",
    type: "video",
    title: video.title,
    author_name: owner.display_name,
    author_url: `${origin}/@${owner.handle}`,
    provider_name: new URL(origin).host,
    provider_url: origin,
    cache_age: CACHE_AGE_S,
    html: frameOf(src, video.title, width, height),
    width,
    height,
    ...(video.poster_bytes === null || video.poster_file === null
      ? {}
      : {
          thumbnail_url: new URL(poster, origin).href,
          thumbnail_width: thumbnail.width,
          thumbnail_height: thumbnail.height,
        }),
  };
}

/** The largest of this shape that fits. Pure. */
export function within(shape: { width: number; height: number }, width_max: number, height_max: number) {
  const scale = Math.min(width_max / shape.width, height_max / shape.height);
  return {
    width: Math.max(1, Math.min(width_max, Math.round(shape.width * scale))),
    height: Math.max(1, Math.min(height_max, Math.round(shape.height * scale))),
  };
}

const frameOf = (src: string, title: string, width: number, height: number): string =>
  `<iframe src="${escaped(src)}" width="${width}" height="${height}" title="${escaped(title)}" frameborder="0" loading="lazy" allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>`;

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
