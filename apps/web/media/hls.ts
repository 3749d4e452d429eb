import type Hls from "hls.js";

/** One of the qualities that a video has. */
export interface Level {
  height: number;
  bitrate_bps: number;
}

export interface Attached {
  levels: readonly Level[];
  /** -1 lets the player choose. */
  choose(level: number): void;
  detach(): void;
}

export interface AttachOptions {
  /** Seconds fetched ahead: little for what may be swiped away, more for what is being watched. */
  ahead_s: number;
  /** Told when the qualities are known. */
  onLevels?: (levels: readonly Level[]) => void;
  /** Told when playing cannot go on by itself. */
  onLost?: () => void;
  start_s?: number;
}

const isSafari = () => /^((?!chrome|chromium|android|crios|fxios|edg).)*safari/i.test(navigator.userAgent);
const MEDIA_RECOVERIES_MAX = 2;

/** Begins to load hls.js (190 kB gzip) before it is needed; Safari plays HLS by itself. */
export const warmUp = () => (isSafari() ? Promise.resolve(null) : import("hls.js"));

/** Ties a playlist to a video element. Whoever attaches detaches. */
export async function attach(video: HTMLVideoElement, url: string, options: AttachOptions): Promise<Attached> {
  const module = await warmUp();
  if (!module || !module.default.isSupported()) return attachNatively(video, url, options);
  const Player = module.default;
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
  const attached = {
    levels: [] as readonly Level[],
    choose: (level: number) => void (hls.nextLevel = level),
    detach: () => hls.destroy(),
  };
  hls.on(Player.Events.MANIFEST_PARSED, (_event, data) => {
    attached.levels = data.levels.map((level) => ({
      height: Math.min(level.height, level.width || level.height),
      bitrate_bps: level.bitrate,
    }));
    options.onLevels?.(attached.levels);
  });
  recover(hls, Player, options.onLost);
  hls.loadSource(url);
  hls.attachMedia(video);
  return attached;
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

function attachNatively(video: HTMLVideoElement, url: string, { onLost, start_s }: AttachOptions): Attached {
  const lost = () => onLost?.();
  video.src = url;
  if (start_s !== undefined)
    video.addEventListener("loadedmetadata", () => void (video.currentTime = start_s), { once: true });
  video.addEventListener("error", lost, { once: true });
  return {
    levels: [],
    choose: () => {},
    detach: () => {
      video.removeEventListener("error", lost);
      video.removeAttribute("src");
      video.load();
    },
  };
}
