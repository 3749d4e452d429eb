import { type RefObject, useEffect, useEffectEvent, useRef, useState } from "react";

import { isStill } from "../shell/theme.ts";
import { type Beacons, createBeacons } from "./beacons.ts";
import { attach, type Attached } from "./hls.ts";
import { isTaken, leaveStage, playOn, savesData } from "./stage.ts";
import type { Told } from "./stream/levels.ts";

/** So much of it is on the screen when it begins by itself. */
const VISIBLE_TO_PLAY = 0.6;
const VISIBLE_TO_STAY = 0.2;
const AHEAD_S = 12;
/** A pointer that rests so long on a film that does not play wants a look. */
const DWELL_MS = 500;

export interface InlineNeeds {
  video_id: string;
  url: string;
  told: readonly Told[] | undefined;
}

/**
 * When a film within a list plays: by itself while it is looked at, unless somebody watches a film they chose or wants
 * stillness or little data; under a resting pointer; and whenever it is pressed.
 */
export function useInline(element: RefObject<HTMLVideoElement | null>, { video_id, url, told }: InlineNeeds) {
  const attached = useRef<Promise<Attached> | null>(null);
  const beacons = useRef<Beacons | null>(null);
  const now = useRef(told);
  const dwell = useRef<ReturnType<typeof setTimeout>>(undefined);
  /** How loud it was before a look, while one is taken. */
  const peeked = useRef<{ muted: boolean } | null>(null);
  const [state, setState] = useState<"rest" | "playing" | "lost">("rest");

  const ready = async (node: HTMLVideoElement) => {
    beacons.current ??= createBeacons(node, { video_id, autoplay: true });
    attached.current ??= attach(node, url, {
      ahead_s: AHEAD_S,
      onLevel: ({ height }) => beacons.current?.level(`${height}p`),
      onTrouble: (code) => beacons.current?.failed(code),
      told: () => now.current ?? [],
      onLost: () => setState("lost"),
    });
    await attached.current;
    return element.current === node;
  };
  const play = async () => {
    const node = element.current;
    if (node && (await ready(node))) await playOn(node);
  };
  const seen = useEffectEvent(play);
  useEffect(() => {
    now.current = told;
  }, [told]);

  useEffect(() => {
    const node = element.current;
    if (!node) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (!entry) return;
        if (entry.intersectionRatio >= VISIBLE_TO_PLAY && !isStill() && !savesData() && !isTaken(node)) void seen();
        else if (entry.intersectionRatio < VISIBLE_TO_STAY) node.pause();
      },
      { threshold: [0, VISIBLE_TO_STAY, VISIBLE_TO_PLAY] },
    );
    observer.observe(node);
    return () => {
      observer.disconnect();
      clearTimeout(dwell.current);
      leaveStage(node);
      // The promise settles by itself; whoever it gives is let go.
      void attached.current?.then((player) => player.detach());
      attached.current = null;
      beacons.current?.end();
      beacons.current = null;
    };
  }, [element]);

  /** A look beside what somebody watches: muted, and it leaves the stage to them. */
  const peek = async (node: HTMLVideoElement) => {
    if (!(await ready(node)) || !node.paused) return;
    peeked.current = { muted: node.muted };
    node.muted = true;
    await node.play().catch(() => {});
  };
  const endPeek = (node: HTMLVideoElement): boolean => {
    if (!peeked.current) return false;
    node.muted = peeked.current.muted;
    peeked.current = null;
    return true;
  };
  return {
    state,
    press() {
      const node = element.current;
      if (!node) return;
      const looking = endPeek(node);
      if (node.paused || looking) void play();
      else node.pause();
    },
    retry() {
      void attached.current?.then((player) => player.detach());
      attached.current = null;
      setState("rest");
      void play();
    },
    hover: {
      onPointerEnter: ({ pointerType }: { pointerType: string }) => {
        const node = element.current;
        if (!node || pointerType !== "mouse" || isStill() || savesData()) return;
        dwell.current = setTimeout(() => void peek(node), DWELL_MS);
      },
      onPointerLeave: () => {
        clearTimeout(dwell.current);
        const node = element.current;
        if (node && endPeek(node)) node.pause();
      },
    },
    on: {
      onPlaying: () => setState("playing"),
      onPause: () => setState((was) => (was === "lost" ? was : "rest")),
    },
  };
}
