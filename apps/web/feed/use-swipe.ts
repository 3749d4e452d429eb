import { type RefObject, useEffect, useEffectEvent, useRef, useState } from "react";

import { playOn } from "../media/stage.ts";
import { isStill } from "../shell/theme.ts";
import { shownAt } from "./shorts-place.ts";

/** One turn of a wheel brings one short: what comes within this after the last is the same turn. */
const WHEEL_QUIET_MS = 160;
const WHEEL_MIN = 12;

/** Its film is told before the page is drawn anew: what is ready shows its next picture that much earlier. */
function start(stage: HTMLElement, at: number) {
  const video = stage.children[at]?.querySelector("video");
  if (video && video.readyState >= video.HAVE_CURRENT_DATA) void playOn(video);
}

/**
 * Which short is on. A key, a button and a wheel start the next one at once and let the list follow; a finger carries
 * the list, and the next one starts while it comes.
 */
export function useSwipe(stage: RefObject<HTMLElement | null>, count: number) {
  const [at, setAt] = useState(0);
  /** The one that the list is on its way to by itself. */
  const bound = useRef<number | null>(null);
  const wheel = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(wheel.current), []);

  const go = (step: number) => {
    const next = Math.min(count - 1, Math.max(0, (bound.current ?? at) + step));
    const node = stage.current;
    if (!node || next === at) return;
    bound.current = next;
    start(node, next);
    setAt(next);
    node.scrollTo({ top: next * node.clientHeight, behavior: isStill() ? "instant" : "smooth" });
  };
  const turned = useEffectEvent(go);
  useEffect(() => {
    const node = stage.current;
    if (!node) return;
    const onWheel = (event: WheelEvent) => {
      if (event.ctrlKey || Math.abs(event.deltaY) < Math.abs(event.deltaX)) return;
      event.preventDefault();
      const quiet = wheel.current === undefined;
      clearTimeout(wheel.current);
      wheel.current = setTimeout(() => (wheel.current = undefined), WHEEL_QUIET_MS);
      if (quiet && Math.abs(event.deltaY) >= WHEEL_MIN) turned(Math.sign(event.deltaY));
    };
    // React's own wheel listeners may not stop the list from moving.
    node.addEventListener("wheel", onWheel, { passive: false });
    return () => node.removeEventListener("wheel", onWheel);
  }, [stage, count]);
  return {
    at,
    go,
    onTouchStart: () => (bound.current = null),
    onScroll() {
      const node = stage.current;
      if (!node || node.clientHeight === 0) return;
      const place = node.scrollTop / node.clientHeight;
      if (bound.current !== null) {
        if (Math.abs(place - bound.current) < 0.02) bound.current = null;
        return;
      }
      const next = shownAt(place, at, count);
      if (next === at) return;
      start(node, next);
      setAt(next);
    },
  };
}
