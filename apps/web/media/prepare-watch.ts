import { getVideo } from "#systems/media/contract.ts";

import { ask, queries } from "../shell/house.ts";
import { warmUp } from "./hls.ts";
import { loadPlayer } from "./player-code.ts";
import { savesData } from "./stage.ts";
import { fetchEarly } from "./stream/early.ts";

const prepared = new Set<string>();
const PREPARED_MAX = 200;

/** Somebody points at a film: what its page will need comes now. Each film once; what fails is asked again by the page. */
export function prepareWatch(video_id: string, url: string) {
  if (prepared.has(video_id) || savesData()) return;
  if (prepared.size >= PREPARED_MAX) prepared.clear();
  prepared.add(video_id);
  void loadPlayer().catch(() => {});
  void warmUp().catch(() => {});
  void queries.prefetchQuery(ask(getVideo, { params: { video_id } })).then(() => {
    const told = queries.getQueryData(ask(getVideo, { params: { video_id } }).queryKey);
    return fetchEarly(told?.hls_url ?? url, { told: told?.renditions ?? [], start_s: (told?.position_ms ?? 0) / 1000 });
  });
}
