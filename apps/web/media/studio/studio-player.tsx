import { Pause, Play, StepBack, StepForward, Volume2, VolumeX } from "lucide-react";
import { useEffect, useEffectEvent, useMemo, useRef, useState } from "react";

import type { Video } from "#systems/media/contract.ts";

import { Wheel } from "../../parts/button.tsx";
import { clockOf } from "../../parts/time.tsx";
import { stretches } from "../chapters.ts";
import { storyboardOf } from "../extras.ts";
import { attach, placeToGoOn } from "../hls.ts";
import { seekBy, togglePlay } from "../player/acts.ts";
import { CaptionLines } from "../player/caption-lines.tsx";
import { SeekBar } from "../player/seek-bar.tsx";
import { createDoing, useDoing } from "../player/use-media.ts";
import { usePreferences } from "../preferences.ts";
import { leaveStage, takeStage } from "../stage.ts";

const AHEAD_S = 20;
const NO_WORDS: readonly string[] = [];
export const FRAME_S = 1 / 25;

/** Where the film in the studio is, in whole ms. Tells so often while it plays, and at each seek. */
export function usePlace(video: HTMLVideoElement | null): number {
  const [at_ms, setAt] = useState(0);
  useEffect(() => {
    if (!video) return;
    const look = () => setAt(Math.round(video.currentTime * 1000));
    look();
    for (const event of ["timeupdate", "seeking", "seeked", "pause"]) video.addEventListener(event, look);
    return () => {
      for (const event of ["timeupdate", "seeking", "seeked", "pause"]) video.removeEventListener(event, look);
    };
  }, [video]);
  return at_ms;
}

/** The film beside what is done to it. What its maker looks at here is no view, and no place is remembered. */
export function StudioPlayer({
  film,
  video,
  setVideo,
  words = NO_WORDS,
  lost,
}: {
  film: Video;
  video: HTMLVideoElement | null;
  setVideo: (video: HTMLVideoElement | null) => void;
  /** Captions as they are being written. */
  words?: readonly string[];
  /** The address of the film has run out. */
  lost: () => void;
}) {
  const store = useMemo(() => video && createDoing(video), [video]);
  const doing = useDoing(store);
  const preferences = usePreferences();
  const [stopped, setStopped] = useState<string | null>(null);
  const gone = useEffectEvent(() => {
    setStopped(film.hls_url);
    lost();
  });
  const begins = useRef(0);
  const url = film.hls_url;
  useEffect(() => {
    if (!video || url === null) return;
    const mine = attach(video, url, { ahead_s: AHEAD_S, start_s: begins.current, onLost: () => gone() });
    return () => {
      begins.current = placeToGoOn(video, begins.current);
      leaveStage(video);
      // The promise settles by itself; whoever it gives is let go.
      void mine.then((player) => player.detach());
    };
  }, [video, url]);
  useEffect(() => {
    if (!video) return;
    const list = video.textTracks;
    // The list's own captions would lie below those that are being written.
    const silent = () => Array.from(list).forEach((track) => (track.mode = "disabled"));
    for (const event of ["addtrack", "change"]) list.addEventListener(event, silent);
    return () => {
      for (const event of ["addtrack", "change"]) list.removeEventListener(event, silent);
    };
  }, [video]);
  const duration_ms = film.duration_ms ?? 0;
  const parts = useMemo(() => stretches(film.chapters, duration_ms), [film.chapters, duration_ms]);
  const storyboard = useMemo(() => storyboardOf(film.storyboard), [film.storyboard]);
  const at_ms = usePlace(video);
  return (
    <div
      className="@container relative overflow-hidden bg-black sm:rounded-2xl"
      style={{
        aspectRatio: Math.max(0.75, film.width && film.height ? film.width / film.height : 16 / 9),
        maxHeight: "46dvh",
      }}
    >
      {/* What is said is drawn by `CaptionLines`, as it is being written. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        ref={setVideo}
        playsInline
        preload="metadata"
        poster={film.poster_url ?? film.placeholder ?? undefined}
        aria-label={film.title}
        className="size-full object-contain"
        onPlay={({ currentTarget }) => takeStage(currentTarget)}
        onClick={({ currentTarget }) => togglePlay(currentTarget)}
      />
      <CaptionLines words={words} look={preferences} raised />
      {doing.waiting && <Wheel className="pointer-events-none absolute inset-0 m-auto size-9 text-white" />}
      {stopped !== null && stopped === url && (
        <p role="alert" className="absolute inset-x-0 top-0 bg-black/75 px-4 py-2 text-center text-sm text-white">
          The film stopped coming.
        </p>
      )}
      {video && (
        <div className="absolute inset-x-0 bottom-0 bg-gradient-to-t from-black/75 to-transparent px-3 pt-8 pb-1 text-white">
          <SeekBar video={video} duration_s={duration_ms / 1000} parts={parts} storyboard={storyboard} />
          <div className="flex items-center gap-1">
            <PlayerButton label={doing.paused ? "Play" : "Pause"} press={() => togglePlay(video)}>
              {doing.paused ? <Play className="size-5 fill-current" /> : <Pause className="size-5 fill-current" />}
            </PlayerButton>
            <PlayerButton label="One frame back" press={() => step(video, -FRAME_S)}>
              <StepBack className="size-5" />
            </PlayerButton>
            <PlayerButton label="One frame on" press={() => step(video, FRAME_S)}>
              <StepForward className="size-5" />
            </PlayerButton>
            <span className="ml-1 text-xs font-semibold tabular-nums">
              {exactOf(at_ms)} <span className="text-white/75">/ {clockOf(duration_ms)}</span>
            </span>
            <span className="flex-1" />
            <PlayerButton label={doing.muted ? "Sound on" : "Sound off"} press={() => silence(video)}>
              {doing.muted ? <VolumeX className="size-5" /> : <Volume2 className="size-5" />}
            </PlayerButton>
          </div>
        </div>
      )}
    </div>
  );
}

function step(video: HTMLVideoElement, by_s: number) {
  video.pause();
  seekBy(video, by_s);
}

/** In the studio only: what its viewer prefers elsewhere stays. */
function silence(video: HTMLVideoElement) {
  video.muted = !video.muted;
}

const PlayerButton = ({ label, press, children }: { label: string; press: () => void; children: React.ReactNode }) => (
  <button
    type="button"
    aria-label={label}
    title={label}
    onClick={press}
    className="grid size-10 place-items-center rounded-full outline-white hover:bg-white/20"
  >
    {children}
  </button>
);

/** 83 450 → "1:23.45": as exact as a frame. */
export function exactOf(ms: number): string {
  const whole = Math.floor(ms / 1000);
  const rest = String(Math.floor((ms % 1000) / 10)).padStart(2, "0");
  return `${clockOf(whole * 1000)}.${rest}`;
}
