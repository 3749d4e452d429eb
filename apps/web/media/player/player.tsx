import { Play, Volume2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";

import { Wheel } from "../../parts/button.tsx";
import { cx } from "../../parts/class.ts";
import { type Chapter, stretches } from "../chapters.ts";
import type { CaptionFile } from "../extras.ts";
import { usePreferences } from "../preferences.ts";
import { choose, takeStage } from "../stage.ts";
import type { Storyboard } from "../storyboard.ts";
import type { Told } from "../stream/levels.ts";
import { useBeacons } from "../use-beacons.ts";
import { toggleMute, togglePlay } from "./acts.ts";
import { CaptionLines } from "./caption-lines.tsx";
import { useCaptions } from "./captions.ts";
import { Controls } from "./controls.tsx";
import { Hints } from "./hints.tsx";
import { Stopped } from "./stopped.tsx";
import { useSystemControls } from "./system.ts";
import { useChrome } from "./use-chrome.ts";
import { useGestures } from "./use-gestures.ts";
import { usePlayerKeys } from "./use-keys.ts";
import { createDoing, useDoing } from "./use-media.ts";
import { useStream } from "./use-stream.ts";

/** A film as the player knows it. */
export interface Film {
  id: string;
  url: string;
  title: string;
  artist: string;
  poster: string | null;
  placeholder: string | null;
  duration_ms: number | null;
  told: readonly Told[];
  storyboard: Storyboard | null;
  chapters: readonly Chapter[];
  captions: readonly CaptionFile[];
}

export interface PlayerProps {
  film: Film;
  start_s: number;
  autoPlay: boolean;
  place: "page" | "corner";
  /** Playing cannot go on by itself: the list's address may have run out. */
  lost: boolean;
  onLost: () => void;
  retry: () => void;
  attempt: number;
  onTime: (at_s: number, ended: boolean) => void;
  share: (at_s: number) => void;
  toCorner: () => void;
  toPage: () => void;
  stop: () => void;
}

const SAID_MS = 900;

/** The player of a film: on its page with everything, in the corner as a picture with two buttons beside it. */
export function Player(props: PlayerProps) {
  const { film, place, lost } = props;
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [root, setRoot] = useState<HTMLDivElement | null>(null);
  const store = useMemo(() => video && createDoing(video), [video]);
  const doing = useDoing(store);
  const [begun, setBegun] = useState(false);
  const [loop, setLoop] = useState(false);
  const [menu, setMenu] = useState(false);
  const [now_s, setNow] = useState(Math.floor(props.start_s));
  const full = useFull(root);
  const [said, say] = useSaid();
  const preferences = usePreferences();
  const beacons = useBeacons(video, film.id, props.autoPlay);
  const stream = useStream(video, {
    ...film,
    ...props,
    onSeen: ({ height }) => beacons.current?.level(`${height}p`),
    onTrouble: (code) => beacons.current?.failed(code),
  });
  const own = film.captions.find(({ is_default }) => is_default)?.language;
  const captions = useCaptions(
    video,
    preferences.captions ?? own !== undefined,
    preferences.captions_lang || own || navigator.language,
  );
  const { shown, show } = useChrome(root, menu || doing.paused);
  const { hint, surface } = useGestures(video, root, show);
  useSystemControls(video, film, props.stop);
  usePlayerKeys({ ...props, video, root, onPage: place === "page", said: say, toggleCaptions: captions.toggle });

  const duration_s = doing.duration_s || (film.duration_ms ?? 0) / 1000;
  const parts = useMemo(() => stretches(film.chapters, duration_s * 1000), [film.chapters, duration_s]);
  const corner = place === "corner";
  const held = doing.muted && !preferences.muted && begun;
  return (
    <div
      ref={setRoot}
      data-player
      className={cx(
        "player @container relative size-full overflow-hidden bg-black select-none [&:fullscreen]:rounded-none",
        !shown && !corner && "cursor-none",
      )}
    >
      {/* Its captions are the tracks below, drawn by `CaptionLines`; a film may have none. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <video
        ref={setVideo}
        playsInline
        loop={loop}
        preload="auto"
        aria-label={film.title}
        className="size-full object-contain"
        onPlay={({ currentTarget }) => {
          takeStage(currentTarget);
          choose(currentTarget);
        }}
        onPlaying={() => setBegun(true)}
        onTimeUpdate={({ currentTarget: { currentTime, readyState, HAVE_CURRENT_DATA } }) => {
          // An element that is given something else says 0 until its first picture is there.
          if (readyState < HAVE_CURRENT_DATA) return;
          setNow(Math.floor(currentTime));
          props.onTime(currentTime, false);
        }}
        onEnded={({ currentTarget }) => props.onTime(currentTarget.duration, true)}
      >
        {film.captions.map(({ url, kind, language, label }) => (
          <track key={language} src={url} kind={kind} srcLang={language} label={label} />
        ))}
      </video>
      {!begun && <Cover poster={film.poster} placeholder={film.placeholder} />}
      {!corner && <CaptionLines words={captions.words} look={preferences} raised={shown} />}
      <div className="absolute inset-0 touch-pan-y" {...(corner ? {} : surface)} />
      {!corner && <Hints hint={hint} />}
      {doing.waiting && !lost && (
        <p role="status" className="pointer-events-none absolute inset-0 grid place-items-center text-white">
          <Wheel className="late size-11" />
          <span className="sr-only">Loading</span>
        </p>
      )}
      {!corner && doing.paused && !doing.waiting && !lost && !begun && video && (
        <button
          type="button"
          aria-label={`Play ${film.title}`}
          onClick={() => togglePlay(video)}
          className="absolute top-1/2 left-1/2 grid size-18 -translate-1/2 place-items-center rounded-full bg-black/60 text-white outline-white hover:bg-black/75"
        >
          <Play className="ml-1 size-8 fill-current" aria-hidden="true" />
        </button>
      )}
      {held && !corner && video && !doing.paused && (
        <button
          type="button"
          onClick={() => toggleMute(video)}
          className="absolute top-3 left-3 flex items-center gap-2 rounded-full bg-white px-4 py-2 text-sm font-semibold text-[#221c17] shadow-2"
        >
          <Volume2 className="size-4.5" aria-hidden="true" /> Turn the sound on
        </button>
      )}
      <p role="status" className="pointer-events-none absolute inset-x-0 top-5 flex justify-center">
        {said !== "" && (
          <span className="rounded-full bg-black/65 px-4 py-1.5 text-sm font-semibold text-white">{said}</span>
        )}
      </p>
      {!corner && video && root && (
        <div
          className={cx(
            "pointer-events-none absolute inset-x-0 bottom-0 transition-opacity duration-200 focus-within:opacity-100",
            shown ? "opacity-100" : "opacity-0 [&>*]:pointer-events-none!",
          )}
        >
          <Controls
            video={video}
            root={root}
            doing={doing}
            duration_s={duration_s}
            parts={parts}
            storyboard={film.storyboard}
            full={full}
            now_s={now_s}
            share={() => props.share(video.currentTime)}
            toCorner={props.toCorner}
            onMenu={setMenu}
            choices={{ ...stream, captions: captions.all, caption: captions.at, loop, setLoop }}
          />
        </div>
      )}
      {lost && <Stopped retry={props.retry} small={corner} />}
    </div>
  );
}

function Cover({ poster, placeholder }: Pick<Film, "poster" | "placeholder">) {
  const picture = poster ?? placeholder;
  return picture === null ? null : (
    <img src={picture} alt="" className="pointer-events-none absolute inset-0 size-full object-contain" />
  );
}

function useFull(root: HTMLElement | null): boolean {
  const [full, setFull] = useState(false);
  useEffect(() => {
    const look = () => setFull(root !== null && document.fullscreenElement === root);
    document.addEventListener("fullscreenchange", look);
    return () => document.removeEventListener("fullscreenchange", look);
  }, [root]);
  return full;
}

function useSaid(): [string, (words: string) => void] {
  const [words, setWords] = useState("");
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return [
    words,
    (next) => {
      clearTimeout(timer.current);
      setWords(next);
      timer.current = setTimeout(() => setWords(""), SAID_MS);
    },
  ];
}
