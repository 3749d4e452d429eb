import { placeToGoOn, type Reading, shouldReadAgain } from "./growing.ts";
import { playOn } from "./stage.ts";
import { abilities, engineOf } from "./stream/engine.ts";
import { type Tie, tieNatively, type TieOptions, tieWithHls } from "./stream/tie.ts";

export interface Attached extends Omit<Tie, "untie"> {
  /**
   * The list now names so many qualities. Where the player knows fewer it reads the list again, once, and goes on where
   * it was: same place, same speed, same sound, playing or not.
   */
  listed(rungs: number): void;
  detach(): void;
}

export interface AttachOptions extends Omit<TieOptions, "onRead"> {
  /** Qualities that the list has by what the page knows (`listedRungs`): Safari does not tell how many it read. */
  listed?: number;
}

/** Begins to load hls.js (190 kB gzip) before it is needed; Apple's browsers play HLS by themselves. */
export const warmUp = () => (engineOf(abilities()) === "hls" ? import("hls.js") : Promise.resolve(null));

/** Ties a playlist to a video element. Whoever attaches detaches. */
export async function attach(video: HTMLVideoElement, url: string, options: AttachOptions): Promise<Attached> {
  const module = await warmUp();
  const Player = module?.default.isSupported() ? module.default : null;
  const reading: Reading = { known: null, listed: options.listed ?? 0, again: false };
  let begins_s = options.start_s;
  let tie = read();

  function read(): Tie {
    const given: TieOptions = { ...options, ...(begins_s === undefined ? {} : { start_s: begins_s }), onRead };
    return Player
      ? tieWithHls(Player, video, url, given)
      : tieNatively(video, url, given, options.listed ?? Number.POSITIVE_INFINITY);
  }
  function onRead(known: number) {
    reading.known = known;
    look();
  }
  function look() {
    if (!shouldReadAgain(reading)) return;
    reading.again = true;
    begins_s = placeToGoOn(video, begins_s ?? 0);
    // An element that is given something else pauses, goes back to its usual speed, and turns black.
    const { paused, playbackRate } = video;
    holdPicture(video);
    tie.untie();
    tie = read();
    video.playbackRate = playbackRate;
    if (!paused) void playOn(video);
  }
  return {
    choose: (height) => tie.choose(height),
    hear: (sound) => tie.hear(sound),
    ahead: (seconds) => tie.ahead(seconds),
    listed(rungs) {
      reading.listed = rungs;
      look();
    },
    detach() {
      reading.again = true;
      tie.untie();
    },
  };
}

/** Keeps the picture that is seen until the next one is there. */
function holdPicture(video: HTMLVideoElement) {
  if (video.readyState < video.HAVE_CURRENT_DATA || video.videoWidth === 0) return;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const poster = video.getAttribute("poster");
  try {
    canvas.getContext("2d")?.drawImage(video, 0, 0);
    video.poster = canvas.toDataURL("image/jpeg", 0.8);
  } catch {
    // A store at another address lets its pictures be shown and not copied: then it is black for a moment.
    return;
  }
  const letGo = () => (poster === null ? video.removeAttribute("poster") : video.setAttribute("poster", poster));
  video.addEventListener("loadeddata", letGo, { once: true });
}
