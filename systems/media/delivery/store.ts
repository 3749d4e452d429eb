import type { PersonId } from "#kernel/ids.ts";
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

/** What lies in places of its own. */
export type Placed = "videos" | "images" | "sounds";

/** Whether something with this id still stands, and whether it may lie in the open: one look by primary key. */
export async function standing(q: Query, kind: Placed, id: string): Promise<{ open: boolean } | null> {
  const look = {
    videos: () => q<{ open: boolean }[]>`
      SELECT audience = 'public' AND space_id IS NULL AND hidden_at IS NULL AS open FROM media_videos
      WHERE id = ${id} AND deleted_at IS NULL`,
    images: () => q<{ open: boolean }[]>`
      SELECT audience = 'public' AND space_id IS NULL AND hidden_at IS NULL AS open FROM media_images
      WHERE id = ${id} AND deleted_at IS NULL`,
    // Never in the open.
    sounds: () =>
      q<{ open: boolean }[]>`SELECT false AS open FROM media_sounds WHERE id = ${id} AND deleted_at IS NULL`,
  };
  const [row] = await look[kind]();
  return row ?? null;
}

/** Why somebody is not shown a thing any more, whatever address they have. */
export interface Withdrawal {
  owner_id: PersonId;
  is_deleted: boolean;
  is_taken: boolean;
  is_suspended: boolean;
}

/** Null where there is no such thing (any more). */
export async function withdrawalOf(q: Query, kind: Placed, id: string): Promise<Withdrawal | null> {
  const look = {
    videos: () => q<Withdrawal[]>`
      SELECT v.owner_id, v.deleted_at IS NOT NULL AS is_deleted, t.video_id IS NOT NULL AS is_taken,
        coalesce(o.suspended, false) AS is_suspended
      FROM media_videos v LEFT JOIN media_takedowns t ON t.video_id = v.id LEFT JOIN media_owners o ON o.owner_id = v.owner_id
      WHERE v.id = ${id}`,
    images: () => q<Withdrawal[]>`
      SELECT i.owner_id, i.deleted_at IS NOT NULL AS is_deleted, false AS is_taken, coalesce(o.suspended, false) AS is_suspended
      FROM media_images i LEFT JOIN media_owners o ON o.owner_id = i.owner_id WHERE i.id = ${id}`,
    sounds: () => q<Withdrawal[]>`
      SELECT owner_id, deleted_at IS NOT NULL AS is_deleted, false AS is_taken, false AS is_suspended
      FROM media_sounds WHERE id = ${id}`,
  };
  const [row] = await look[kind]();
  return row ?? null;
}
