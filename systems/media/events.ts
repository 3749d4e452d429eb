import type { ImageId, PersonId, UploadId, VideoId } from "#kernel/ids.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import type { CollectionId } from "./collections/contract.ts";
import type { SoundId } from "./sounds/store.ts";

/** The topic `media`; the key is the id of the upload, video, picture or sound, so the events of one thing keep their order. */
export const MEDIA_TOPIC = "media";

export type MediaEvent =
  | { type: "media.upload_completed"; version: 1; data: { upload_id: UploadId; owner_id: PersonId; kind: string } }
  | { type: "media.video_created"; version: 1; data: { video_id: VideoId; owner_id: PersonId } }
  /** The first rung can be played while the rest is made. */
  | { type: "media.video_playable"; version: 1; data: { video_id: VideoId; owner_id: PersonId } }
  | { type: "media.video_ready"; version: 1; data: { video_id: VideoId; owner_id: PersonId } }
  | { type: "media.video_failed"; version: 1; data: { video_id: VideoId; owner_id: PersonId; code: string } }
  /** Words, audience or place changed: cards made before are stale. */
  | { type: "media.video_changed"; version: 1; data: { video_id: VideoId; owner_id: PersonId } }
  | { type: "media.video_deleted"; version: 1; data: { video_id: VideoId; owner_id: PersonId; by: PersonId } }
  | { type: "media.image_ready"; version: 1; data: { image_id: ImageId; owner_id: PersonId } }
  | { type: "media.image_failed"; version: 1; data: { image_id: ImageId; owner_id: PersonId; code: string } }
  | { type: "media.image_changed"; version: 1; data: { image_id: ImageId; owner_id: PersonId } }
  | { type: "media.image_deleted"; version: 1; data: { image_id: ImageId; owner_id: PersonId; by: PersonId } }
  | { type: "media.sound_ready"; version: 1; data: { sound_id: SoundId; owner_id: PersonId } }
  | { type: "media.sound_failed"; version: 1; data: { sound_id: SoundId; owner_id: PersonId; code: string } }
  | { type: "media.sound_deleted"; version: 1; data: { sound_id: SoundId; owner_id: PersonId; by: PersonId } }
  /** Its words, who may see it, or what is in it. */
  | {
      type: `media.collection_${"created" | "changed" | "deleted"}`;
      version: 1;
      data: { collection_id: CollectionId; owner_id: PersonId };
    };

export type Tell = (tx: Query, event: MediaEvent) => Promise<void>;

export function createTell(log: Log): Tell {
  return (tx, event) => {
    const { data } = event;
    return log.append(tx, MEDIA_TOPIC, keyOf(data), event);
  };
}

function keyOf(data: MediaEvent["data"]): string {
  if ("video_id" in data) return data.video_id;
  if ("image_id" in data) return data.image_id;
  if ("sound_id" in data) return data.sound_id;
  return "collection_id" in data ? data.collection_id : data.upload_id;
}
