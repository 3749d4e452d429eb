import type Hls from "hls.js";

import { placeToGoOn, type Reading, shouldReadAgain } from "./growing.ts";
import { playOn } from "./stage.ts";

/** One of the qualities that a video has. */
export interface Level {
  height: number;
  bitrate_bps: number;
}

export interface Attached {
  /** -1 lets the player choose. */
  choose(level: number): void;
  /**
   * The list now names so many qualities. Where the player knows fewer it reads the list again, once, and goes on where
   * it was: same place, same speed, same sound, playing or not.
   */
  listed(rungs: number): void;
  detach(): void;
}

/** One reading of the list: it ends where the next begins. */
interface Tie {
  choose(level: number): void;
  untie(): void;
}

export interface AttachOptions {
  /** Seconds fetched ahead: little for what may be swiped away, more for what is being watched. */
  ahead_s: number;
  /** Told when the qualities are known. */
  onLevels?: (levels: readonly Level[]) => void;
  /** Told when playing cannot go on by itself. */
  onLost?: () => void;
  start_s?: number;
  /** Qualities that the list has by what the page knows (`listedRungs`): Safari does not tell how many it read. */
  listed?: number;
}

interface TieOptions extends AttachOptions {
  /** Told how many qualities the list names, whether this browser can play them or not. */
  onRead: (known: number) => void;
}

const isSafari = () => /^((?!chrome|chromium|android|crios|fxios|edg).)*safari/i.test(navigator.userAgent);
const MEDIA_RECOVERIES_MAX = 2;

/** Begins to load hls.js (190 kB gzip) before it is needed; Safari plays HLS by itself. */
export const warmUp = () => (isSafari() ? Promise.resolve(null) : import("hls.js"));

/** Ties a playlist to a video element. Whoever attaches detaches. */
export async function attach(video: HTMLVideoElement, url: string, options: AttachOptions): Promise<Attached> {
  const module = await warmUp();
  const Player = module?.default.isSupported() ? module.default : null;
  const reading: Reading = { known: null, listed: options.listed ?? 0, again: false };
  let begins_s = options.start_s;
  let tie = read();

  function read(): Tie {
    const given: TieOptions = { ...options, ...(begins_s === undefined ? {} : { start_s: begins_s }), onRead };
    return Player ? tieWithHls(Player, video, url, given) : tieNatively(video, url, given);
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
    choose: (level) => tie.choose(level),
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

function tieWithHls(Player: typeof Hls, video: HTMLVideoElement, url: string, options: TieOptions): Tie {
  const hls = new Player({
    maxBufferLength: options.ahead_s,
    maxMaxBufferLength: options.ahead_s * 2,
    backBufferLength: 30,
    capLevelToPlayerSize: true,
    startPosition: options.start_s ?? -1,
    abrEwmaDefaultEstimate: 2_000_000,
    // While a rung is still being made its segments may be late, not lost.
    fragLoadPolicy: {
      default: {
        maxTimeToFirstByteMs: 10_000,
        maxLoadTimeMs: 60_000,
        timeoutRetry: { maxNumRetry: 4, retryDelayMs: 0, maxRetryDelayMs: 0 },
        errorRetry: { maxNumRetry: 8, retryDelayMs: 500, maxRetryDelayMs: 4_000 },
      },
    },
  });
  let named = 0;
  hls.on(Player.Events.MANIFEST_LOADED, (_event, data) => void (named = data.levels.length));
  hls.on(Player.Events.MANIFEST_PARSED, (_event, data) => {
    options.onLevels?.(
      data.levels.map((level) => ({
        height: Math.min(level.height, level.width || level.height),
        bitrate_bps: level.bitrate,
      })),
    );
    // Not in the middle of hls.js's own work: what is told here may end this reading.
    queueMicrotask(() => options.onRead(named));
  });
  recover(hls, Player, options.onLost);
  hls.loadSource(url);
  hls.attachMedia(video);
  return { choose: (level) => void (hls.nextLevel = level), untie: () => hls.destroy() };
}

function recover(hls: Hls, Player: typeof Hls, onLost?: () => void) {
  let recoveries = 0;
  hls.on(Player.Events.ERROR, (_event, data) => {
    if (!data.fatal) return;
    if (data.type === Player.ErrorTypes.MEDIA_ERROR && recoveries < MEDIA_RECOVERIES_MAX) {
      recoveries += 1;
      hls.recoverMediaError();
      return;
    }
    hls.destroy();
    onLost?.();
  });
}

function tieNatively(video: HTMLVideoElement, url: string, { onLost, onRead, start_s, listed }: TieOptions): Tie {
  const lost = () => onLost?.();
  const begin = () => {
    if (start_s !== undefined) video.currentTime = start_s;
    onRead(listed ?? Number.POSITIVE_INFINITY);
  };
  video.src = url;
  video.addEventListener("loadedmetadata", begin, { once: true });
  video.addEventListener("error", lost, { once: true });
  return {
    choose: () => {},
    untie() {
      video.removeEventListener("loadedmetadata", begin);
      video.removeEventListener("error", lost);
      video.removeAttribute("src");
      video.load();
    },
  };
}
