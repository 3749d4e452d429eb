import { useSyncExternalStore } from "react";

/** The one film that is being watched: on its own page, or in the corner while its viewer looks at something else. */
export interface NowPlaying {
  video_id: string;
  /** What stands in the address of its page: the post that brought the viewer to it, the playlist it is watched from. */
  search: { post?: string | undefined; list?: string | undefined; shuffle?: string | undefined };
  start_ms: number;
}

export interface Playing extends NowPlaying {
  place: "page" | "corner";
}

let now: Playing | null = null;
let box: HTMLDivElement | null = null;
let corner: HTMLElement | null = null;
const listeners = new Set<() => void>();

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

function become(next: Playing | null) {
  now = next;
  for (const listener of listeners) listener();
}

export const usePlaying = () => useSyncExternalStore(subscribe, () => now);

/**
 * The element that the player lives in. It moves between the page and the corner with the film in it, so that nothing
 * is fetched or decoded again: an element that finds a new place within one task goes on playing.
 */
export function playerBox(): HTMLDivElement {
  if (!box) {
    box = document.createElement("div");
    box.className = "size-full";
  }
  return box;
}

/** The place in the corner, which is there as long as the player's code is. */
export function offerCorner(element: HTMLElement | null) {
  corner = element;
  if (element && now?.place === "corner") moveTo(element);
}

function moveTo(place: HTMLElement) {
  const moving = playerBox();
  if (moving.parentElement === place) return;
  const mover = place as HTMLElement & { moveBefore?: (node: Node, before: Node | null) => void };
  if (moving.isConnected && mover.isConnected && mover.moveBefore) mover.moveBefore(moving, null);
  else place.append(moving);
}

let kept = false;

/** The next time its page goes, the film goes into the corner even where it rests. */
export function keepInCorner() {
  kept = true;
}

/**
 * Shows a film at its own page. Call it in a layout effect.
 * @returns what to call when the page goes: a film that plays goes on in the corner, one that rests ends
 */
export function watchAt(place: HTMLElement, film: NowPlaying): () => void {
  moveTo(place);
  become(now?.video_id === film.video_id ? { ...now, place: "page" } : { ...film, place: "page" });
  return () => {
    if (playerBox().parentElement !== place || now?.video_id !== film.video_id) return;
    const video = playerBox().querySelector("video");
    const stays = kept || (video !== null && !video.paused && !video.ended);
    kept = false;
    if (corner && stays) {
      moveTo(corner);
      become({ ...now, place: "corner" });
    } else {
      stopPlaying();
    }
  };
}

/** The address that the corner leads back to. */
export function cameFrom(video_id: string, search: NowPlaying["search"]) {
  if (now?.video_id === video_id) become({ ...now, search });
}

export const searchOf = ({ search: { post, list, shuffle } }: NowPlaying) => ({
  ...(post === undefined ? {} : { post }),
  ...(list === undefined ? {} : { list }),
  ...(list === undefined || shuffle === undefined ? {} : { shuffle }),
});

/** Ends it and lets go of everything it held. */
export function stopPlaying() {
  if (now === null) return;
  become(null);
  playerBox().remove();
}
