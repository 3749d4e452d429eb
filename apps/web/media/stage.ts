import { useSyncExternalStore } from "react";

/** One video plays at a time on the whole page, and sound is one wish for all that play by themselves. */
let playing: HTMLVideoElement | null = null;
/** A video that somebody chose to watch: what plays by itself does not take the stage from it. */
let chosen: HTMLVideoElement | null = null;
let sound = false;
const listeners = new Set<() => void>();

/** Takes the stage: whoever was on it pauses. */
export function takeStage(video: HTMLVideoElement) {
  if (playing !== video) playing?.pause();
  playing = video;
}

export function leaveStage(video: HTMLVideoElement) {
  if (playing === video) playing = null;
  if (chosen === video) chosen = null;
}

/** From now on only a press takes the stage from this one, as long as it plays. */
export function choose(video: HTMLVideoElement) {
  chosen = video;
}

/** Whether somebody watches something they chose, so that nothing else may begin by itself. */
export const isTaken = (by: HTMLVideoElement): boolean => chosen !== null && chosen !== by && !chosen.paused;

export function setSound(on: boolean) {
  sound = on;
  for (const listener of listeners) listener();
}

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => void listeners.delete(listener);
};

/** Muted until somebody asks for sound; browsers would not play otherwise. */
export const useSound = () => useSyncExternalStore(subscribe, () => sound);

/** Plays, and where the browser refuses sound without a press, plays muted. Resolves to whether it plays. */
export async function playOn(video: HTMLVideoElement): Promise<boolean> {
  takeStage(video);
  try {
    await video.play();
    return true;
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "NotAllowedError" || video.muted) return false;
    video.muted = true;
    return await video.play().then(
      () => true,
      () => false,
    );
  }
}

/** Somebody who saves data starts each video by hand. */
export const savesData = () =>
  (navigator as Navigator & { connection?: { saveData?: boolean } }).connection?.saveData === true;
