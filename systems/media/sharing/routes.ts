import { notFound, Problem } from "#kernel/errors.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { URL_GRID_MS, URL_MARGIN_MS } from "../bounds.ts";
import type { VideoDoor } from "../captions/routes.ts";
import type { PeopleFacts, Rules } from "../rules.ts";
import { uploadBlob } from "../uploads/index.ts";
import { findUpload } from "../uploads/store.ts";
import { findVideo, heldNow, type VideoRow } from "../videos/store.ts";
import { addressOf } from "./address.ts";
import { sharingRoutes as r } from "./contract.ts";
import { fileNameOf } from "./file-name.ts";
import { oembedOf } from "./oembed.ts";
import { mayStandAnywhere } from "./present.ts";

export interface SharingNeeds {
  sql: Sql;
  blobs: Blobs;
  clock: Clock;
  rules: Rules;
  people: Pick<PeopleFacts, "cards">;
  door: VideoDoor;
}

export function serveSharing(api: Api, needs: SharingNeeds): void {
  const { sql, blobs, clock, rules, door } = needs;

  api.serve(r.downloadVideo, async ({ viewer, params, query }) => {
    const video = await door.readable(viewer, params.video_id);
    const is_own = viewer.kind === "person" && viewer.person_id === video.owner_id;
    if (!is_own && video.downloads !== "viewers") {
      throw new Problem(
        403,
        "video.no_downloads",
        "Whoever made this video does not give the file away. Watch it here.",
      );
    }
    const upload = video.upload_id === null ? null : await findUpload(sql.pool, video.upload_id);
    if (video.early) throw new Problem(409, "upload.not_complete", "The file of this video is still being uploaded.");
    if (!upload) throw new Problem(409, "media.source_gone", "The file of this video is not kept any more.");
    const filename = fileNameOf(video.title, upload.media_type);
    const until_ms = Math.ceil((clock.now() + URL_MARGIN_MS) / URL_GRID_MS) * URL_GRID_MS;
    const url = blobs.urlSigned(uploadBlob(upload.id), { expires_at_ms: until_ms, download_as: filename });
    if (query.redirect !== undefined) return { status: 302, headers: { location: url } };
    return { status: 200, body: { url, filename, size_bytes: upload.size_bytes, until: rfc3339(new Date(until_ms)) } };
  });

  api.serve(r.oembed, async ({ query, origin }) => {
    if (query.format !== "json")
      throw new Problem(501, "oembed.format", "This house answers in JSON: ask with format=json.");
    const asked = addressOf(query.url, origin);
    if (!asked) {
      throw new Problem(404, "oembed.address", `This is not the address of a video of ${new URL(origin).host}.`);
    }
    const video =
      "video_id" in asked
        ? await findVideo(sql.pool, asked.video_id)
        : await heldNow(sql.pool, `post:${asked.post_id}`);
    const owner = video && (await shownBy(video));
    // Whoever asks is nobody in particular: what they may not see is not there.
    if (!video || !owner) throw notFound("video");
    return { status: 200, body: oembedOf(video, owner, { ...needs, origin, start_s: asked.start_s, ...query }) };
  });

  async function shownBy(video: VideoRow) {
    if (video.playable_at === null || !(await mayStandAnywhere(video, rules))) return null;
    return (await needs.people.cards([video.owner_id])).get(video.owner_id) ?? null;
  }
}
