import { notFound } from "#kernel/errors.ts";
import type { PersonId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import type { Tell } from "../events.ts";
import { belongsInPublic, isPublicPlace } from "../places.ts";
import type { Rules } from "../rules.ts";
import { MOVE_VIDEO } from "../videos/index.ts";
import { findVideo, lockVideo, setHolder, type VideoRow } from "../videos/store.ts";
import { deleteTakedown, findTakedown, insertTakedown } from "./store.ts";

/** What moderators do to films, each inside the transaction that writes down who did it and why; whether they may is asked there. */
export interface MediaModeration {
  /** Null where there is none. */
  subject(db: Query, id: string): Promise<MediaSubject | null>;
  /** @throws Problem 404 `video.not_found` for what this viewer may not see */
  mustRead(viewer: SignedIn, id: string): Promise<void>;
  /** Its owner's alone from here on, wherever it is shown; null where it is so already. */
  hide(tx: Query, id: string, by: PersonId): Promise<(() => void) | null>;
  /** For whom it was, or for whom its post is by now. */
  show(tx: Query, id: string): Promise<(() => void) | null>;
}

export interface MediaSubject {
  owner_id: PersonId;
  space_id: SpaceId | null;
  title: string;
  description: string;
  audience: string;
  created_at: Date;
  is_hidden: boolean;
}

export function createMediaModeration(needs: {
  sql: Sql;
  jobs: Jobs;
  clock: Clock;
  tell: Tell;
  rules: Pick<Rules, "decide">;
}): MediaModeration {
  const { sql, jobs, clock, tell, rules } = needs;

  async function seenBy(tx: Query, video: VideoRow, seen: Pick<VideoRow, "audience" | "space_id">) {
    const held = { holder: video.holder, audience: seen.audience, space_id: seen.space_id };
    await setHolder(tx, video.id, held);
    if (belongsInPublic({ ...video, ...held }) !== isPublicPlace(video.place))
      await jobs.enqueue(tx, MOVE_VIDEO, { video_id: video.id });
    await tell(tx, { type: "media.video_changed", version: 1, data: { video_id: video.id, owner_id: video.owner_id } });
    // Every node, this one too, forgets the card when the event arrives.
    return () => {};
  }

  return {
    async subject(db, id) {
      const row = await findVideo(db, id as VideoId);
      if (!row) return null;
      const taken = await findTakedown(db, id as VideoId);
      const { owner_id, title, description, created_at } = row;
      const { audience, space_id } = taken ?? row;
      return { owner_id, title, description, created_at, audience, space_id, is_hidden: taken !== null };
    },
    async mustRead(viewer, id) {
      const row = await findVideo(sql.pool, id as VideoId);
      if (!row || !(await rules.decide(viewer, "read", { kind: "video", ...row })).ok) throw notFound("video");
    },
    async hide(tx, id, by) {
      const video = await lockVideo(tx, id as VideoId);
      if (!video || (await findTakedown(tx, video.id))) return null;
      await insertTakedown(tx, video.id, by, new Date(clock.now()), video);
      return seenBy(tx, video, { audience: "private", space_id: null });
    },
    async show(tx, id) {
      const video = await lockVideo(tx, id as VideoId);
      const taken = video && (await findTakedown(tx, video.id));
      if (!taken) return null;
      await deleteTakedown(tx, video.id);
      return seenBy(tx, video, taken);
    },
  };
}
