import { prefer, preferences, SPEEDS } from "../preferences.ts";
import { playOn } from "../stage.ts";

/** What a viewer can do with a video, whatever they do it by: a key, a button, a finger, or the system's own controls. */
export const togglePlay = (video: HTMLVideoElement) => void (video.paused ? playOn(video) : video.pause());

export function seekTo(video: HTMLVideoElement, at_s: number) {
  const end = Number.isFinite(video.duration) ? video.duration : at_s;
  video.currentTime = Math.min(end, Math.max(0, at_s));
}

export const seekBy = (video: HTMLVideoElement, step_s: number) => seekTo(video, video.currentTime + step_s);

export function stepSpeed(step: 1 | -1): number {
  const { speed } = preferences();
  const at = SPEEDS.findIndex((one) => one >= speed);
  const next = SPEEDS[Math.min(SPEEDS.length - 1, Math.max(0, (at === -1 ? SPEEDS.length - 1 : at) + step))]!;
  prefer({ speed: next });
  return next;
}

export function stepVolume(step: number): number {
  const { volume, muted } = preferences();
  const next = Math.min(1, Math.max(0, Math.round(((muted ? 0 : volume) + step) * 20) / 20));
  prefer({ volume: next, muted: next === 0 });
  return next;
}

export function setVolume(video: HTMLVideoElement, volume: number) {
  // What was held back until a press is let go with it.
  video.muted = volume === 0;
  prefer({ volume, muted: volume === 0 });
}

/** As its viewer prefers it. */
export function applySound(video: HTMLVideoElement, { volume, muted }: { volume: number; muted: boolean }) {
  video.volume = volume;
  video.muted = muted;
}

export function applySpeed(video: HTMLVideoElement, speed: number) {
  video.defaultPlaybackRate = speed;
  video.playbackRate = speed;
}

/** For as long as a finger stays. */
export function hurry(video: HTMLVideoElement, speed: number) {
  video.playbackRate = speed;
}

/** Sound that the browser held back until a press counts as off. */
export function toggleMute(video: HTMLVideoElement) {
  const muted = !video.muted;
  video.muted = muted;
  prefer({ muted, ...(!muted && preferences().volume === 0 ? { volume: 0.5 } : {}) });
}

interface Apples extends HTMLVideoElement {
  webkitEnterFullscreen?: () => void;
}

/** The frame with its controls; on iPhones only the video itself can. */
export async function toggleFull(root: HTMLElement, video: Apples): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else if ("requestFullscreen" in root) {
    await root.requestFullscreen();
    const upright = video.videoHeight > video.videoWidth;
    const turn = (screen.orientation as ScreenOrientation & { lock?: (to: string) => Promise<void> }).lock;
    // A desktop cannot be turned, and says so.
    await turn?.call(screen.orientation, upright ? "portrait" : "landscape").catch(() => {});
  } else video.webkitEnterFullscreen?.();
}

export async function togglePicture(video: HTMLVideoElement): Promise<void> {
  if (document.pictureInPictureElement === video) await document.exitPictureInPicture();
  else await video.requestPictureInPicture?.();
}

export const canPicture = () => document.pictureInPictureEnabled === true;
