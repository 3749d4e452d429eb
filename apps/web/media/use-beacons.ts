import { useEffect, useRef } from "react";

import { type Beacons, createBeacons } from "./beacons.ts";

/** Tells the house how a film plays in an element, as long as both are there; views are counted from it. */
export function useBeacons(video: HTMLVideoElement | null, video_id: string, autoplay: boolean) {
  const beacons = useRef<Beacons | null>(null);
  const began = useRef(autoplay);
  useEffect(() => {
    if (!video || video_id === "") return;
    const mine = createBeacons(video, { video_id, autoplay: began.current });
    beacons.current = mine;
    return () => {
      mine.end();
      beacons.current = null;
    };
  }, [video, video_id]);
  return beacons;
}
