import type { Video } from "#systems/media/contract.ts";

/**
 * How many qualities the house's list of a video names: while the video is made the lowest alone, and all of them from
 * the moment it is ready. A player that began earlier knows only the lowest until it reads the list again.
 */
export const listedRungs = ({ status, renditions }: Pick<Video, "status" | "renditions">): number =>
  status === "ready" ? renditions.length : 1;

/** What a player knows of its list. */
export interface Reading {
  /** Qualities in the list as it was read; null until it was. */
  known: number | null;
  /** Qualities that the list has now, as far as the page was told. */
  listed: number;
  /** It was read a second time already: a cache that gives out an old list must not make a player begin for ever. */
  again: boolean;
}

export const shouldReadAgain = ({ known, listed, again }: Reading): boolean =>
  !again && known !== null && listed > known;

const HAVE_CURRENT_DATA = 2;

/**
 * Where to go on, in seconds. Until a film has shown its first picture the element says 0, whatever place it is about
 * to begin at; a seek under way says where it leads.
 */
export const placeToGoOn = (
  video: Pick<HTMLVideoElement, "readyState" | "seeking" | "currentTime">,
  begins_s: number,
): number => (video.seeking || video.readyState >= HAVE_CURRENT_DATA ? video.currentTime : begins_s);
