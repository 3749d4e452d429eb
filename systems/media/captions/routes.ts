import { notFound } from "#kernel/errors.ts";
import type { VideoId } from "#kernel/ids.ts";
import type { SignedIn, Viewer } from "#kernel/viewer.ts";
import type { Api } from "#ports/http/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { VideoRow } from "../videos/store.ts";
import { captionsRoutes as r } from "./contract.ts";
import type { Captions } from "./index.ts";
import { wantedLanguage } from "./languages.ts";
import { etagOf } from "./names.ts";
import { parseCaptions } from "./parse.ts";
import { presentCaptions, type PresentNeeds } from "./present.ts";
import { captionsOf, findCaptions } from "./store.ts";

/** Who may: the same for every room of a video. @throws Problem 404, 403 `video.not_yours` */
export interface VideoDoor {
  readable(viewer: Viewer, id: VideoId): Promise<VideoRow>;
  own(viewer: SignedIn, id: VideoId): Promise<VideoRow>;
}

export function serveCaptions(api: Api, needs: PresentNeeds & { sql: Sql; captions: Captions; door: VideoDoor }): void {
  const { sql, captions, door } = needs;
  api.serve(r.listCaptions, async ({ viewer, params }) => {
    const video = await door.readable(viewer, params.video_id);
    const rows = (await captionsOf(sql.pool, [video.id])).get(video.id) ?? [];
    return { status: 200, body: { items: rows.map((row) => presentCaptions(video, row, needs)) } };
  });
  api.serve(r.getCaptions, async ({ viewer, params }) => {
    const video = await door.readable(viewer, params.video_id);
    const row = await findCaptions(sql.pool, video.id, wantedLanguage(params.language));
    if (!row) throw notFound("captions");
    const etag = etagOf(row.content);
    return {
      status: 200,
      headers: { etag: `"${etag}"` },
      body: {
        ...presentCaptions(video, row, needs),
        text: row.content,
        cues: parseCaptions(row.content, "skip"),
        etag,
      },
    };
  });
  api.serve(r.putCaptions, async ({ viewer, params, body, header }) => {
    const video = await door.own(viewer, params.video_id);
    const language = wantedLanguage(params.language);
    const { row, is_new } = await captions.put(video.id, language, body, header("if-match"));
    const answer = presentCaptions(video, row, needs);
    return is_new ? { status: 201, body: answer } : { status: 200, body: answer };
  });
  api.serve(r.deleteCaptions, async ({ viewer, params }) => {
    const video = await door.own(viewer, params.video_id);
    await captions.remove(video.id, wantedLanguage(params.language));
    return { status: 204 };
  });
}
