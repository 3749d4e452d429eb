import { useCallback, useRef } from "react";

import { countView } from "#systems/media/contract.ts";

import { call } from "../shell/house.ts";

/** Who watched for so long has seen it. */
export const VIEW_AFTER_S = 3;

/** A name for this tab, made once, so that one sitting is one view. */
function sessionName(): string {
  const kept = sessionStorage.getItem("folkhus.viewing");
  if (kept) return kept;
  const made = crypto.randomUUID();
  sessionStorage.setItem("folkhus.viewing", made);
  return made;
}

/** Call with the seconds played; the view is counted once. A view that is lost is not worth a message. */
export function useCountedView(video_id: string): (played_s: number) => void {
  const told = useRef<string | null>(null);
  return useCallback(
    (played_s: number) => {
      if (played_s < VIEW_AFTER_S || told.current === video_id) return;
      told.current = video_id;
      void call(countView, { params: { video_id }, body: { session: sessionName() } }).catch(() => {
        told.current = null;
      });
    },
    [video_id],
  );
}
