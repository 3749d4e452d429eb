import { useEffect, useEffectEvent, useRef, useState } from "react";

import { attach, type Attached, placeToGoOn } from "../hls.ts";
import { preferences, usePreferences } from "../preferences.ts";
import { choose, leaveStage, playOn } from "../stage.ts";
import { measureFirstFrame } from "../start-up.ts";
import type { Level, Told } from "../stream/levels.ts";
import type { Sound } from "../stream/tie.ts";
import { applySound, applySpeed } from "./acts.ts";
import { wanted } from "./captions.ts";

/** Seconds fetched ahead of what is watched. */
const AHEAD_S = 40;

export interface StreamNeeds {
  url: string;
  start_s: number;
  autoPlay: boolean;
  told: readonly Told[];
  /** Raised to begin again at the same place. */
  attempt: number;
  onLost: () => void;
  onSeen: (level: Level) => void;
  onTrouble: (code: string) => void;
}

/** Ties the film to the element, and keeps to what its viewer prefers. */
export function useStream(video: HTMLVideoElement | null, needs: StreamNeeds) {
  const { url, start_s, autoPlay, told, attempt } = needs;
  const lost = useEffectEvent(needs.onLost);
  const saw = useEffectEvent(needs.onSeen);
  const troubled = useEffectEvent(needs.onTrouble);
  const now = useRef(told);
  const begins = useRef({ at_s: start_s, playing: autoPlay });
  const attached = useRef<Promise<Attached> | null>(null);
  const [levels, setLevels] = useState<readonly Level[]>([]);
  const [seen, setSeen] = useState<Level | null>(null);
  const [sounds, setSounds] = useState<readonly Sound[]>([]);
  const [sound, setSound] = useState(0);
  const { height, speed, volume, muted } = usePreferences();

  // Before the next effect, so that a new address is attached with what is known by now.
  useEffect(() => {
    now.current = told;
  }, [told]);
  useEffect(() => {
    if (!video) return;
    const hears = preferences().sound_lang;
    const mine = attach(video, url, {
      ahead_s: AHEAD_S,
      start_s: begins.current.at_s,
      told: () => now.current,
      height: preferences().height,
      onLost: () => lost(),
      onLevels: setLevels,
      onLevel(level) {
        setSeen(level);
        saw(level);
      },
      onTrouble: (code) => troubled(code),
      onSounds(all, at) {
        setSounds(all);
        const mother =
          hears === ""
            ? at
            : wanted(
                all.map(({ lang, name }) => ({ lang, label: name })),
                hears,
              );
        setSound(mother);
        if (mother !== at) void mine.then((player) => player.hear(mother));
      },
    });
    attached.current = mine;
    let gone = false;
    measureFirstFrame(video);
    choose(video);
    if (begins.current.playing) void mine.then(() => !gone && playOn(video));
    const { current } = begins;
    return () => {
      gone = true;
      // Comes back to where it was, playing or not, when only the address changes.
      current.at_s = placeToGoOn(video, current.at_s);
      current.playing = !video.paused;
      leaveStage(video);
      void mine.then((player) => player.detach());
    };
  }, [video, url, attempt]);

  useEffect(() => void attached.current?.then((player) => player.choose(height)), [height]);
  useEffect(() => {
    if (video) applySpeed(video, speed);
  }, [video, speed]);
  useEffect(() => {
    if (video) applySound(video, { volume, muted });
  }, [video, volume, muted]);

  return {
    levels,
    seen,
    sounds,
    sound,
    hear(at: number) {
      setSound(at);
      void attached.current?.then((player) => player.hear(at));
    },
  };
}
