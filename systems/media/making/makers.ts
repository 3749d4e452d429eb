import { createCopier, type Movies } from "../encode/copy/index.ts";
import type { EncodeNeeds } from "../encode/tools.ts";
import { transcode, type TranscodeWork } from "../encode/transcode.ts";

/** How segments of one kind of track come to be. `onFile` gets each as soon as it is whole, its init before it. */
export interface TrackMaker {
  make(work: MakeWork): Promise<void>;
  /** Takes a core for itself; what does not is never made to wait in line. */
  heavy: boolean;
}

export type MakeWork = TranscodeWork;

/** By how a track says that it is made. */
export interface Makers {
  encode: TrackMaker;
  copy: TrackMaker;
}

/** Cuts what the source has; it reads a few megabytes and starts no program. */
export const copyMaker = (movies: Movies): TrackMaker => ({ heavy: false, ...createCopier(movies) });

export const encodeMaker = (needs: EncodeNeeds): TrackMaker => ({
  heavy: true,
  async make(work) {
    await transcode(needs, work);
  },
});
