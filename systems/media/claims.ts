import { Problem } from "#kernel/errors.ts";
import type { Id, ImageId, PersonId, PostId, SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Tell } from "./events.ts";
import { MOVE_IMAGE } from "./images/index.ts";
import * as images from "./images/store.ts";
import { findTakedown, redirectTakedown } from "./moderation/store.ts";
import { belongsInPublic, isPublicPlace } from "./places.ts";
import type { SpaceFacts } from "./rules.ts";
import { removeSound } from "./sounds/index.ts";
import * as sounds from "./sounds/store.ts";
import type { SoundId } from "./sounds/store.ts";
import { bytesOfImages, bytesOfVideo } from "./storage/held.ts";
import type { Uploads } from "./uploads/index.ts";
import { checkSpaceRoom } from "./uploads/space-room.ts";
import { MOVE_VIDEO } from "./videos/index.ts";
import * as videos from "./videos/store.ts";

/** What a post shows. */
export interface MediaClaim {
  post_id: PostId;
  video_id: VideoId | null;
  image_ids: ImageId[];
  audience: Audience;
  space_id: SpaceId | null;
}

/**
 * A post holds its pictures and its video: nobody else can show them, and who may see them is who may see the post.
 * What nothing holds is its owner's alone; pictures then go after a day, a video stays with its owner.
 */
export interface Claims {
  /**
   * Inside the transaction that writes the post; what the post held before and does not any more is let go.
   * @throws Problem 422 `post.media_not_usable`, 413 `upload.space_full`
   */
  claimForPost(tx: Query, owner_id: PersonId, claim: MediaClaim): Promise<void>;
  /** The post is out of sight but may come back: what it holds is its owner's alone meanwhile. */
  hidePost(tx: Query, post_id: PostId): Promise<void>;
  showPost(tx: Query, post_id: PostId, seen_by: Pick<MediaClaim, "audience" | "space_id">): Promise<void>;
  /** The post has gone for good. */
  releasePost(tx: Query, post_id: PostId): Promise<void>;
  /**
   * The same for a message: who reads its channel gets its cards from there, so nobody else is let in by what is held.
   * @throws Problem 422 `message.media_not_usable`
   */
  claimForMessage(
    tx: Query,
    owner_id: PersonId,
    claim: {
      message_id: Id<"message">;
      video_id: VideoId | null;
      image_ids: ImageId[];
      sound_id?: SoundId | null;
    },
  ): Promise<void>;
  /** Its pictures and films are their owner's alone again; its voice note goes. */
  releaseMessage(tx: Query, message_id: Id<"message">): Promise<void>;
}

interface Held {
  holder: string | null;
  audience: Audience;
  space_id: SpaceId | null;
}

const PRIVATE = { audience: "private", space_id: null } as const;
const holderOf = (post_id: PostId) => `post:${post_id}`;
const messageHolderOf = (message_id: Id<"message">) => `message:${message_id}`;

export interface ClaimsNeeds {
  jobs: Jobs;
  clock: Clock;
  tell: Tell;
  uploads: Pick<Uploads, "release">;
  spaces: Pick<SpaceFacts, "storageMax">;
}

export function createClaims({ jobs, clock, tell, uploads, spaces }: ClaimsNeeds): Claims {
  const unusable = (holder: string, detail: string) =>
    new Problem(422, `${holder.slice(0, holder.indexOf(":"))}.media_not_usable`, detail);

  function check(holder: string, owner_id: PersonId, what: string, thing: Claimable | null | undefined) {
    if (thing?.owner_id !== owner_id) throw unusable(holder, `There is no such ${what} of yours. Upload it again.`);
    if (thing.status === "failed")
      throw unusable(holder, `This ${what} could not be used: ${thing.failure_detail ?? "it failed"}`);
    if (thing.holder !== null && thing.holder !== holder)
      throw unusable(
        holder,
        `Another post or message shows this ${what} already. Upload it again to show it here too.`,
      );
  }

  async function holdImage(tx: Query, image: images.ImageRow, held: Held) {
    if (isHeld(image, held)) return;
    await images.setHolder(tx, image.id, held, new Date(clock.now()));
    if (belongsInPublic({ ...image, ...held }) !== isPublicPlace(image.place))
      await jobs.enqueue(tx, MOVE_IMAGE, { image_id: image.id });
    await tell(tx, { type: "media.image_changed", version: 1, data: { image_id: image.id, owner_id: image.owner_id } });
  }

  async function holdVideo(tx: Query, video: videos.VideoRow, held: Held) {
    // What moderators took out of sight stays its owner's alone, and remembers for whom it would be.
    if (await redirectTakedown(tx, video.id, held))
      return videos.setHolder(tx, video.id, { holder: held.holder, ...PRIVATE });
    if (isHeld(video, held)) return;
    await videos.setHolder(tx, video.id, held);
    if (belongsInPublic({ ...video, ...held }) !== isPublicPlace(video.place))
      await jobs.enqueue(tx, MOVE_VIDEO, { video_id: video.id });
    await tell(tx, { type: "media.video_changed", version: 1, data: { video_id: video.id, owner_id: video.owner_id } });
  }

  /** Videos before pictures, each in the order of ids: two that hold at once never wait in a circle. */
  async function holdAll(tx: Query, holder: string, held: Held) {
    for (const video of await videos.heldBy(tx, holder)) await holdVideo(tx, video, held);
    for (const image of await images.heldBy(tx, holder)) await holdImage(tx, image, held);
  }

  async function claim(
    tx: Query,
    owner_id: PersonId,
    held: Held & { holder: string },
    { video_id, image_ids }: Pick<MediaClaim, "video_id" | "image_ids">,
  ) {
    const { holder, space_id } = held;
    for (const before of await videos.heldBy(tx, holder)) {
      if (before.id !== video_id) await holdVideo(tx, before, { holder: null, ...PRIVATE });
    }
    if (video_id !== null) {
      const video = await videos.lockVideo(tx, video_id);
      check(holder, owner_id, "video", video);
      if (await findTakedown(tx, video_id)) throw unusable(holder, "Moderators took this video out of sight.");
      if (space_id !== null && video!.space_id !== space_id)
        await checkSpaceRoom(tx, spaces, space_id, await bytesOfVideo(tx, video_id));
      await holdVideo(tx, video!, held);
    }
    for (const before of await images.heldBy(tx, holder)) {
      if (!image_ids.includes(before.id)) await holdImage(tx, before, { holder: null, ...PRIVATE });
    }
    const rows = await images.lockImages(tx, image_ids);
    const byId = new Map(rows.map((row) => [row.id, row]));
    for (const id of image_ids) check(holder, owner_id, "picture", byId.get(id));
    if (space_id !== null) {
      const fresh = rows.filter((image) => image.space_id !== space_id).map((image) => image.id);
      await checkSpaceRoom(tx, spaces, space_id, await bytesOfImages(tx, fresh));
    }
    for (const image of rows) await holdImage(tx, image, held);
  }

  return {
    claimForPost: (tx, owner_id, { post_id, audience, space_id, ...shown }) =>
      claim(tx, owner_id, { holder: holderOf(post_id), audience, space_id }, shown),
    hidePost: (tx, post_id) => holdAll(tx, holderOf(post_id), { holder: holderOf(post_id), ...PRIVATE }),
    showPost: (tx, post_id, { audience, space_id }) =>
      holdAll(tx, holderOf(post_id), { holder: holderOf(post_id), audience, space_id }),
    releasePost: (tx, post_id) => holdAll(tx, holderOf(post_id), { holder: null, ...PRIVATE }),
    async claimForMessage(tx, owner_id, { message_id, sound_id = null, ...shown }) {
      const holder = messageHolderOf(message_id);
      await claim(tx, owner_id, { holder, ...PRIVATE }, shown);
      if (sound_id === null) return;
      const sound = await sounds.lockSound(tx, sound_id);
      check(holder, owner_id, "voice note", sound);
      await sounds.setHolder(tx, sound_id, holder);
    },
    async releaseMessage(tx, message_id) {
      const holder = messageHolderOf(message_id);
      await holdAll(tx, holder, { holder: null, ...PRIVATE });
      // It was recorded for this message and can be heard nowhere else.
      for (const sound of await sounds.heldBy(tx, holder))
        await removeSound(tx, sound, sound.owner_id, { jobs, clock, tell, uploads });
    },
  };
}

type Claimable = Pick<images.ImageRow, "owner_id" | "status" | "failure_detail" | "holder">;

const isHeld = (thing: Held, held: Held) =>
  thing.holder === held.holder && thing.audience === held.audience && thing.space_id === held.space_id;
