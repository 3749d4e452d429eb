import type { PersonId, VideoId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Viewer } from "#kernel/viewer.ts";

import type { ListedNeeds } from "../listed.ts";
import { addressesOf } from "../places.ts";
import type { Rules } from "../rules.ts";
import { posterFile } from "../videos/present.ts";
import { findVideos } from "../videos/store.ts";
import type { Collection, CollectionId } from "./contract.ts";
import { classesOf, type ClassRow, type CollectionRow, holding } from "./store.ts";

export interface PresentNeeds extends ListedNeeds {
  rules: Rules;
}

/**
 * Collections as this viewer sees them: what they may not see within is neither counted nor shown on the cover.
 * @param video_id says of each whether this film is in it
 */
export async function presentCollections(
  viewer: Viewer,
  rows: readonly CollectionRow[],
  needs: PresentNeeds,
  video_id?: VideoId,
): Promise<Collection[]> {
  const { sql, rules, people } = needs;
  const ids = rows.map((row) => row.id);
  const [classes, owners, has] = await Promise.all([
    classesOf(sql.pool, ids),
    people.cards([...new Set(rows.map((row) => row.owner_id))] as PersonId[]),
    video_id === undefined ? null : holding(sql.pool, ids, video_id),
  ]);
  const seen = sum(await rules.readable(viewer, "video", classes));
  const covers = await coversOf([...seen.values()], needs);
  return rows.flatMap((row) => {
    const owner = owners.get(row.owner_id);
    if (!owner) return [];
    const inside = seen.get(row.id);
    return {
      id: row.id,
      kind: row.kind,
      owner,
      title: row.title,
      description: row.description,
      audience: row.audience,
      space_id: row.space_id,
      video_count: inside?.videos ?? 0,
      duration_ms: inside?.duration_ms ?? 0,
      cover: (inside?.first_id && covers.get(inside.first_id)) || null,
      ...(has ? { has_video: has.has(row.id) } : {}),
      version: row.version,
      may_edit: viewer.kind === "person" && viewer.person_id === row.owner_id,
      created_at: rfc3339(row.created_at),
      changed_at: rfc3339(row.changed_at),
    };
  });
}

/** What this viewer may see of each collection, put together from its kinds of audience. */
function sum(classes: readonly ClassRow[]): Map<CollectionId, ClassRow> {
  const all = new Map<CollectionId, ClassRow>();
  for (const one of classes) {
    const before = all.get(one.collection_id);
    if (!before) {
      all.set(one.collection_id, one);
      continue;
    }
    const first = isBefore(one.first_position, before.first_position) ? one : before;
    all.set(one.collection_id, {
      ...first,
      videos: before.videos + one.videos,
      duration_ms: before.duration_ms + one.duration_ms,
    });
  }
  return all;
}

/** Exact: positions have more digits than a number holds. A row without a picture has none, and comes last. */
export function isBefore(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return one !== null;
  return scaled(one) < scaled(other);
}

const DIGITS = 100;

function scaled(position: string): bigint {
  const [whole = "0", part = ""] = position.replace("-", "").split(".");
  const size = BigInt(whole + part.padEnd(DIGITS, "0"));
  return position.startsWith("-") ? -size : size;
}

async function coversOf(seen: ClassRow[], { sql, blobs, clock }: PresentNeeds) {
  const videos = await findVideos(
    sql.pool,
    seen.flatMap(({ first_id }) => first_id ?? []),
  );
  return new Map(
    videos.map((video) => [
      video.id,
      {
        poster_url: addressesOf(video.place, video.duration_ms ?? 0, { blobs, clock }).url(posterFile(video)),
        placeholder: video.placeholder,
      },
    ]),
  );
}
