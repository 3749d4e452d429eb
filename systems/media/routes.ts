import { forbidden, notFound, Problem } from "#kernel/errors.ts";
import type { ImageId, VideoId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn, Viewer } from "#kernel/viewer.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import { addressKey, type Api } from "#ports/http/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Sandbox } from "#ports/sandbox/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { besideOf, presentBeside } from "./beside.ts";
import type { Captions } from "./captions/index.ts";
import { serveCaptions, type VideoDoor } from "./captions/routes.ts";
import { serveChapters } from "./chapters/routes.ts";
import type { Collections } from "./collections/index.ts";
import { serveCollections } from "./collections/routes.ts";
import { IMAGE_TYPES, type MediaKind, mediaRoutes as r, SOUND_TYPES, VIDEO_TYPES } from "./contract.ts";
import type { Edits } from "./edits/index.ts";
import { serveEdits } from "./edits/routes.ts";
import type { FfmpegTools } from "./encode/tools.ts";
import type { Tell } from "./events.ts";
import type { History } from "./history/index.ts";
import { serveHistory } from "./history/routes.ts";
import type { Images } from "./images/index.ts";
import { presentImage } from "./images/present.ts";
import type { ImageRow } from "./images/store.ts";
import { type MediaLimits, roomOf } from "./limits.ts";
import { listedVideos } from "./listed.ts";
import { servePlayback } from "./playback/routes.ts";
import type { Tells } from "./playback/tell.ts";
import type { PeopleFacts, Rules, SpaceFacts } from "./rules.ts";
import { presentSharing } from "./sharing/present.ts";
import { serveSharing } from "./sharing/routes.ts";
import type { Sounds } from "./sounds/index.ts";
import { serveSounds } from "./sounds/routes.ts";
import { serveStorage } from "./storage/routes.ts";
import { serveThumbnails } from "./thumbnail/routes.ts";
import type { Acceptance } from "./uploads/admission.ts";
import type { Uploads } from "./uploads/index.ts";
import { spaceRoom } from "./uploads/space-room.ts";
import { roomUsed } from "./uploads/store.ts";
import type { Videos } from "./videos/index.ts";
import type { News } from "./videos/news.ts";
import { presentVideo } from "./videos/present.ts";
import { rungsOf } from "./videos/rungs.ts";
import type { VideoRow } from "./videos/store.ts";
import { positionOf, positionsOf, putPosition } from "./watching/store.ts";

export interface RoutesNeeds {
  sql: Sql;
  blobs: Blobs;
  clock: Clock;
  limits: MediaLimits;
  people: Pick<PeopleFacts, "cards">;
  spaces: SpaceFacts;
  rules: Rules;
  uploads: Uploads;
  videos: Videos;
  news: News;
  images: Images;
  sounds: Sounds;
  collections: Collections;
  history: History;
  edits: Edits;
  sandbox: Sandbox;
  tools: FfmpegTools | null;
  tells: Tells;
  captions: Captions;
  jobs: Jobs;
  tell: Tell;
  accepts: (kind: MediaKind) => Acceptance;
}

export function serveMedia(api: Api, needs: RoutesNeeds): void {
  serveHistory(api, needs);
  serveEdits(api, { ...needs, own: async (viewer, id) => void (await ownVideo(viewer, id, needs)) });
  serveUploads(api, needs);
  serveVideos(api, needs);
  serveWatching(api, needs);
  serveImages(api, needs);
  serveSounds(api, needs);
  serveCollections(api, needs);
  serveStorage(api, needs);
  servePlayback(api, {
    ...needs,
    readable: (viewer, id) => readableVideo(viewer, id, needs),
    listed: (viewer, ids) => listedVideos(viewer, ids, needs),
  });
  const door: VideoDoor = {
    readable: (viewer, id) => readableVideo(viewer, id, needs),
    own: (viewer, id) => ownVideo(viewer, id, needs),
  };
  serveCaptions(api, { ...needs, door });
  serveChapters(api, { ...needs, door });
  serveThumbnails(api, { ...needs, door });
  serveSharing(api, { ...needs, door });
}

function serveUploads(api: Api, { uploads, limits, sql, accepts, spaces }: RoutesNeeds): void {
  api.serve(r.createUpload, async ({ viewer, body }) => {
    const { id, part_size_bytes, part_count, expires_at } = await uploads.open(viewer.person_id, body);
    return { status: 201, body: { id, part_size_bytes, part_count, expires_at: rfc3339(expires_at) } };
  });
  api.serve(r.listUploads, async ({ viewer, query }) => ({
    status: 200,
    body: await uploads.list(viewer.person_id, query),
  }));
  api.serve(r.getUpload, async ({ viewer, params }) => ({
    status: 200,
    body: await uploads.get(viewer.person_id, params.upload_id),
  }));
  api.serve(r.signParts, async ({ viewer, params, body }) => ({
    status: 200,
    body: await uploads.sign(viewer.person_id, params.upload_id, body.part_numbers),
  }));
  api.serve(r.completeUpload, async ({ viewer, params, body }) => {
    await uploads.complete(viewer.person_id, params.upload_id, body.parts, body.sha256);
    return { status: 202, body: { id: params.upload_id, status: "complete" as const } };
  });
  api.serve(r.abortUpload, async ({ viewer, params }) => {
    await uploads.abort(viewer.person_id, params.upload_id);
    return { status: 204 };
  });
  api.serve(r.getMediaLimits, async ({ viewer, query: { space_id } }) => {
    if (space_id !== undefined && !(await spaces.membershipsOf(viewer.person_id)).has(space_id))
      throw notFound("space");
    const { used_bytes } = await roomUsed(sql.pool, viewer.person_id);
    const of = (kind: MediaKind, bytes_max: number, types: readonly string[]) => ({
      ...accepts(kind),
      bytes_max,
      media_types: [...types],
    });
    return {
      status: 200,
      body: {
        video: of("video", limits.video_bytes_max, VIDEO_TYPES),
        image: of("image", limits.image_bytes_max, IMAGE_TYPES),
        sound: { ...of("sound", limits.sound_bytes_max, SOUND_TYPES), duration_ms_max: limits.sound_ms_max },
        used_bytes,
        quota_bytes: await roomOf(limits, viewer.person_id),
        space: space_id === undefined ? null : await spaceRoom(sql.pool, spaces, space_id),
      },
    };
  });
}

function serveVideos(api: Api, needs: RoutesNeeds): void {
  const { videos, rules } = needs;
  api.serve(r.createVideo, async ({ viewer, body }) => ({
    status: 202,
    body: await videos.create(viewer.person_id, body),
  }));
  api.serve(r.listVideos, async ({ viewer, query }) => {
    const { items, next_cursor } = await videos.listMine(viewer.person_id, query);
    const ids = items.map((video) => video.id);
    const [owners, rungs, positions, beside] = await Promise.all([
      needs.people.cards([...new Set(items.map((video) => video.owner_id))]),
      rungsOf(needs.sql.pool, ids),
      positionsOf(needs.sql.pool, viewer.person_id, ids),
      besideOf(needs.sql.pool, ids),
    ]);
    const sharing = await Promise.all(items.map((video) => presentSharing(video, true, rules)));
    const shown = items.flatMap((video, i) => {
      const owner = owners.get(video.owner_id);
      const seen = { may_edit: true, position_ms: positions.get(video.id) ?? null };
      return owner
        ? [
            {
              ...presentVideo(video, owner, rungs.get(video.id) ?? [], seen, needs),
              ...presentBeside(video, beside(video.id), needs),
              ...sharing[i]!,
            },
          ]
        : [];
    });
    return { status: 200, body: { items: shown, next_cursor } };
  });
  api.serve(r.getVideo, async ({ viewer, params, query, signal, address }) => {
    const { wait_ms, unless } = query;
    if (wait_ms > 0 && unless !== undefined) {
      // Who may not see it does not learn by waiting; who may is asked again when the wait is over.
      const video = await readableVideo(viewer, params.video_id, needs);
      const who = viewer.kind === "person" ? `person:${viewer.person_id}` : `address:${addressKey(address)}`;
      if (video.version === unless) await needs.news.wait(video.id, unless, { who, wait_ms, signal });
    }
    return { status: 200, body: await shown(viewer, params.video_id, needs) };
  });
  api.serve(r.patchVideo, async ({ viewer, params, body }) => {
    await ownVideo(viewer, params.video_id, needs);
    await videos.change(params.video_id, body);
    return { status: 200, body: await shown(viewer, params.video_id, needs) };
  });
  api.serve(r.deleteVideo, async ({ viewer, params }) => {
    const video = await videos.find(params.video_id);
    if (!video || !(await rules.decide(viewer, "delete", { kind: "video", ...video })).ok)
      await refuse(viewer, "video", video, needs);
    await videos.remove(params.video_id, viewer.person_id);
    return { status: 204 };
  });
  api.serve(r.retryVideo, async ({ viewer, params }) => {
    await ownVideo(viewer, params.video_id, needs);
    return { status: 202, body: await videos.retry(params.video_id) };
  });
}

function serveWatching(api: Api, needs: RoutesNeeds): void {
  const { sql, clock } = needs;
  api.serve(r.getPosition, async ({ viewer, params }) => {
    await readableVideo(viewer, params.video_id, needs);
    const found = await positionOf(sql.pool, viewer.person_id, params.video_id);
    return { status: 200, body: { position_ms: found?.position_ms ?? null, at: found ? rfc3339(found.at) : null } };
  });
  api.serve(r.putPosition, async ({ viewer, params, body }) => {
    await readableVideo(viewer, params.video_id, needs);
    const { position_ms, collection_id = null } = body;
    const at = new Date(clock.now());
    await putPosition(sql.pool, viewer.person_id, params.video_id, { position_ms, collection_id, at });
    return { status: 204 };
  });
  api.serve(r.countView, async ({ viewer, params, body, address, header }) => {
    const video = await readableVideo(viewer, params.video_id, needs);
    await needs.tells.view(video, { viewer, address, header }, body);
    return { status: 204 };
  });
}

function serveImages(api: Api, needs: RoutesNeeds): void {
  const { images, rules } = needs;
  api.serve(r.createImage, async ({ viewer, body, signal }) => {
    const image = await images.create(viewer.person_id, body, signal);
    if (image.status === "failed") {
      // Known while its sender still waits: then it is a refusal, and nothing of it is kept.
      await images.remove(image.id, viewer.person_id);
      throw new Problem(
        422,
        image.failure_code ?? "image.failed",
        image.failure_detail ?? "This picture could not be read.",
      );
    }
    const answer = presentImage(image, true, needs);
    return image.status === "ready" ? { status: 201, body: answer } : { status: 202, body: answer };
  });
  api.serve(r.getImage, async ({ viewer, params }) => {
    const image = await readableImage(viewer, params.image_id, needs);
    return { status: 200, body: presentImage(image, isOwner(viewer, image), needs) };
  });
  api.serve(r.patchImage, async ({ viewer, params, body }) => {
    const image = await images.find(params.image_id);
    if (!image || !(await rules.decide(viewer, "edit", { kind: "image", ...image })).ok)
      await refuse(viewer, "image", image, needs);
    return { status: 200, body: presentImage(await images.setAlt(params.image_id, body.alt), true, needs) };
  });
  api.serve(r.deleteImage, async ({ viewer, params }) => {
    const image = await images.find(params.image_id);
    if (!image || !(await rules.decide(viewer, "delete", { kind: "image", ...image })).ok)
      await refuse(viewer, "image", image, needs);
    await images.remove(params.image_id, viewer.person_id);
    return { status: 204 };
  });
}

const isOwner = (viewer: Viewer, thing: { owner_id: string }) =>
  viewer.kind === "person" && viewer.person_id === thing.owner_id;

async function shown(viewer: Viewer, id: VideoId, needs: RoutesNeeds) {
  const video = await readableVideo(viewer, id, needs);
  const [owners, rungs, position, beside] = await Promise.all([
    needs.people.cards([video.owner_id]),
    rungsOf(needs.sql.pool, [id]),
    viewer.kind === "person" ? positionOf(needs.sql.pool, viewer.person_id, id) : null,
    besideOf(needs.sql.pool, [id]),
  ]);
  // What a person who is gone had made goes after them; until then it is nobody's, and not shown.
  const owner = owners.get(video.owner_id);
  if (!owner) throw notFound("video");
  const seen = { may_edit: isOwner(viewer, video), position_ms: position?.position_ms ?? null };
  return {
    ...presentVideo(video, owner, rungs.get(id) ?? [], seen, needs),
    ...presentBeside(video, beside(id), needs),
    ...(await presentSharing(video, seen.may_edit, needs.rules)),
  };
}

/** @throws Problem 404, the same whether it is not there or not for this viewer */
async function readableVideo(viewer: Viewer, id: VideoId, { videos, rules }: RoutesNeeds): Promise<VideoRow> {
  const video = await videos.find(id);
  if (!video || !(await rules.decide(viewer, "read", { kind: "video", ...video })).ok) throw notFound("video");
  return video;
}

async function readableImage(viewer: Viewer, id: ImageId, { images, rules }: RoutesNeeds): Promise<ImageRow> {
  const image = await images.find(id);
  if (!image || !(await rules.decide(viewer, "read", { kind: "image", ...image })).ok) throw notFound("image");
  return image;
}

async function ownVideo(viewer: SignedIn, id: VideoId, needs: RoutesNeeds): Promise<VideoRow> {
  const video = await needs.videos.find(id);
  if (!video || !(await needs.rules.decide(viewer, "edit", { kind: "video", ...video })).ok)
    return refuse(viewer, "video", video, needs);
  return video;
}

/** Who may see a thing is told that it is not theirs; who may not is told nothing. */
async function refuse(
  viewer: Viewer,
  kind: "video" | "image",
  thing: VideoRow | ImageRow | null,
  { rules }: RoutesNeeds,
): Promise<never> {
  if (!thing || !(await rules.decide(viewer, "read", { kind, ...thing })).ok) throw notFound(kind);
  throw forbidden(`This ${kind === "video" ? "video" : "picture"} is not yours to change.`, `${kind}.not_yours`);
}
