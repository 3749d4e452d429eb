import { Pause, Play } from "lucide-react";
import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from "react";

import { cx } from "../parts/class.ts";
import { clockOf } from "../parts/time.tsx";

const RATES = [1, 1.5, 2] as const;
/** How fast the last one was played is how fast the next one is. */
let rate: number = RATES[0];
const STEP_MS = 2_000;
const LEAP_MS = 10_000;
/** What is quiet is still seen. */
const BAR_MIN = 0.08;

/** Plays one sound: its waveform is where one seeks, by hand or with the keys. Whatever else plays aloud is paused. */
export function SoundPlayer({
  url,
  duration_ms,
  waveform,
  label,
  lost,
}: {
  url: string;
  duration_ms: number;
  waveform: readonly number[];
  label: string;
  /** Its address did not give it. */
  lost: () => void;
}) {
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const [at_ms, setAt] = useState(0);
  const [speed, setSpeed] = useState(rate);

  useEffect(() => {
    const other = ({ target }: Event) => {
      if (target instanceof HTMLMediaElement && target !== audio.current && !target.muted) audio.current?.pause();
    };
    document.addEventListener("play", other, true);
    return () => document.removeEventListener("play", other, true);
  }, []);

  const toggle = () => {
    const node = audio.current;
    if (!node) return;
    if (!node.paused) return node.pause();
    for (const other of document.querySelectorAll<HTMLMediaElement>("audio, video"))
      if (other !== node && !other.muted) other.pause();
    setSpeed(rate);
    node.playbackRate = rate;
    // What cannot be played says so itself, as an error of the element.
    node.play().catch(() => {});
  };
  const seek = (to_ms: number) => {
    const ms = Math.min(duration_ms, Math.max(0, to_ms));
    setAt(ms);
    if (audio.current) audio.current.currentTime = ms / 1_000;
  };
  const faster = () => {
    rate = RATES[(RATES.findIndex((one) => one === speed) + 1) % RATES.length]!;
    setSpeed(rate);
    if (audio.current) audio.current.playbackRate = rate;
  };
  const onKey = (event: KeyboardEvent) => {
    const to = {
      ArrowLeft: at_ms - STEP_MS,
      ArrowDown: at_ms - STEP_MS,
      ArrowRight: at_ms + STEP_MS,
      ArrowUp: at_ms + STEP_MS,
      PageDown: at_ms - LEAP_MS,
      PageUp: at_ms + LEAP_MS,
      Home: 0,
      End: duration_ms,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    seek(to);
  };
  const onPointer = (event: PointerEvent<HTMLDivElement>) => {
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    else if (!event.currentTarget.hasPointerCapture(event.pointerId)) return;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    if (width > 0) seek(((event.clientX - left) / width) * duration_ms);
  };
  const share = at_ms / Math.max(1, duration_ms);
  return (
    <div role="group" aria-label={label} className="flex w-full max-w-sm items-center gap-2">
      {/* What is said in it is written nowhere. */}
      {/* oxlint-disable-next-line jsx-a11y/media-has-caption */}
      <audio
        ref={audio}
        src={url}
        preload="none"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => {
          setPlaying(false);
          seek(0);
        }}
        onTimeUpdate={({ currentTarget }) => setAt(currentTarget.currentTime * 1_000)}
        onError={lost}
      />
      <button
        type="button"
        aria-label={playing ? "Pause the voice note" : "Play the voice note"}
        onClick={toggle}
        className="grid size-11 shrink-0 place-items-center rounded-full bg-accent text-on-accent"
      >
        {playing ? (
          <Pause className="size-5 fill-current" aria-hidden="true" />
        ) : (
          <Play className="ml-0.5 size-5 fill-current" aria-hidden="true" />
        )}
      </button>
      <div
        role="slider"
        tabIndex={0}
        aria-label="Place in the voice note"
        aria-valuemin={0}
        aria-valuemax={Math.round(duration_ms / 1_000)}
        aria-valuenow={Math.round(at_ms / 1_000)}
        aria-valuetext={`${clockOf(at_ms)} of ${clockOf(duration_ms)}`}
        onKeyDown={onKey}
        onPointerDown={onPointer}
        onPointerMove={onPointer}
        className="flex h-10 min-w-0 flex-1 cursor-pointer touch-none items-center gap-px rounded-md"
      >
        {waveform.map((peak, i) => (
          <span
            key={i}
            className={cx(
              "min-w-0 flex-1 rounded-full",
              (i + 0.5) / waveform.length <= share ? "bg-accent" : "bg-line-strong",
            )}
            style={{ height: `${Math.max(BAR_MIN, peak / 255) * 100}%` }}
          />
        ))}
      </div>
      <span className="w-9 shrink-0 text-right text-xs text-ink-3 tabular-nums">
        {clockOf(playing || at_ms > 0 ? at_ms : duration_ms)}
      </span>
      <button
        type="button"
        aria-label={`Speed ${speed}×`}
        title="Speed"
        onClick={faster}
        className="h-8 w-10 shrink-0 rounded-full bg-sunken text-xs font-semibold text-ink-2 tabular-nums hover:text-ink"
      >
        {speed}×
      </button>
    </div>
  );
}
