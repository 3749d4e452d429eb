import type { PersonCard, SpaceCard } from "#kernel/cards.ts";
import { notFound } from "#kernel/errors.ts";
import type { PersonId, SpaceId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { Blobs } from "#ports/blobs/index.ts";
import type { Api } from "#ports/http/index.ts";
import type { Query, Sql } from "#ports/sql/index.ts";

import { type MediaLimits, roomOf } from "../limits.ts";
import type { PeopleFacts, SpaceFacts } from "../rules.ts";
import { LARGEST_SHOWN_MAX } from "./bounds.ts";
import { type Held, type HouseStorage, storageRoutes as r } from "./contract.ts";
import { presentClass } from "./present.ts";
import * as store from "./store.ts";

export interface StorageNeeds {
  sql: Sql;
  blobs: Blobs;
  people: Pick<PeopleFacts, "cards">;
  spaces: SpaceFacts;
  limits: Pick<MediaLimits, "person_bytes_max" | "person_room">;
}

const NOBODY: ReadonlyMap<PersonId, PersonCard> = new Map();
const NO_SPACES: ReadonlyMap<SpaceId, SpaceCard> = new Map();

export function serveStorage(api: Api, { sql, blobs, people, spaces, limits }: StorageNeeds): void {
  api.serve(r.getStorage, async () => {
    const [held, walked, classes, free_bytes] = await Promise.all([
      store.heldIn(sql.pool, null),
      storeOf(sql.pool),
      store.classSums(sql.pool),
      blobs.freeBytes(),
    ]);
    return { status: 200, body: { bytes: total(held), held, free_bytes, classes, store: walked } };
  });

  api.serve(r.listStorageOwners, async ({ query: { by, limit, cursor } }) => {
    const [bytes, id] = cursor === undefined ? [] : decodeCursor(cursor, ["number", "id"]);
    const after = id === undefined ? null : { bytes: Number(bytes), id: String(id) };
    const rows = await store.listOwners(sql.pool, { by, after, limit: limit + 1 });
    const shown = rows.slice(0, limit);
    const ids = shown.map((row) => row.id);
    const [persons, places] = await Promise.all([
      by === "person" ? people.cards(ids as PersonId[]) : NOBODY,
      by === "space" ? spaces.cards(ids as SpaceId[]) : NO_SPACES,
    ]);
    const last = shown.at(-1);
    return {
      status: 200,
      body: {
        items: shown.map((row) => ({
          person: persons.get(row.id as PersonId) ?? null,
          space: places.get(row.id as SpaceId) ?? null,
          bytes: row.bytes,
          held: row.held,
        })),
        next_cursor: rows.length > limit && last ? encodeCursor([last.bytes, last.id]) : null,
      },
    };
  });

  api.serve(r.getMyStorage, async ({ viewer }) => ({
    status: 200,
    body: {
      ...(await storageOf(sql.pool, { by: "person", id: viewer.person_id })),
      quota_bytes: await roomOf(limits, viewer.person_id),
    },
  }));

  api.serve(r.getSpaceStorage, async ({ viewer, params }) => {
    const role = (await spaces.membershipsOf(viewer.person_id)).get(params.space_id);
    if (role !== "owner" && role !== "admin" && viewer.role !== "admin") throw notFound("space");
    const quota_bytes = (await spaces.storageMax(params.space_id)) ?? 0;
    return { status: 200, body: { ...(await storageOf(sql.pool, { by: "space", id: params.space_id })), quota_bytes } };
  });
}

async function storageOf(q: Query, of: { by: store.By; id: string }) {
  const [held, videos] = await Promise.all([store.heldIn(q, of), store.largestVideos(q, of, LARGEST_SHOWN_MAX)]);
  const classes = await store.classesOf(
    q,
    videos.map((video) => video.id),
  );
  const largest = videos.map((video) => {
    const row = classes.get(video.id);
    return { ...video, class: row ? presentClass(row) : null };
  });
  return { bytes: total(held), held, largest };
}

async function storeOf(q: Query): Promise<HouseStorage["store"]> {
  const last = await store.lastWalk(q);
  if (!last?.walk.ended_at) return null;
  const said = last.walk.rows_said ?? [];
  const rowsOf = ({ kind, name }: { kind: string; name: string }) =>
    said.find((row) => row.kind === kind && row.name === name)?.bytes ?? null;
  // What the rows know and the walk did not find at all is drift too.
  const lost = said.filter(({ kind, name }) => !last.found.some((one) => one.kind === kind && one.name === name));
  const held = [
    ...last.found.map((one) => ({ ...one, rows_bytes: rowsOf(one) })),
    ...lost.map(({ kind, name, bytes }) => ({ kind, name, blobs: 0, bytes: 0, rows_bytes: bytes })),
  ];
  return {
    walked_at: rfc3339(last.walk.ended_at),
    blobs: last.found.reduce((sum, one) => sum + one.blobs, 0),
    bytes: total(last.found),
    held,
    drift_bytes: held
      // What an open upload promises is not there yet.
      .filter(({ kind, rows_bytes }) => rows_bytes !== null && kind !== "upload")
      .reduce((sum, { bytes, rows_bytes }) => sum + bytes - (rows_bytes ?? 0), 0),
    orphan_bytes: last.found.reduce((sum, { kind, bytes }) => sum + (kind === "orphan" ? bytes : 0), 0),
  };
}

const total = (held: readonly Pick<Held, "bytes">[]) => held.reduce((sum, { bytes }) => sum + bytes, 0);
