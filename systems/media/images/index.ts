import type { Avatar } from "#kernel/cards.ts";
import { notFound } from "#kernel/errors.ts";
import type { Ids, ImageId, PersonId, UploadId } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { IMAGE_WAIT_MS_MAX } from "../bounds.ts";
import type { Tell } from "../events.ts";
import { copyPlace, isPublicPlace, leavePlace, newPlace } from "../places.ts";
import { isSuspended, keptOutSince } from "../upkeep/owners.ts";
import type { Uploads } from "../uploads/index.ts";
import { variantsOf } from "./present.ts";
import * as store from "./store.ts";

export interface Images {
  /** Makes a picture of an upload and waits a little for it: most are ready before the answer. */
  create(owner_id: PersonId, asked: { upload_id: UploadId; alt: string }, signal: AbortSignal): Promise<store.ImageRow>;
  find(id: ImageId): Promise<store.ImageRow | null>;
  findMany(ids: ImageId[]): Promise<store.ImageRow[]>;
  setAlt(id: ImageId, alt: string): Promise<store.ImageRow>;
  remove(id: ImageId, by: PersonId): Promise<void>;
  /**
   * A person's face: square-ish variants of about 96 and 384 px under stable addresses; null when there is no such ready
   * picture of theirs. The first call makes it theirs to show and moves it into the open.
   */
  avatarOf(person_id: PersonId, image_id: ImageId): Promise<Avatar | null>;
}

export interface ImagesNeeds {
  sql: Sql;
  jobs: Jobs;
  blobs: Blobs;
  clock: Clock;
  ids: Ids;
  tell: Tell;
  uploads: Uploads;
}

export const MAKE_IMAGE = "media.image";
export const MOVE_IMAGE = "media.move_image";
export const DELETE_IMAGE = "media.delete_image";

const POLL_MS = 40;

export function createImages(needs: ImagesNeeds): Images {
  const { sql, jobs, blobs, clock, tell } = needs;

  const wanted = async (tx: Query, id: ImageId) => {
    const image = await store.lockImage(tx, id);
    if (!image) throw notFound("image");
    return image;
  };

  return {
    async create(owner_id, { upload_id, alt }, signal) {
      const id = needs.ids.next<"image">();
      await sql.tx(async (tx) => {
        await needs.uploads.take(tx, owner_id, upload_id, "image");
        const created_at = new Date(clock.now());
        const hidden_at = await keptOutSince(tx, owner_id);
        const place = newPlace("images", id, false);
        await store.insertImage(tx, { id, owner_id, upload_id, alt, place, hidden_at, created_at });
        await jobs.enqueue(tx, MAKE_IMAGE, { image_id: id }, { tenant: owner_id, unique_key: `${MAKE_IMAGE}:${id}` });
      });
      const until = clock.monotonic() + IMAGE_WAIT_MS_MAX;
      for (;;) {
        const image = await store.findImage(sql.pool, id);
        if (!image) throw notFound("image");
        if (image.status !== "processing" || signal.aborted || clock.monotonic() >= until) return image;
        await clock.sleep(POLL_MS);
      }
    },

    find: (id) => store.findImage(sql.pool, id),
    findMany: (ids) => store.findImages(sql.pool, ids),

    setAlt: (id, alt) =>
      sql.tx(async (tx) => {
        const image = await wanted(tx, id);
        await store.setAlt(tx, id, alt);
        await tell(tx, { type: "media.image_changed", version: 1, data: { image_id: id, owner_id: image.owner_id } });
        return { ...image, alt };
      }),

    remove: (id, by) => sql.tx(async (tx) => removeImage(tx, await wanted(tx, id), by, needs)),

    async avatarOf(person_id, image_id) {
      const image = await store.findImage(sql.pool, image_id);
      if (image?.owner_id !== person_id || image.status !== "ready") return null;
      const holder = `person:${person_id}`;
      if (image.holder !== null && image.holder !== holder) return null;
      const settled = image.holder === holder && (isPublicPlace(image.place) || image.hidden_at !== null);
      const face = settled ? image : await showAsFace(image, holder);
      if (!face) return null;
      const { variants } = variantsOf(face, needs);
      const atLeast = (px: number) => variants.find((v) => Math.min(v.width, v.height) >= px) ?? variants.at(-1);
      const small = atLeast(96);
      const large = atLeast(384);
      return small && large ? { url_small: small.url, url_large: large.url } : null;
    },
  };

  /** Done at once and not by a job: the card that is being made keeps the address for a long time. */
  async function showAsFace(image: store.ImageRow, holder: string): Promise<store.ImageRow | null> {
    const to = newPlace("images", image.id, true);
    // The face of who is private lies in the open all the same; only a suspension hides it.
    const open = !(await isSuspended(sql.pool, image.owner_id));
    if (open) await copyPlace(blobs, image.place, to, null);
    const held = { holder, audience: "public" as const, space_id: null };
    const done = await sql.tx(async (tx) => {
      const now = await store.lockImage(tx, image.id);
      if (!now || (now.holder !== null && now.holder !== holder)) return false;
      if (open && !(await store.setPlace(tx, image.id, image.place, to))) return false;
      await store.setHolder(tx, image.id, held, new Date(clock.now()));
      if (open) await store.showAgain(tx, image.id);
      if (open) await leavePlace(tx, jobs, image.place);
      return true;
    });
    if (done) return { ...image, ...held, place: open ? to : image.place, hidden_at: open ? null : image.hidden_at };
    if (open) await blobs.deletePrefix(to);
    // Somebody else did the same at the same time: theirs stands.
    const now = await store.findImage(sql.pool, image.id);
    return now?.holder === holder ? now : null;
  }
}

/** Out of sight at once; its blobs and, if it is still there, its source go by jobs. */
export async function removeImage(
  tx: Query,
  image: store.ImageRow,
  by: PersonId,
  { jobs, clock, tell, uploads }: Pick<ImagesNeeds, "jobs" | "clock" | "tell" | "uploads">,
): Promise<void> {
  await store.markDeleted(tx, image.id, new Date(clock.now()));
  if (image.upload_id !== null) await uploads.release(tx, image.upload_id);
  await jobs.enqueue(tx, DELETE_IMAGE, { image_id: image.id }, { unique_key: `${DELETE_IMAGE}:${image.id}` });
  await tell(tx, {
    type: "media.image_deleted",
    version: 1,
    data: { image_id: image.id, owner_id: image.owner_id, by },
  });
}
