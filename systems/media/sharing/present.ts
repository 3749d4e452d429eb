import { NOBODY } from "#kernel/viewer.ts";

import type { Video } from "../contract.ts";
import type { Rules } from "../rules.ts";
import type { VideoRow } from "../videos/store.ts";

export type SharingAnswer = Pick<Video, "downloads" | "can_download" | "embedding" | "embed_url">;

export const embedPath = (video_id: string): string => `/embed/${video_id}`;

/** Whether it may stand on another site: its owner does not mind, and everyone may see it, whoever they are. */
export async function mayStandAnywhere(video: VideoRow, rules: Rules): Promise<boolean> {
  if (video.embedding !== "anywhere" || video.audience !== "public" || video.hidden_at !== null) return false;
  return (await rules.decide(NOBODY, "read", { kind: "video", ...video })).ok;
}

export async function presentSharing(video: VideoRow, is_own: boolean, rules: Rules): Promise<SharingAnswer> {
  return {
    downloads: video.downloads,
    can_download: video.upload_id !== null && !video.early && (is_own || video.downloads === "viewers"),
    embedding: video.embedding,
    embed_url: (await mayStandAnywhere(video, rules)) ? embedPath(video.id) : null,
  };
}
