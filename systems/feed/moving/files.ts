import type { ImageId, PersonId, VideoId } from "#kernel/ids.ts";

/** What moving takes of media, by shape: the bytes of one's own, out and in. */
export interface MovingFiles {
  /** The best there is of each; what has gone is missing. */
  filesOf(things: { video_ids: readonly VideoId[]; image_ids: readonly ImageId[] }): Promise<KeptFile[]>;
  /**
   * Takes a file in as a picture or film of this person, as if they had sent it by hand.
   * @throws Problem where the house does not take it
   */
  takeIn(
    owner_id: PersonId,
    file: { filename: string; media_type: string; size_bytes: number; alt: string; body: AsyncIterable<Uint8Array> },
    signal: AbortSignal,
  ): Promise<{ kind: "image"; id: ImageId } | { kind: "video"; id: VideoId }>;
}

export interface KeptFile {
  id: ImageId | VideoId;
  /** Its name in the store. */
  blob: string;
  media_type: string;
  size_bytes: number;
  alt: string;
  width: number | null;
  height: number | null;
}
