import { type PointerEvent as Press, useEffect, useRef, useState } from "react";

import { preferences } from "../preferences.ts";
import { playOn } from "../stage.ts";
import { hurry, seekBy, seekTo, toggleFull, togglePlay } from "./acts.ts";
import {
  type Drag,
  dragOf,
  hasLeft,
  HOLD_MS,
  isDouble,
  type Side,
  sideOf,
  sweptTo,
  type Tap,
  TAP_S,
} from "./gestures.ts";

/** What the hand just did, to be shown for a moment. */
export type Hint =
  { kind: "taps"; side: Side; seconds: number } | { kind: "hold" } | { kind: "sweep"; at_s: number } | null;

interface Pressing {
  x: number;
  y: number;
  from_s: number;
  drag: Drag;
  held: boolean;
  id: number;
}

const HOLD_SPEED = 2;
const HINT_MS = 650;

/** A mouse plays with a click and fills the screen with two; fingers also sweep, tap twice to go on, and hold for double speed. */
export function useGestures(
  video: HTMLVideoElement | null,
  root: HTMLElement | null,
  show: (mode: "toggle" | "on") => void,
) {
  const [hint, setHint] = useState<Hint>(null);
  const pressing = useRef<Pressing | null>(null);
  const lastTap = useRef<(Tap & { seconds: number }) | null>(null);
  const timers = useRef<{ hold?: ReturnType<typeof setTimeout>; hint?: ReturnType<typeof setTimeout> }>({});
  useEffect(() => {
    const { current } = timers;
    return () => {
      clearTimeout(current.hold);
      clearTimeout(current.hint);
    };
  }, []);

  const hintFor = (next: Hint) => {
    clearTimeout(timers.current.hint);
    setHint(next);
    if (next) timers.current.hint = setTimeout(() => setHint(null), HINT_MS);
  };
  const release = () => {
    clearTimeout(timers.current.hold);
    if (pressing.current?.held && video) {
      hurry(video, preferences().speed);
      setHint(null);
    }
    pressing.current = null;
  };

  const onPointerDown = (event: Press<HTMLElement>) => {
    if (!video || event.button !== 0) return;
    pressing.current = {
      x: event.clientX,
      y: event.clientY,
      from_s: video.currentTime,
      drag: "none",
      held: false,
      id: event.pointerId,
    };
    timers.current.hold = setTimeout(() => {
      if (!pressing.current || video.paused) return;
      pressing.current.held = true;
      hurry(video, HOLD_SPEED);
      clearTimeout(timers.current.hint);
      setHint({ kind: "hold" });
    }, HOLD_MS);
  };
  const onPointerMove = (event: Press<HTMLElement>) => {
    const now = pressing.current;
    if (!now || !video || now.held || event.pointerType === "mouse") return;
    const dx = event.clientX - now.x;
    if (now.drag === "none") {
      now.drag = dragOf(dx, event.clientY - now.y);
      if (now.drag === "none") return;
      clearTimeout(timers.current.hold);
      event.currentTarget.setPointerCapture(now.id);
    }
    if (now.drag === "along") {
      clearTimeout(timers.current.hint);
      setHint({ kind: "sweep", at_s: sweptTo(now.from_s, dx, event.currentTarget.clientWidth, video.duration || 0) });
    }
  };
  const onPointerUp = (event: Press<HTMLElement>) => {
    const now = pressing.current;
    release();
    if (!now || !video || !root || now.held) return;
    const [dx, dy] = [event.clientX - now.x, event.clientY - now.y];
    if (now.drag === "along") {
      seekTo(video, sweptTo(now.from_s, dx, event.currentTarget.clientWidth, video.duration || 0));
      setHint(null);
      return;
    }
    if (now.drag !== "none") {
      const full = document.fullscreenElement !== null;
      if (hasLeft(dy) && (now.drag === "up") !== full) void toggleFull(root, video).catch(() => {});
      return;
    }
    if (event.pointerType === "mouse") {
      togglePlay(video);
      show("on");
      return;
    }
    tapped(event);
  };
  const tapped = (event: Press<HTMLElement>) => {
    if (!video) return;
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const tap: Tap = { at_ms: event.timeStamp, side: sideOf(event.clientX - left, width) };
    const double = isDouble(tap, lastTap.current);
    const seconds = double ? (lastTap.current?.seconds ?? 0) + TAP_S : 0;
    lastTap.current = { ...tap, seconds };
    if (!double) {
      show("toggle");
      return;
    }
    if (tap.side === "middle") {
      if (video.paused) void playOn(video);
      else video.pause();
      return;
    }
    seekBy(video, tap.side === "left" ? -TAP_S : TAP_S);
    hintFor({ kind: "taps", side: tap.side, seconds });
  };
  const onDoubleClick = (event: { nativeEvent: MouseEvent }) => {
    if (root && video && (event.nativeEvent as PointerEvent).pointerType !== "touch")
      void toggleFull(root, video).catch(() => {});
  };
  return { hint, surface: { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: release, onDoubleClick } };
}
