import type { VideoId } from "#kernel/ids.ts";

import { INIT } from "../encode/playlist.ts";
import type { Place } from "../places.ts";

/** What a blob's name asks for, before anybody has looked whether there is such a video. */
export interface Asked {
  place: Place;
  video_id: VideoId;
  track: string;
  /** Null for the init. */
  k: number | null;
  /** Below the place. */
  file: string;
}

const NAME =
  /^(?<place>(?:public\/)?videos\/(?<id>[1-9][0-9]{0,18})\/[0-9a-f]{32}\/)(?<file>[0-9a-f]{12}\/(?<track>[a-z0-9-]{1,32})\/(?:init\.mp4|(?<k>0|[1-9][0-9]{0,5})\.m4s))$/;

export const mayMake = (name: string): boolean => NAME.test(name);

export function readName(name: string): Asked | null {
  const { place, id, file, track, k } = NAME.exec(name)?.groups ?? {};
  if (place === undefined || id === undefined || file === undefined || track === undefined) return null;
  if (k === undefined && !file.endsWith(`/${INIT}`)) return null;
  return { place, video_id: id as VideoId, track, k: k === undefined ? null : Number(k), file };
}
