import type { VideoId } from "#kernel/ids.ts";

import type { Ladder } from "../encode/ladder.ts";
import { INIT, listedTracks, namesOf, segmentsOf } from "../encode/playlist.ts";
import { isPublicPlace, type Place } from "../places.ts";

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

/** The plan that has this name: the video's own, or of an upper rung the one before it was fitted to the film. */
export function planOf(ladder: Ladder, { track, k, file }: Asked): Ladder | null {
  const before = (ladder.before_fit ?? []).filter(({ name }) => name === track);
  const plans = [ladder, ...before.map((rung) => ({ ...ladder, rungs: [rung] }))];
  const has = (plan: Ladder): boolean => {
    if (!listedTracks(plan).includes(track)) return false;
    const names = namesOf(plan);
    return k === null ? file === names.init(track) : k < segmentsOf(plan, track) && file === names.segment(track, k);
  };
  return plans.find(has) ?? null;
}

/** A place that it lay in before everybody might see it: its addresses were given out for a while, and hold as long. */
export const isGoodPlace = (asked: Place, now: Place): boolean =>
  asked === now || (isPublicPlace(now) && !isPublicPlace(asked));
