import { useSyncExternalStore } from "react";

/** One video plays at a time on the whole page, and sound is one wish for all of them. */
let playing: HTMLVideoElement | null = null;
let sound = false;
const listeners = new Set<() => void>();

/** Takes the stage: whoever was on it pauses. */
export function takeStage(video: HTMLVideoElement) {
  if (playing !== video) playing?.pause();
  playing = video;
}

export function leaveStage(video: HTMLVideoElement) {
  if (playing === video) playing = null;
}

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
