import type { BeaconIn } from "#systems/media/contract.ts";

/** Hundredths of the film, as the house counts them. */
const BUCKETS = 100;
const EVERY_MS = 10_000;
/** A step of the clock that is larger was a seek, not watching. */
const STEP_S_MAX = 2;

/** Tells the house what was watched in this frame: how much and which parts, and of nobody in particular. */
export function tellOf(video: HTMLVideoElement, video_id: string, asked_ms: number) {
  const session = crypto.randomUUID();
  // Not by the contract, which is larger than all of this.
  const url = `/v1/videos/${video_id}/beacons`;
  let seq = 0;
  let startup_ms: number | undefined;
  let played_ms = 0;
  let watched: [first: number, last: number][] = [];
  let last_s: number | null = null;
  let bucket = -1;

  function onTime() {
    const now_s = video.currentTime;
    const step_s = last_s === null ? 0 : now_s - last_s;
    last_s = now_s;
    if (video.paused || video.seeking || step_s < 0 || step_s > STEP_S_MAX) return;
    played_ms += step_s * 1000;
    const at = Math.min(BUCKETS - 1, Math.floor((now_s / video.duration) * BUCKETS));
    if (!(at >= 0) || at === bucket) return;
    const open = watched.at(-1);
    if (open?.[1] === at - 1 && bucket === at - 1) open[1] = at;
    else watched.push([at, at]);
    bucket = at;
  }

  function send() {
    if (played_ms < 1 && startup_ms === undefined) return;
    const body: BeaconIn = {
      session,
      seq: seq++,
      from: "embed",
      player: "embed-1",
      ...(startup_ms === undefined ? {} : { startup_ms }),
      played_ms: Math.round(played_ms),
      watched: watched.slice(0, BUCKETS),
    };
    startup_ms = undefined;
    played_ms = 0;
    watched = [];
    navigator.sendBeacon(url, JSON.stringify(body));
  }

  video.addEventListener("timeupdate", onTime);
  video.addEventListener("seeking", () => (last_s = null));
  video.addEventListener("playing", () => (startup_ms = performance.now() - asked_ms), { once: true });
  video.addEventListener("pause", send);
  document.addEventListener("visibilitychange", () => document.visibilityState === "hidden" && send());
  setInterval(send, EVERY_MS);
}
