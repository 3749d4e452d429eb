import { type RefObject, useEffect, useEffectEvent, useRef, useState } from "react";

import { attach, type Attached } from "../media/hls.ts";
import { leaveStage, playOn } from "../media/stage.ts";
import { useBeacons } from "../media/use-beacons.ts";

/** Fetched of a short that waits, and of the one that plays. */
const WAITING_S = 4;
const PLAYING_S = 20;

export interface ShortNeeds {
  video_id: string;
  url: string | null;
  /** It is the one on the screen. */
  on: boolean;
  /** It may fetch: the one on the screen comes first. */
  ready: boolean;
}

/** Made ready while it waits, so that a swipe finds its first picture there; started when it is on; let go when it is far. */
export function useShort(element: RefObject<HTMLVideoElement | null>, { video_id, url, on, ready }: ShortNeeds) {
  const attached = useRef<Promise<Attached> | null>(null);
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const [lost, setLost] = useState(false);
  const [attempt, setAttempt] = useState(0);
  // Once it may fetch it keeps what it has, whatever moves beside it.
  const [held, setHeld] = useState(ready);
  if (ready && !held) setHeld(true);
  const beacons = useBeacons(on ? video : null, video_id, true);
  const saw = useEffectEvent((height: number) => beacons.current?.level(`${height}p`));
  const troubled = useEffectEvent((code: string) => beacons.current?.failed(code));
  useEffect(() => {
    const node = element.current;
    if (!node || url === null || !held) return;
    const mine = attach(node, url, {
      ahead_s: WAITING_S,
      onLevel: ({ height }) => saw(height),
      onTrouble: (code) => troubled(code),
      onLost: () => setLost(true),
    });
    attached.current = mine;
    void mine.then(() => setVideo(node));
    return () => {
      attached.current = null;
      leaveStage(node);
      void mine.then((player) => player.detach());
    };
  }, [element, url, held, attempt]);
  useEffect(() => {
    const node = element.current;
    const mine = attached.current;
    if (!node || !mine) return;
    if (!on) {
      rewind(node);
      void mine.then((player) => player.ahead(WAITING_S));
      return;
    }
    let gone = false;
    void mine.then((player) => {
      if (gone) return;
      player.ahead(PLAYING_S);
      void playOn(node);
    });
    return () => {
      gone = true;
    };
  }, [element, on, url, held, attempt]);
  return {
    lost,
    again() {
      setLost(false);
      setAttempt((now) => now + 1);
    },
  };
}

/** Whoever comes back sees it from its beginning. */
function rewind(video: HTMLVideoElement) {
  video.pause();
  if (video.currentTime > 0) video.currentTime = 0;
}
