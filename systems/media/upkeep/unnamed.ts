import type { VideoId } from "#kernel/ids.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { COLLECT_NAMES_MAX, ORPHAN_AGE_MS } from "../bounds.ts";
import { EVICT_LEASE_MS } from "../storage/bounds.ts";
import { type Named, readBlobName } from "../storage/files.ts";
import { createKnown } from "../storage/known.ts";
import * as known from "../storage/store.ts";
import { lockVideo } from "../videos/store.ts";

interface Needs {
  sql: Sql;
  blobs: Blobs;
  clock: Clock;
}

type OfVideo = Named & { of: "video" };
interface Found {
  name: string;
  read: OfVideo;
}

/**
 * Frees what lies in a video's own place and no row of it names: segments whose row has gone, tracks of an older plan,
 * posters, texts and storyboards that were replaced. An hour old at the least; whole places are `collect.ts`'s.
 * @returns how many went
 */
export async function collectUnnamed(needs: Needs, signal: AbortSignal): Promise<number> {
  let freed = 0;
  for (const root of ["videos/", "public/videos/"]) {
    for (let after: string | undefined; ;) {
      signal.throwIfAborted();
      const page = await needs.blobs.measure(root, {
        limit: COLLECT_NAMES_MAX,
        ...(after === undefined ? {} : { after }),
      });
      const old = page.blobs.filter(({ modified_at }) => modified_at.getTime() < needs.clock.now() - ORPHAN_AGE_MS);
      freed += await collectPage(
        old.map(({ name }) => name),
        needs,
        signal,
      );
      if (page.next_after === null) break;
      after = page.next_after;
    }
  }
  return freed;
}

async function collectPage(names: string[], needs: Needs, signal: AbortSignal): Promise<number> {
  const found = names.flatMap((name): Found[] => {
    const read = readBlobName(name);
    return read.of === "video" ? [{ name, read }] : [];
  });
  const orphans = await unnamed(needs.sql.pool, found);
  const byVideo = Map.groupBy(orphans, ({ read }) => read.id as VideoId);
  let freed = 0;
  for (const [id, mine] of byVideo) {
    signal.throwIfAborted();
    const segments = mine.filter(({ read }) => read.file.kind === "segment");
    freed += await collectSegments(id, segments, needs);
    freed += await collectOthers(
      id,
      mine.filter((one) => !segments.includes(one)),
      needs,
    );
  }
  return freed;
}

/** Those of a video that is there, in its own place, that nothing names. */
async function unnamed(q: Query, found: Found[]): Promise<Found[]> {
  const rows = await createKnown(
    q,
    found.map(({ read }) => read),
  );
  return found.filter(({ read }) => {
    const { owner_id, kind } = rows.of(read);
    return kind === "orphan" && owner_id !== "0";
  });
}

/**
 * While the leases are held nobody stores these segments; those that got a row before that stay. Then what is left is
 * nobody's, whoever wanted to make it a moment ago.
 */
async function collectSegments(id: VideoId, found: Found[], { sql, blobs }: Needs): Promise<number> {
  if (found.length === 0) return 0;
  const token = `collect-${crypto.randomUUID()}`;
  const spotOf = ({ read }: Found): known.SegmentName => {
    if (read.file.kind !== "segment") throw new Error(`${read.file.kind} is no segment`);
    return { video_id: id, rung: read.file.track, k: read.file.k };
  };
  try {
    const held = await known.holdUnnamed(sql.pool, found.map(spotOf), token, EVICT_LEASE_MS);
    const ours = new Set(held.map(known.segmentKey));
    // A statement of its own: it sees the rows of whoever gave a lease back just before ours.
    const still = await unnamed(
      sql.pool,
      found.filter((one) => ours.has(known.segmentKey(spotOf(one)))),
    );
    await blobs.delete(still.map(({ name }) => name));
    return still.length;
  } finally {
    await known.endHold(sql.pool, { video_id: id, token });
  }
}

/** Whoever gives these a row locks the video for it; so under the lock what is unnamed and old is nobody's. */
async function collectOthers(id: VideoId, found: Found[], { sql, blobs, clock }: Needs): Promise<number> {
  if (found.length === 0) return 0;
  return sql.tx(async (tx) => {
    if (!(await lockVideo(tx, id))) return 0;
    const gone: string[] = [];
    for (const { name } of await unnamed(tx, found)) {
      const head = await blobs.head(name);
      if (head && head.modified_at.getTime() < clock.now() - ORPHAN_AGE_MS) gone.push(name);
    }
    await blobs.delete(gone);
    return gone.length;
  });
}
