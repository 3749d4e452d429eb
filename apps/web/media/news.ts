import { getVideo } from "#systems/media/contract.ts";

import { ask, call, queries } from "../shell/house.ts";
import { createFollower, type Follower } from "./follower.ts";

const NEWS_MS = 20_000;
const keyOf = (video_id: string) => ask(getVideo, { params: { video_id } }).queryKey;

let follower: Follower | null = null;

/**
 * Waits for news of a video and puts them into the cache. One call waits for the whole page, as a browser has few lines
 * to a house: for whichever film was asked for last.
 * @returns what ends it
 */
export function followNews(video_id: string): () => void {
  follower ??= createFollower({
    async wait(id, signal) {
      const known = queries.getQueryData(keyOf(id))?.version;
      const query = { wait_ms: NEWS_MS, ...(known === undefined ? {} : { unless: known }) };
      queries.setQueryData(keyOf(id), await call(getVideo, { params: { video_id: id }, query, signal }));
    },
    isSeen: () => document.visibilityState === "visible",
    onSeen: (run) => document.addEventListener("visibilitychange", run),
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
      }),
  });
  return follower.follow(video_id);
}
