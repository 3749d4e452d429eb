import { useCallback, useRef } from "react";

import { countView } from "#systems/media/contract.ts";

import { call } from "../shell/house.ts";

/** Told when so much was watched: that it began, and when it may be enough (a view is 10 s, or 30 % of what is shorter). */
const MARKS_MS = [0, 1_000, 3_000, 10_000];
/** Further than this in one step is a seek. */
const STEP_S_MAX = 1.5;

interface Playing {
  video_id: string;
  session: string;
  at_s: number | null;
  watched_ms: number;
  told: number;
}

const begin = (video_id: string): Playing => ({
  video_id,
  session: crypto.randomUUID(),
  at_s: null,
  watched_ms: 0,
  told: 0,
});

/** Call with the place in the film as it plays; what was watched is told. A view that is lost is not worth a message. */
export function useCountedView(video_id: string): (at_s: number) => void {
  const playing = useRef<Playing | null>(null);
  return useCallback(
    (at_s: number) => {
      if (playing.current?.video_id !== video_id) playing.current = begin(video_id);
      const now = playing.current;
      const step_s = now.at_s === null ? 0 : at_s - now.at_s;
      now.at_s = at_s;
      if (step_s > 0 && step_s < STEP_S_MAX) now.watched_ms += step_s * 1000;
      const mark = MARKS_MS[now.told];
      if (mark === undefined || now.watched_ms < mark) return;
      now.told += 1;
      const body = { session: now.session, watched_ms: Math.floor(now.watched_ms) };
      void call(countView, { params: { video_id }, body }).catch(() => {});
    },
    [video_id],
  );
}
