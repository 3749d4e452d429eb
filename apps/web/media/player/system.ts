import { useEffect, useEffectEvent } from "react";

import { playOn } from "../stage.ts";
import { seekBy, seekTo } from "./acts.ts";

export interface OnAir {
  title: string;
  artist: string;
  poster: string | null;
}

const STEP_S = 10;
const POSITION_EVERY_MS = 1_000;

/** The system's own controls (lock screen, keyboard, headset): what plays, how far, and what they may do. */
export function useSystemControls(video: HTMLVideoElement | null, { title, artist, poster }: OnAir, stop: () => void) {
  const ended = useEffectEvent(stop);
  useEffect(() => {
    const session = (navigator as Partial<Navigator>).mediaSession;
    if (!video || !session) return;
    session.metadata = new MediaMetadata({ title, artist, artwork: poster === null ? [] : [{ src: poster }] });
    const acts: [MediaSessionAction, MediaSessionActionHandler][] = [
      ["play", () => void playOn(video)],
      ["pause", () => video.pause()],
      ["seekbackward", ({ seekOffset }) => seekBy(video, -(seekOffset ?? STEP_S))],
      ["seekforward", ({ seekOffset }) => seekBy(video, seekOffset ?? STEP_S)],
      ["seekto", ({ seekTime }) => seekTime !== undefined && seekTo(video, seekTime)],
      ["stop", () => ended()],
    ];
    const able = acts.filter(([action, run]) => {
      try {
        session.setActionHandler(action, run);
        return true;
      } catch {
        // A browser that does not know an action says so by throwing.
        return false;
      }
    });
    let told_ms = 0;
    const tell = () => {
      const now = performance.now();
      if (now - told_ms < POSITION_EVERY_MS || !(video.duration > 0) || !Number.isFinite(video.duration)) return;
      told_ms = now;
      session.setPositionState?.({
        duration: video.duration,
        position: Math.min(video.duration, video.currentTime),
        playbackRate: video.playbackRate,
      });
    };
    const state = () => (session.playbackState = video.paused ? "paused" : "playing");
    video.addEventListener("timeupdate", tell);
    video.addEventListener("play", state);
    video.addEventListener("pause", state);
    return () => {
      for (const [action] of able) session.setActionHandler(action, null);
      session.metadata = null;
      session.playbackState = "none";
      video.removeEventListener("timeupdate", tell);
      video.removeEventListener("play", state);
      video.removeEventListener("pause", state);
    };
  }, [video, title, artist, poster]);
}
