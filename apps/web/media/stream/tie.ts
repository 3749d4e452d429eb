import type Hls from "hls.js";
import type { HlsConfig } from "hls.js";

import { heightsOf, isThere, type Level, levelFor, startLevel, type Told } from "./levels.ts";
import { bandwidth, pictureSide, rememberBandwidth } from "./line.ts";
import { patientLoader } from "./loader.ts";

/** A sound that a film can be heard in. */
export interface Sound {
  name: string;
  lang: string;
}

export interface TieOptions {
  /** Seconds fetched ahead: little for what may be swiped away, more for what is being watched. */
  ahead_s: number;
  /** Seconds kept behind. */
  behind_s?: number;
  start_s?: number;
  /** What the house says of the qualities; without it all of them are taken to be there. */
  told?: () => readonly Told[];
  /** The quality that the viewer chose, by height; null lets the line decide. */
  height?: number | null;
  /** Told when the qualities are known. */
  onLevels?: (levels: readonly Level[]) => void;
  /** Told when the sounds are known, and which of them is heard. */
  onSounds?: (sounds: readonly Sound[], at: number) => void;
  /** Told when another quality is seen. */
  onLevel?: (level: Level) => void;
  /** Told what went wrong, by a stable name, also where it mends itself. */
  onTrouble?: (code: string) => void;
  /** Told when playing cannot go on by itself. */
  onLost?: () => void;
}

/** One reading of a list by one element. Whoever ties unties. */
export interface Tie {
  /** By height; null lets the line decide. */
  choose(height: number | null): void;
  hear(sound: number): void;
  /** Seconds to fetch ahead from now on. */
  ahead(seconds: number): void;
  untie(): void;
}

const MEDIA_RECOVERIES_MAX = 2;

export function tieWithHls(Player: typeof Hls, video: HTMLVideoElement, url: string, options: TieOptions): Tie {
  const hls = new Player(settings(options));
  const told = options.told ?? (() => []);
  let levels: readonly Level[] = [];
  hls.on(Player.Events.MANIFEST_PARSED, (_event, data) => {
    levels = data.levels.map(({ height, width, bitrate }) => ({
      height: Math.min(height, width || height),
      bitrate_bps: bitrate,
    }));
    const chosen = levelFor(levels, options.height ?? null);
    if (chosen === -1)
      hls.startLevel = startLevel(levels, { told: told(), bandwidth_bps: bandwidth(), side_px: pictureSide(video) });
    else hls.loadLevel = chosen;
    options.onLevels?.(heightsOf(levels));
  });
  hls.on(Player.Events.AUDIO_TRACKS_UPDATED, (_event, { audioTracks }) =>
    options.onSounds?.(
      audioTracks.map(({ name, lang }) => ({ name, lang: lang ?? "" })),
      Math.max(0, hls.audioTrack),
    ),
  );
  hls.on(Player.Events.LEVEL_SWITCHED, (_event, { level }) => {
    const seen = levels[level];
    if (seen) options.onLevel?.(seen);
  });
  recover(hls, Player, options);
  let jumping = false;
  const seeks = () => {
    // What was not made yet comes soonest in the lowest quality; the line decides again from the next segment on. A mere
    // `nextAutoLevel` does not last that long: hls.js drops it when its clock finds the segment that the jump gave up.
    if (!hls.autoLevelEnabled || isBuffered(video)) return;
    if (!levels.some((level) => !isThere(level, told()))) return;
    jumping = true;
    hls.loadLevel = 0;
  };
  // Not when it is asked for: while the house makes it, or says to come again, hls.js may think otherwise of what to ask for.
  hls.on(Player.Events.FRAG_LOADED, (_event, { frag }) => {
    if (!jumping || frag.type !== "main" || frag.sn === "initSegment" || !isAt(frag, video.currentTime)) return;
    jumping = false;
    hls.loadLevel = -1;
  });
  video.addEventListener("seeking", seeks);
  hls.loadSource(url);
  hls.attachMedia(video);
  return {
    choose(height) {
      jumping = false;
      hls.nextLevel = levelFor(levels, height);
    },
    hear: (sound) => void (hls.audioTrack = sound),
    ahead: (seconds) => void Object.assign(hls.config, bounds(seconds)),
    untie() {
      video.removeEventListener("seeking", seeks);
      if (hls.bandwidthEstimate > 0 && levels.length > 0) rememberBandwidth(hls.bandwidthEstimate);
      hls.destroy();
    },
  };
}

/** hls.js takes the next segment where the place is a quarter of a second from it. */
const LOOK_UP_S = 0.5;
/** Whether a segment is the one of this place, and not one that was on its way before a jump. */
const isAt = ({ start, end }: { start: number; end: number }, at_s: number) => start <= at_s + LOOK_UP_S && end > at_s;

const bounds = (ahead_s: number) => ({ maxBufferLength: ahead_s, maxMaxBufferLength: ahead_s * 2 });

const settings = ({ ahead_s, behind_s = 30, start_s }: TieOptions): Partial<HlsConfig> => ({
  loader: patientLoader(),
  ...bounds(ahead_s),
  backBufferLength: behind_s,
  capLevelToPlayerSize: true,
  // The quality to begin with is chosen; a segment loaded to learn of the line would be a segment late.
  testBandwidth: false,
  startPosition: start_s ?? -1,
  abrEwmaDefaultEstimate: bandwidth(),
  // The loader itself waits for what is late (`patience.ts`); this is for what it gave up on.
  fragLoadPolicy: {
    default: {
      maxTimeToFirstByteMs: 20_000,
      maxLoadTimeMs: 90_000,
      timeoutRetry: { maxNumRetry: 3, retryDelayMs: 0, maxRetryDelayMs: 0 },
      errorRetry: { maxNumRetry: 3, retryDelayMs: 1_000, maxRetryDelayMs: 8_000 },
    },
  },
});

function isBuffered({ buffered, currentTime }: HTMLVideoElement): boolean {
  for (let at = 0; at < buffered.length; at++)
    if (buffered.start(at) <= currentTime && currentTime < buffered.end(at)) return true;
  return false;
}

function recover(hls: Hls, Player: typeof Hls, { onLost, onTrouble }: TieOptions) {
  let recoveries = 0;
  hls.on(Player.Events.ERROR, (_event, data) => {
    onTrouble?.(data.details);
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

/** Where the browser reads the list by itself it also chooses quality; sounds and captions are the element's own tracks. */
export function tieNatively(video: HTMLVideoElement, url: string, { onLost, start_s }: TieOptions): Tie {
  const lost = () => onLost?.();
  const begin = () => {
    if (start_s !== undefined && start_s > 0) video.currentTime = start_s;
  };
  video.src = url;
  video.addEventListener("loadedmetadata", begin, { once: true });
  video.addEventListener("error", lost, { once: true });
  return {
    choose: () => {},
    hear: () => {},
    ahead: () => {},
    untie() {
      video.removeEventListener("loadedmetadata", begin);
      video.removeEventListener("error", lost);
      video.removeAttribute("src");
      video.load();
    },
  };
}
