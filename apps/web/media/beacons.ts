import type { BeaconIn, Referrer } from "#systems/media/contract.ts";

import { createPlayingBook } from "./playing-book.ts";

/** Tells the house how a film plays, until it is ended. Views are counted from this. */
export interface Beacons {
  /** The quality that is seen now: `480p`. */
  level(rung: string): void;
  /** What went wrong, by a stable name; also what mended itself. */
  failed(code: string): void;
  end(): void;
}

export interface BeaconFacts {
  video_id: string;
  /** True where it begins by itself: then the wait counts from now on. */
  autoplay: boolean;
}

const PLAYER = "web-1";
const EVERY_MS = 10_000;
/** Beacons that did not arrive and are sent again with the next. */
const KEPT_MAX = 20;
const CODE = /[^\w.:-]+/g;
const CODE_CHARS_MAX = 48;

/** The last list in this tab in which a film was met: who opens a film's own page came from there. */
let came: Referrer = "direct";

/** @returns where in the house somebody is, by the path of the page */
export function placeOf(path: string): Referrer | null {
  if (path === "/") return "home";
  if (path.startsWith("/@")) return "profile";
  if (path.startsWith("/shorts")) return "shorts";
  if (path.startsWith("/embed")) return "embed";
  if (path.startsWith("/s/") || path.startsWith("/spaces")) return "space";
  return path.startsWith("/watch") ? null : "other";
}

/** Listens to the element alone, so it works whoever plays the lists. */
export function createBeacons(video: HTMLVideoElement, { video_id, autoplay }: BeaconFacts): Beacons {
  const place = placeOf(location.pathname);
  if (place !== null && place !== "other") came = place;
  const book = createPlayingBook(crypto.randomUUID(), { from: place ?? came, autoplay, player: PLAYER });
  const url = `/v1/videos/${video_id}/beacons`;
  const ending = new AbortController();
  let kept: string[] = [];
  let begun = false;
  if (autoplay) book.wished(performance.now());

  async function send(body: string): Promise<void> {
    try {
      const answer = await fetch(url, {
        method: "POST",
        body,
        headers: { "content-type": "application/json" },
        keepalive: true,
      });
      // Told too often, or the house is away for a moment: the same number later is the same beacon.
      if (answer.status === 429 || answer.status >= 500) keep(body);
    } catch {
      keep(body);
    }
  }
  function keep(body: string) {
    kept = [...kept, body].slice(-KEPT_MAX);
  }
  function tell() {
    const said = take();
    const all = said === null ? kept : [...kept, said];
    kept = [];
    for (const body of all) void send(body);
  }
  /** The page goes: what is handed to the browser now is sent also when nothing of the page is left. */
  function hand() {
    const said = take();
    for (const body of said === null ? kept : [...kept, said]) {
      if (!navigator.sendBeacon(url, new Blob([body], { type: "application/json" }))) void send(body);
    }
    kept = [];
  }
  function take(): string | null {
    const said: BeaconIn | null = book.take(performance.now());
    return said === null ? null : JSON.stringify(said);
  }

  const on = (type: string, run: (now_ms: number) => void) =>
    video.addEventListener(type, () => run(performance.now()), { signal: ending.signal });
  const isThere = () => video.readyState >= video.HAVE_CURRENT_DATA;
  on("play", (now_ms) => book.wished(now_ms));
  on("playing", (now_ms) => {
    book.playing(now_ms);
    // The session's first word: from now on the clock says how much can have been watched.
    if (!begun) tell();
    begun = true;
  });
  on("waiting", (now_ms) => {
    if (!video.seeking) book.stalled(now_ms);
  });
  on("pause", (now_ms) => book.paused(now_ms));
  on("timeupdate", () => {
    if (!video.seeking && isThere()) book.at(video.currentTime, video.duration);
  });
  on("seeking", (now_ms) => {
    book.paused(now_ms);
    book.jumped(video.currentTime, video.duration);
  });
  on("ended", () => {
    book.at(video.duration, video.duration);
    tell();
  });
  on("error", () => book.failed(`media-${video.error?.code ?? 0}`));
  const timer = setInterval(tell, EVERY_MS);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && hand(), {
    signal: ending.signal,
  });
  addEventListener("pagehide", hand, { signal: ending.signal });

  return {
    level: (rung) => book.level(rung),
    failed: (code) => book.failed(code.replaceAll(CODE, "-").slice(0, CODE_CHARS_MAX) || "unknown"),
    end() {
      if (ending.signal.aborted) return;
      ending.abort();
      clearInterval(timer);
      hand();
    },
  };
}
