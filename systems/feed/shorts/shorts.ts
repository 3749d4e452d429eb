import type { PostId, VideoId } from "#kernel/ids.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { SHORT_DURATION_MS_MAX } from "../bounds.ts";
import { FEED_TOPIC, readFeedEvent } from "../events.ts";
import type { Ground } from "../ground.ts";
import { insertShort, postsWithVideo } from "./store.ts";

const GROUP = "feed.shorts";
/** As media names it; its events are read by their shape, so that media never has to know of the feed. */
export const MEDIA_TOPIC = "media";
/** Each short of the last day puts its author's next one half an hour back: who floods stands behind who does not. */
const FAIR = { step_ms: 30 * 60_000, window_ms: 24 * 3_600_000 };

/**
 * A post becomes a short when it is there and its video is ready, in whichever order that comes true: whoever is second
 * finds the first, because both are told after their commit.
 */
export function startShorts(ground: Ground): Disposable {
  const consumers = [
    ground.log.consume(FEED_TOPIC, GROUP, async (batch, tx) => {
      for (const { post_id, video_id } of newVideoPosts(batch)) await becomeShort(ground, tx, video_id, [post_id]);
    }),
    ground.log.consume(MEDIA_TOPIC, GROUP, async (batch, tx) => {
      for (const event of batch) {
        if (event.type !== "media.video_ready") continue;
        const video_id = event.data.video_id as VideoId;
        await becomeShort(ground, tx, video_id, await postsWithVideo(tx, video_id));
      }
    }),
  ];
  return {
    [Symbol.dispose]() {
      for (const consumer of consumers) consumer[Symbol.dispose]();
    },
  };
}

function newVideoPosts(batch: readonly StoredEvent[]): { post_id: PostId; video_id: VideoId }[] {
  return batch.flatMap((stored) => {
    const event = readFeedEvent(stored);
    if (event?.type !== "feed.post_created" && event?.type !== "feed.post_restored") return [];
    const { post_id, video_id } = event.data;
    return video_id === null ? [] : [{ post_id, video_id: video_id as VideoId }];
  });
}

async function becomeShort(ground: Ground, tx: Query, video_id: VideoId, post_ids: readonly PostId[]): Promise<void> {
  if (post_ids.length === 0) return;
  const card = (await ground.media.videoCards([video_id])).get(video_id);
  if (
    card?.status !== "ready" ||
    card.duration_ms === null ||
    card.duration_ms < 1 ||
    card.duration_ms > SHORT_DURATION_MS_MAX
  )
    return;
  for (const post_id of post_ids) await insertShort(tx, post_id, card.duration_ms, FAIR, new Date(ground.clock.now()));
}
