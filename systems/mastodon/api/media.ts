import { z } from "zod";

import { notFound } from "#kernel/errors.ts";
import { isId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import { type Image, mediaRoutes, type Video } from "#systems/media/index.ts";

import { UPLOAD_MS_MAX } from "../bounds.ts";
import { imageEntity, videoEntity } from "../entities/media.ts";
import type { MediaEntity } from "../entities/types.ts";
import { focusOf, setFocus } from "../media/store.ts";
import { parseFields, readFields } from "../wire/fields.ts";
import type { Part } from "../wire/multipart.ts";
import { zWords } from "../wire/shapes.ts";
import { type Asked, type Desk, orNull, person, refuse, type Serve } from "./endpoint.ts";

const zSaid = z.object({ description: zWords(5_000), focus: zWords(60) });
const upload = { ...person("write:media"), reads_body: true as const, ms_max: UPLOAD_MS_MAX };

/** What a file of a form became. */
type Kept = { kind: "image"; image: Image } | { kind: "video"; id: string };

/** Streams a form's file into the house and makes a picture or a film of it. */
export async function keepFile(asked: Asked, { ground }: Desk, part: Part): Promise<Kept> {
  const { upload_id, kind } = await ground.media.receive(
    asked.me.person_id,
    { filename: part.filename, media_type: part.media_type },
    part.body,
    asked.signal,
  );
  if (kind === "image")
    return { kind, image: await asked.call(mediaRoutes.createImage, { body: { upload_id, alt: "" } }) };
  const title =
    (part.filename ?? "")
      .replace(/\.[^.]{1,8}$/, "")
      .trim()
      .slice(0, 100) || "Video";
  // For nobody else until a post shows it; then for whom the post is.
  const { id } = await asked.call(mediaRoutes.createVideo, { body: { upload_id, title, audience: "private" } });
  return { kind, id };
}

/** `x,y` from -1 to 1. @throws Problem 422 */
export async function keepFocus({ ground }: Desk, me: SignedIn, id: string, text: string): Promise<void> {
  const [x, y, more] = text.split(",").map((part) => Number(part.trim()));
  if (x === undefined || y === undefined || more !== undefined || !(Math.abs(x) <= 1) || !(Math.abs(y) <= 1))
    throw refuse("Validation failed: Focus must be two numbers from -1 to 1");
  await setFocus(ground.sql.pool, id, me.person_id, { x, y });
}

export function serveMedia(serve: Serve, desk: Desk): void {
  const { ground } = desk;

  const image = async (asked: Asked, one: Image): Promise<MediaEntity> =>
    imageEntity(one, asked.origin, (await focusOf(ground.sql.pool, [one.id])).get(one.id));
  const video = (asked: Asked, one: Video): MediaEntity =>
    videoEntity(one, asked.origin, one.description === "" ? null : one.description);

  async function describe(asked: Asked, kept: Kept): Promise<void> {
    const { description, focus } = parseFields(zSaid, asked.fields);
    const id = kept.kind === "image" ? kept.image.id : kept.id;
    if (focus !== undefined && focus !== "") await keepFocus(desk, asked.me, id, focus);
    if (description === undefined) return;
    if (kept.kind === "image")
      kept.image = await asked.call(mediaRoutes.patchImage, { params: { image_id: id }, body: { alt: description } });
    else await asked.call(mediaRoutes.patchVideo, { params: { video_id: id }, body: { description } });
  }

  async function take(asked: Asked, waits: boolean) {
    let kept: Kept | null = null;
    asked.fields = await readFields(asked.request, async (part) => {
      // A thumbnail of one's own is made on the film's own page.
      if (part.name !== "file" || kept !== null) return;
      kept = await keepFile(asked, desk, part);
    });
    const made = kept as Kept | null;
    if (!made) throw refuse("Validation failed: File can't be blank");
    await describe(asked, made);
    if (made.kind === "video") {
      const film = await asked.call(mediaRoutes.getVideo, { params: { video_id: made.id } });
      return {
        status: waits ? 200 : 202,
        body: { ...video(asked, film), url: film.hls_url === null ? null : video(asked, film).url },
      };
    }
    return { status: made.image.status === "ready" ? 200 : 202, body: await image(asked, made.image) };
  }

  serve("POST", "/api/v2/media", upload, (asked) => take(asked, false));
  // Its predecessor, which some still call.
  serve("POST", "/api/v1/media", upload, (asked) => take(asked, true));

  /** @throws Problem 404 for what is another's */
  async function find(asked: Asked): Promise<{ image: Image } | { video: Video }> {
    const id = asked.params.id!;
    if (!isId(id)) throw notFound("media");
    const found = await orNull(["image.not_found"], () =>
      asked.call(mediaRoutes.getImage, { params: { image_id: id } }),
    );
    if (found?.owner_id === asked.me.person_id) return { image: found };
    const film = await orNull(["video.not_found"], () =>
      asked.call(mediaRoutes.getVideo, { params: { video_id: id } }),
    );
    if (film?.owner_id === asked.me.person_id) return { video: film };
    throw notFound("media");
  }

  serve("GET", "/api/v1/media/:id", person("write:media"), async (asked) => {
    const found = await find(asked);
    const of = "image" in found ? found.image : found.video;
    if (of.status === "failed") throw refuse(of.failure?.detail ?? "Error processing thumbnail for uploaded media");
    if ("image" in found) return { status: of.status === "ready" ? 200 : 206, body: await image(asked, found.image) };
    // A film plays as soon as it is known what it is.
    return { status: found.video.hls_url === null ? 206 : 200, body: video(asked, found.video) };
  });

  serve("PUT", "/api/v1/media/:id", person("write:media"), async (asked) => {
    const found = await find(asked);
    const kept: Kept = "image" in found ? { kind: "image", image: found.image } : { kind: "video", id: found.video.id };
    await describe(asked, kept);
    if (kept.kind === "image") return { body: await image(asked, kept.image) };
    return { body: video(asked, await asked.call(mediaRoutes.getVideo, { params: { video_id: kept.id } })) };
  });

  serve("DELETE", "/api/v1/media/:id", person("write:media"), async (asked) => {
    const found = await find(asked);
    if ("image" in found) await asked.call(mediaRoutes.deleteImage, { params: { image_id: found.image.id } });
    else await asked.call(mediaRoutes.deleteVideo, { params: { video_id: found.video.id } });
    return { body: {} };
  });
}
