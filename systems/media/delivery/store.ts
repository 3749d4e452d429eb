import type { ImageId, VideoId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

/** `person:<id>`, `session:<id>` or `token:<id>`. */
export type Subject = `${"person" | "session" | "token"}:${string}`;

export interface Narrowing {
  subject: Subject;
  at: Date;
}

/** The later moment counts, whatever order they come in. */
export async function narrow(q: Query, { subject, at }: Narrowing): Promise<void> {
  await q`INSERT INTO media_narrowings (subject, at) VALUES (${subject}, ${at})
    ON CONFLICT (subject) DO UPDATE SET at = greatest(media_narrowings.at, excluded.at)`;
}

export const narrowingsSince = (q: Query, since: Date): Promise<Narrowing[]> =>
  q<Narrowing[]>`SELECT subject, at FROM media_narrowings WHERE at >= ${since}`;

export async function trimNarrowings(q: Query, before: Date): Promise<void> {
  await q`DELETE FROM media_narrowings WHERE at < ${before}`;
}

/** Whether something with this id still stands, and whether it may lie in the open: one look by primary key. */
export async function standing(
  q: Query,
  kind: "videos" | "images",
  id: VideoId | ImageId,
): Promise<{ open: boolean } | null> {
  const [row] =
    kind === "videos"
      ? await q<
          { open: boolean }[]
        >`SELECT audience = 'public' AND space_id IS NULL AND hidden_at IS NULL AS open FROM media_videos
          WHERE id = ${id} AND deleted_at IS NULL`
      : await q<
          { open: boolean }[]
        >`SELECT audience = 'public' AND space_id IS NULL AND hidden_at IS NULL AS open FROM media_images
          WHERE id = ${id} AND deleted_at IS NULL`;
  return row ?? null;
}
