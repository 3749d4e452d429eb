import type { Blobs } from "#ports/blobs/index.ts";
import type { Sandbox } from "#ports/sandbox/index.ts";

import type { MediaKind } from "./contract.ts";
import type { MediaLimits } from "./limits.ts";
import { type Acceptance, sizeText } from "./uploads/admission.ts";

/** One thing that media cannot do as well as it should, for the page and `folk doctor`. */
export interface Degradation {
  /** `media.no_ffmpeg`, `media.no_space`, `media.weak_sandbox`, `media.no_av1` */
  code: string;
  because: string;
}

export interface MediaHealth {
  accepts: Record<MediaKind, Acceptance>;
  degraded: Degradation[];
  free_bytes: number | null;
}

const NO_FFMPEG =
  "This house has no ffmpeg and takes no video and no sound until it has: install ffmpeg, or set FFMPEG_PATH, and start again. Pictures and everything that is here work.";

const NO_AV1 =
  "This house's ffmpeg has no libsvtav1, so what is watched much gets no AV1: it plays as H.264, in about twice the bytes. Install one that has it, or set FOLKHUS_AV1_VIEWS_MIN to 0.";

/** What the house takes. Without ffmpeg no video and no sound; without a sandbox still everything, but it is said. */
export function acceptance(kind: MediaKind, needs: { has_ffmpeg: boolean }): Acceptance {
  if (kind !== "image" && !needs.has_ffmpeg) return { accepted: false, because: NO_FFMPEG };
  return { accepted: true, because: "" };
}

export async function mediaHealth(needs: {
  has_ffmpeg: boolean;
  can_av1: boolean;
  sandbox: Sandbox;
  blobs: Blobs;
  limits: MediaLimits;
}): Promise<MediaHealth> {
  const { sandbox, limits } = needs;
  const accepts = {
    video: acceptance("video", needs),
    image: acceptance("image", needs),
    sound: acceptance("sound", needs),
  };
  const free_bytes = await needs.blobs.freeBytes();
  const degraded: Degradation[] = [];
  if (!needs.has_ffmpeg) degraded.push({ code: "media.no_ffmpeg", because: NO_FFMPEG });
  if (needs.has_ffmpeg && !needs.can_av1 && (limits.av1_views_min ?? 0) > 0)
    degraded.push({ code: "media.no_av1", because: NO_AV1 });
  if (sandbox.degraded_because !== "") degraded.push({ code: "media.weak_sandbox", because: sandbox.degraded_because });
  if (free_bytes !== null && free_bytes < limits.free_bytes_reserve) {
    degraded.push({
      code: "media.no_space",
      because: `${sizeText(free_bytes)} of disk are left, and ${sizeText(limits.free_bytes_reserve)} are kept free: uploads are refused until there is room. Reading goes on.`,
    });
  }
  return { accepts, degraded, free_bytes };
}
