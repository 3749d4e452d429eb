import { useSyncExternalStore } from "react";

/** What a video element is doing, as far as the controls show it. */
export interface Doing {
  paused: boolean;
  ended: boolean;
  /** It should play and has nothing to show. */
  waiting: boolean;
  /** Its first picture was there. */
  begun: boolean;
  duration_s: number;
  muted: boolean;
  volume: number;
  loop: boolean;
  inPicture: boolean;
}

const EVENTS =
  "play pause ended waiting stalled playing canplay seeking seeked loadeddata durationchange volumechange emptied enterpictureinpicture leavepictureinpicture";
const HAVE_CURRENT_DATA = 2;
const HAVE_FUTURE_DATA = 3;

const RESTING: Doing = {
  paused: true,
  ended: false,
  waiting: false,
  begun: false,
  duration_s: 0,
  muted: false,
  volume: 1,
  loop: false,
  inPicture: false,
};

/** A store of one element's state; a new object only when something in it changed. */
export function createDoing(video: HTMLVideoElement) {
  let now = read();
  function read(): Doing {
    const { paused, ended, duration, muted, volume, loop, readyState, seeking } = video;
    return {
      paused,
      ended,
      waiting: !paused && !ended && (readyState < HAVE_FUTURE_DATA || seeking),
      begun: readyState >= HAVE_CURRENT_DATA,
      duration_s: Number.isFinite(duration) ? duration : 0,
      muted,
      volume,
      loop,
      inPicture: document.pictureInPictureElement === video,
    };
  }
  return {
    get: () => now,
    subscribe(listener: () => void) {
      const look = () => {
        const next = read();
        if (Object.entries(next).every(([name, value]) => now[name as keyof Doing] === value)) return;
        now = next;
        listener();
      };
      const events = EVENTS.split(" ");
      for (const event of events) video.addEventListener(event, look);
      look();
      return () => {
        for (const event of events) video.removeEventListener(event, look);
      };
    },
  };
}

const nothing = () => () => {};
const resting = () => RESTING;

export const useDoing = (store: ReturnType<typeof createDoing> | null): Doing =>
  useSyncExternalStore(store?.subscribe ?? nothing, store?.get ?? resting);
