import { getVideo, type Video } from "#systems/media/contract.ts";

import { ask, call, queries } from "../../shell/house.ts";
import { filmsChanged } from "./uploads.ts";

export const filmKey = (video_id: string) => ask(getVideo, { params: { video_id } }).queryKey;

/** What the house just said of a film is what all screens show. */
export function toldOf(film: Video) {
  queries.setQueryData(filmKey(film.id), film);
  void filmsChanged();
}

const LOOKS_MAX = 20;
const LOOK_WAIT_MS = 1_500;

/** Waits until something of a film is another than before, or for half a minute. One call waits at a time. */
export async function untilChanged(film: Video, isDone: (now: Video) => boolean): Promise<boolean> {
  let unless = film.version;
  for (let look = 0; look < LOOKS_MAX; look++) {
    const now = await call(getVideo, { params: { video_id: film.id }, query: { wait_ms: LOOK_WAIT_MS, unless } });
    queries.setQueryData(filmKey(film.id), now);
    if (isDone(now)) return true;
    unless = now.version;
  }
  return false;
}
