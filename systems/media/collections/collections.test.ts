import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import type { SpaceId, VideoId } from "#kernel/ids.ts";
import type { Audience } from "#kernel/wire.ts";
import { peopleRoutes } from "#systems/people/contract.ts";
import { TEST_PASSWORD } from "#systems/people/testing.ts";

import { deleteVideo, patchVideo } from "../contract.ts";
import { good, mediaHouse, shownVideo } from "../testing.ts";
import { COLLECTIONS_MAX, ITEMS_MAX, POSITION_SCALE_MAX } from "./bounds.ts";
import {
  addToCollection,
  createCollection,
  deleteCollection,
  getCollection,
  getCollectionOrder,
  listCollectionItems,
  listCollections,
  moveInCollection,
  patchCollection,
  removeFromCollection,
  WATCH_LATER,
} from "./contract.ts";
import { isBefore } from "./present.ts";
import { numberAnew } from "./store.ts";

setDefaultTimeout(60_000);
const media = await mediaHouse();
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const { sql } = media.house.db;
const astrid = await media.person("astrid");
const birger = await media.person("birger");
const cecilia = await media.person("cecilia");
const space_id = media.house.db.ids.next<"space">();
media.spaces.join(astrid.id, space_id);
media.spaces.join(birger.id, space_id);

const film = (audience: Audience = "public", by = astrid, space: SpaceId | null = null) =>
  shownVideo(media, by.id, { audience, space_id: space });
const films = (count: number) => Promise.all(Array.from({ length: count }, () => film()));

const begin = async (
  body: { title?: string; audience?: Audience; space_id?: string; video_id?: string } = {},
  by = astrid,
) =>
  good(await client.call(createCollection, { token: by.token, body: { title: "Looms", audience: "public", ...body } }));
const add = (collection_id: string, video_id: string, after?: string | null, by = astrid) =>
  client.call(addToCollection, {
    token: by.token,
    params: { collection_id, video_id },
    body: after === undefined ? {} : { after },
  });
const filled = async (ids: VideoId[], body: Parameters<typeof begin>[0] = {}) => {
  const { id } = await begin(body);
  for (const video_id of ids) expect((await add(id, video_id)).status).toBe(204);
  return id;
};
const move = (collection_id: string, video_id: string, after: string | null, version?: number) =>
  client.call(moveInCollection, {
    token: astrid.token,
    params: { collection_id, video_id },
    body: { after },
    ...(version === undefined ? {} : { headers: { "if-match": `"${version}"` } }),
  });
const order = async (collection_id: string, token: string | null = astrid.token) =>
  good(await client.call(getCollectionOrder, { token, params: { collection_id } })).video_ids;
const look = (collection_id: string, token: string | null = astrid.token) =>
  client.call(getCollection, { token, params: { collection_id } });

async function allItems(
  collection_id: string,
  limit: number,
  token: string | null = astrid.token,
  between = async () => {},
) {
  const ids: string[] = [];
  for (let cursor: string | undefined; ;) {
    const page = good(
      await client.call(listCollectionItems, {
        token,
        params: { collection_id },
        query: { limit, ...(cursor === undefined ? {} : { cursor }) },
      }),
    );
    ids.push(...page.items.map((item) => item.video.id));
    if (page.next_cursor === null) return ids;
    cursor = page.next_cursor;
    await between();
  }
}

describe("who may do what", () => {
  test("MD130: a list is its owner's to change; to whom it is not shown it is not there, and its changes neither", async () => {
    const video = await film();
    const { id } = await begin({ audience: "private" });
    const shown = await filled([video]);
    for (const [collection_id, wanted] of [
      [id, "collection.not_found"],
      [shown, "collection.not_yours"],
    ] as const) {
      const params = { collection_id };
      const item = { collection_id, video_id: video };
      const by = { token: birger.token };
      const refused = [
        await client.call(patchCollection, { ...by, params, body: { title: "Mine" } }),
        await client.call(deleteCollection, { ...by, params }),
        await add(collection_id, video, undefined, birger),
        await client.call(moveInCollection, { ...by, params: item, body: { after: null } }),
        await client.call(removeFromCollection, { ...by, params: item }),
      ];
      expect(refused.map(({ code }) => code)).toEqual(refused.map(() => wanted));
    }
    expect((await look(id, birger.token)).code).toBe("collection.not_found");
    expect((await look(id, null)).code).toBe("collection.not_found");
    expect((await look(shown, null)).status).toBe(200);
    expect((await client.call(createCollection, { body: { title: "Nobody's" } })).status).toBe(401);
    expect(await order(shown)).toEqual([video]);
  });

  test("MD131: words have bounds; an audience `space` needs a space and its owner in it", async () => {
    const make = (body: object) =>
      client.call(createCollection, { token: cecilia.token, body: { title: "A", ...body } as { title: string } });
    expect((await make({ title: "" })).status).toBe(400);
    expect((await make({ title: "x".repeat(121) })).status).toBe(400);
    expect((await make({ description: "x".repeat(2_001) })).status).toBe(400);
    expect((await make({ colour: "red" })).status).toBe(400);
    expect((await make({ audience: "space" })).code).toBe("collection.space_required");
    expect((await make({ audience: "space", space_id })).code).toBe("collection.not_member");
    expect((await make({ video_id: await film("private") })).code).toBe("video.not_found");
    const { id } = await begin({}, cecilia);
    const change = (body: object) =>
      client.call(patchCollection, { token: cecilia.token, params: { collection_id: id }, body });
    expect((await change({})).status).toBe(400);
    expect((await change({ audience: "space" })).code).toBe("collection.space_required");
    expect((await change({ audience: "space", space_id })).code).toBe("collection.not_member");
    const changed = good(await change({ title: "Sheds", description: "And yarn", audience: "private" }));
    expect(changed).toMatchObject({ title: "Sheds", description: "And yarn", audience: "private", may_edit: true });
  });

  test("MD132: rules hold for the list and then for each film: what a viewer may not see is neither there nor counted, nor on the cover", async () => {
    const hidden = await film("private");
    const open = await film();
    const inside = await film("space", astrid, space_id);
    const id = await filled([hidden, inside, open]);
    expect(await order(id)).toEqual([hidden, inside, open]);
    expect(await order(id, birger.token)).toEqual([inside, open]);
    expect(await order(id, null)).toEqual([open]);
    expect(await allItems(id, 1, cecilia.token)).toEqual([open]);
    const seen = async (token: string | null) => {
      const { video_count, duration_ms, cover } = good(await look(id, token));
      return [video_count, duration_ms, cover?.placeholder];
    };
    expect(await seen(astrid.token)).toEqual([3, 360_000, `data:,${hidden}`]);
    expect(await seen(birger.token)).toEqual([2, 240_000, `data:,${inside}`]);
    expect(await seen(null)).toEqual([1, 120_000, `data:,${open}`]);
    // At read time: what is closed now is gone on the next look, and what opens is there.
    good(
      await client.call(patchVideo, { token: astrid.token, params: { video_id: open }, body: { audience: "private" } }),
    );
    expect(await seen(null)).toEqual([0, 0, undefined]);
    good(
      await client.call(patchCollection, {
        token: astrid.token,
        params: { collection_id: id },
        body: { audience: "space", space_id },
      }),
    );
    expect((await look(id, cecilia.token)).code).toBe("collection.not_found");
    expect(await order(id, birger.token)).toEqual([inside]);
  });

  test("MD133: a film that its adder may not see cannot be added, and one that they lose sight of leaves their list by itself", async () => {
    const secret = await film("private", birger);
    const open = await film("public", birger);
    const id = await filled([open]);
    expect((await add(id, secret)).code).toBe("video.not_found");
    await client.call(patchVideo, { token: birger.token, params: { video_id: open }, body: { audience: "private" } });
    expect(await order(id)).toEqual([]);
  });
});

describe("the order", () => {
  test("MD134: films are added at the end, anywhere or once; moved behind one another; taken out and put back where they were", async () => {
    const [a, b, c, d] = (await films(4)) as [VideoId, VideoId, VideoId, VideoId];
    const id = await filled([a, b, c]);
    expect((await add(id, a)).status).toBe(204);
    expect(await order(id)).toEqual([a, b, c]);
    await add(id, d, null);
    expect(await order(id)).toEqual([d, a, b, c]);
    expect((await move(id, d, b)).status).toBe(200);
    expect(await order(id)).toEqual([a, b, d, c]);
    await move(id, c, null);
    await move(id, a, a);
    expect(await order(id)).toEqual([c, a, b, d]);
    await client.call(removeFromCollection, { token: astrid.token, params: { collection_id: id, video_id: a } });
    expect(await order(id)).toEqual([c, b, d]);
    await add(id, a, c);
    expect(await order(id)).toEqual([c, a, b, d]);
    expect((await move(id, await film(), null)).code).toBe("collection.not_in_it");
    expect((await move(id, a, await film())).code).toBe("collection.after_not_in_it");
    // What it should follow has gone: put back, it stands at the end.
    const e = await film();
    await add(id, e, await film());
    expect(await order(id)).toEqual([c, a, b, d, e]);
  });

  test("MD135: edits at the same time lose nothing; who names a version that has passed is told so", async () => {
    const some = await films(12);
    const { id, version } = await begin();
    await Promise.all(some.map((video_id) => add(id, video_id)));
    expect((await order(id)).toSorted()).toEqual(some.toSorted());
    await Promise.all(some.map((video_id, i) => move(id, video_id, i % 2 ? null : (some[(i + 5) % 12] ?? null))));
    expect((await order(id)).toSorted()).toEqual(some.toSorted());
    const first = some[0]!;
    expect((await move(id, first, null, version)).code).toBe("collection.changed");
    const now = good(await look(id)).version;
    const moved = good(await move(id, first, null, now));
    expect(moved.version).toBe(now + 1);
    const patched = await client.call(patchCollection, {
      token: astrid.token,
      params: { collection_id: id },
      body: { title: "Late" },
      headers: { "if-match": `"${now}"` },
    });
    expect([patched.status, patched.code]).toEqual([412, "collection.changed"]);
    expect((await look(id)).headers.get("etag")).toBe(`"${now + 1}"`);
  });

  test("MD136: however often films are moved to one spot, positions stay short and the order stays", async () => {
    const [a, b, c, d] = (await films(4)) as [VideoId, VideoId, VideoId, VideoId];
    const id = await filled([a, b, c, d]);
    for (let i = 0; i < POSITION_SCALE_MAX * 2 + 3; i++) await move(id, i % 2 ? c : b, a);
    expect(await order(id)).toEqual([a, b, c, d]);
    const rows = await sql.pool<{ digits: number }[]>`SELECT max(scale(position)) AS digits
      FROM media_collection_items WHERE collection_id = ${id}`;
    expect(rows[0]!.digits).toBeLessThanOrEqual(POSITION_SCALE_MAX);
    expect(await sql.pool`SELECT FROM media_collections WHERE id = ${id} AND numbering > 1`).toHaveLength(1);
    expect([isBefore("1.5", "1.25"), isBefore("-2", "-1.5"), isBefore(null, "1"), isBefore("9", "10")]).toEqual([
      false,
      true,
      false,
      true,
    ]);
  });

  test("MD137: the films are paged without gap or repeat while others write, also over a new numbering", async () => {
    const some = await films(9);
    const id = await filled(some);
    let added: VideoId | null = null;
    const paged = await allItems(id, 2, birger.token, async () => {
      if (added !== null) return;
      added = await film();
      await add(id, added, null);
      await client.call(removeFromCollection, {
        token: astrid.token,
        params: { collection_id: id, video_id: some[0]! },
      });
      await sql.tx(async (tx) => numberAnew(tx, id));
    });
    expect(paged).toEqual(some);
    const { next_cursor } = good(
      await client.call(listCollectionItems, { params: { collection_id: id }, query: { limit: 2 } }),
    );
    await client.call(removeFromCollection, { token: astrid.token, params: { collection_id: id, video_id: some[1]! } });
    await sql.tx(async (tx) => numberAnew(tx, id));
    const lost = await client.call(listCollectionItems, {
      params: { collection_id: id },
      query: { cursor: next_cursor! },
    });
    expect(lost.code).toBe("cursor.invalid");
    for (const parts of [
      ["x", "1", 1],
      ["1e9", "1", 1],
      ["1", "x", 1],
    ] as [string, string, number][]) {
      const cursor = btoa(JSON.stringify(parts)).replaceAll("=", "");
      expect((await client.call(listCollectionItems, { params: { collection_id: id }, query: { cursor } })).code).toBe(
        "cursor.invalid",
      );
    }
  });
});

describe("bounds", () => {
  test("MD138: a list holds so many films, and a person has so many lists, not one more however many ask at once", async () => {
    const { id } = await begin();
    await sql.pool`INSERT INTO media_videos (id, owner_id, title, audience, status, place, created_at)
      SELECT 900000 + n, ${astrid.id}, 'A film', 'private', 'processing', 'videos/' || n || '/', now() FROM generate_series(1, ${ITEMS_MAX - 1}) n`;
    await sql.pool`INSERT INTO media_collection_items (collection_id, video_id, position, added_at)
      SELECT ${id}, 900000 + n, n, now() FROM generate_series(1, ${ITEMS_MAX - 1}) n`;
    const some = await films(3);
    const added = await Promise.all(some.map((video_id) => add(id, video_id)));
    expect(added.map(({ status }) => status).toSorted()).toEqual([204, 409, 409]);
    expect(added.find(({ status }) => status === 409)?.code).toBe("collection.full");

    await sql.pool`INSERT INTO media_collections (id, owner_id, kind, title, audience, created_at, changed_at)
      SELECT 800000 + n, ${cecilia.id}, 'playlist', 'A list', 'public', now(), now() FROM generate_series(1, ${COLLECTIONS_MAX - 3}) n`;
    const begun = await Promise.all(
      [1, 2, 3, 4].map(() => client.call(createCollection, { token: cecilia.token, body: { title: "One more" } })),
    );
    expect(begun.map(({ code }) => code).filter(Boolean).length).toBeGreaterThanOrEqual(2);
    expect(begun.find(({ status }) => status === 409)?.code).toBe("collection.too_many");
    const pages: string[] = [];
    for (let cursor: string | undefined; ;) {
      const page = good(
        await client.call(listCollections, {
          token: birger.token,
          query: { owner: cecilia.id, limit: 50, ...(cursor ? { cursor } : {}) },
        }),
      );
      pages.push(...page.items.map((item) => item.id));
      if (page.next_cursor === null) break;
      cursor = page.next_cursor;
    }
    expect(new Set(pages).size).toBe(pages.length);
    expect(pages.filter((one) => BigInt(one) < 900000n)).toHaveLength(COLLECTIONS_MAX - 3);
    expect((await client.call(listCollections, { token: birger.token, query: { limit: 51 } })).status).toBe(400);
  });
});

describe("Watch later", () => {
  test("MD139: everybody has one, made when it is first asked for; it is private, newest first, and stays", async () => {
    const dagny = await media.person("dagny");
    const by = { token: dagny.token };
    const params = { collection_id: WATCH_LATER };
    expect((await client.call(getCollection, { params })).code).toBe("collection.not_found");
    const both = await Promise.all([
      client.call(getCollection, { ...by, params }),
      client.call(getCollection, { ...by, params }),
    ]);
    expect(both[0]!.body.id).toBe(both[1]!.body.id);
    const { id } = good(both[0]!);
    const [a, b] = (await films(2)) as [VideoId, VideoId];
    await add(WATCH_LATER, a, undefined, dagny);
    await add(WATCH_LATER, b, undefined, dagny);
    expect(await order(WATCH_LATER, dagny.token)).toEqual([b, a]);
    expect((await look(id, birger.token)).code).toBe("collection.not_found");
    expect((await client.call(patchCollection, { ...by, params, body: { audience: "public" } })).code).toBe(
      "collection.built_in",
    );
    expect((await client.call(deleteCollection, { ...by, params })).code).toBe("collection.built_in");
    const own = await begin({ video_id: a }, dagny);
    const mine = good(await client.call(listCollections, { ...by, query: { video_id: b } }));
    expect(mine.items.map((item) => [item.id, item.kind, item.has_video])).toEqual([
      [id, "watch_later", true],
      [own.id, "playlist", false],
    ]);
    expect(good(await client.call(listCollections, { ...by, query: { limit: 1 } })).next_cursor).not.toBeNull();
    const others = good(await client.call(listCollections, { token: birger.token, query: { owner: dagny.id } }));
    expect(others.items.map((item) => item.id)).toEqual([own.id]);
    expect((await client.call(listCollections, {})).code).toBe("collection.owner_required");
  });
});

describe("what goes elsewhere", () => {
  test("MD140: a film that is deleted leaves all lists; a list that is deleted leaves the films; each change is told", async () => {
    const [a, b] = (await films(2)) as [VideoId, VideoId];
    const one = await filled([a, b]);
    const other = await filled([a]);
    expect((await client.call(deleteVideo, { token: astrid.token, params: { video_id: a } })).status).toBe(204);
    expect([await order(one), await order(other)]).toEqual([[b], []]);
    await media.settled();
    expect(await sql.pool`SELECT FROM media_collection_items WHERE video_id = ${a}`).toHaveLength(0);
    expect((await client.call(deleteCollection, { token: astrid.token, params: { collection_id: one } })).status).toBe(
      204,
    );
    expect((await look(one)).code).toBe("collection.not_found");
    expect(await sql.pool`SELECT FROM media_videos WHERE id = ${b} AND deleted_at IS NULL`).toHaveLength(1);
    // The rows themselves: nothing is read past a running transaction, and other test files have theirs in this cluster.
    const told = await sql.pool<{ type: string }[]>`SELECT type FROM log_events WHERE key = ${one} ORDER BY stamp, seq`;
    expect([...new Set(told.map(({ type }) => type))]).toEqual([
      "media.collection_created",
      "media.collection_changed",
      "media.collection_deleted",
    ]);
  });

  test("MD141: when a space closes, the lists in it are their owners' alone; when a person leaves, their lists go", async () => {
    const closing = media.house.db.ids.next<"space">();
    const erik = await media.person("erik");
    media.spaces.join(erik.id, closing, "public");
    const video = await film();
    const inside = await begin({ audience: "space", space_id: closing }, erik);
    const open = await begin({ audience: "public", space_id: closing, video_id: video }, erik);
    await sql.tx((tx) =>
      media.house.log.append(tx, "spaces", closing, {
        type: "spaces.space_deleted",
        version: 1,
        data: { space_id: closing, by: null },
      }),
    );
    await media.house.log.caughtUp("spaces", "media.collections");
    await media.settled();
    for (const { id } of [inside, open]) {
      expect(good(await look(id, erik.token))).toMatchObject({ audience: "private", space_id: null });
      expect((await look(id, birger.token)).code).toBe("collection.not_found");
    }
    await client.call(peopleRoutes.deleteMe, { token: erik.token, body: { password: TEST_PASSWORD } });
    await media.house.log.caughtUp("people", "media");
    await media.settled();
    expect(await sql.pool`SELECT FROM media_collections WHERE owner_id = ${erik.id}`).toHaveLength(0);
  });
});

test("no refusal above was a fault of ours", () => expect(media.house.broken).toEqual([]));
