import { useCallback, useEffect, useRef } from "react";

import { putPosition } from "#systems/media/contract.ts";

import { call } from "../shell/house.ts";
import { useMe } from "../shell/session.ts";
import { filmEnded, watchedFrom } from "./library/watched-from.ts";

const POSITION_EVERY_MS = 5_000;
/** Tells the house every few seconds, and when they leave, where they are. */
export function useRemembered(video_id: string, start_ms: number): (at_s: number, ended: boolean) => void {
  const me = useMe();
  const last = useRef({ told_ms: start_ms, now_ms: start_ms });
  const tell = useCallback(
    (keepalive: boolean) => {
      const { told_ms, now_ms } = last.current;
      if (!me || Math.abs(now_ms - told_ms) < 1000) return;
      last.current.told_ms = now_ms;
      // A position that is lost costs a few seconds of seeking; no message is worth that.
      void call(putPosition, {
        params: { video_id },
        body: { position_ms: Math.round(now_ms), ...watchedFrom(video_id) },
        keepalive,
      }).catch(() => {});
    },
    [me, video_id],
  );
  useEffect(() => {
    const leaving = () => document.visibilityState === "hidden" && tell(true);
    document.addEventListener("visibilitychange", leaving);
    return () => {
      document.removeEventListener("visibilitychange", leaving);
      tell(true);
    };
  }, [tell]);
  return useCallback(
    (at_s: number, ended: boolean) => {
      last.current.now_ms = at_s * 1000;
      if (ended || Math.abs(last.current.now_ms - last.current.told_ms) >= POSITION_EVERY_MS) tell(false);
      if (ended) filmEnded(video_id);
    },
    [tell, video_id],
  );
}
