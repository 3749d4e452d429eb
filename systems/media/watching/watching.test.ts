import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { VIEW_AGAIN_MS, VIEWS_KEPT_MS } from "../bounds.ts";
import { countView, createVideo, getPosition, getVideo, listVideos, putPosition } from "../contract.ts";
import { createSteppedClock, good, mediaHouse, uploadBytes } from "../testing.ts";

setDefaultTimeout(60_000);
const clock = createSteppedClock();
const media = await mediaHouse({ clock });
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const astrid = await media.person("astrid");
const birger = await media.person("birger");
const { sql } = media.house.db;

/** A video that can be played, without the time to make one. */
async function video(audience: "public" | "private" = "public") {
  await media.jobs.drain(1_000);
  const upload_id = await uploadBytes(media, astrid.token, new Uint8Array(10), {
    filename: "a.mp4",
    media_type: "video/mp4",
  });
  const { id } = good(
    await client.call(createVideo, { token: astrid.token, body: { upload_id, title: "A film", audience } }),
  );
  await sql.pool`UPDATE media_videos SET status = 'ready', ready_at = now(), playable_at = now() WHERE id = ${id}`;
  return { video_id: id };
}
const views = async (params: { video_id: string }) => {
  media.jobs.start();
  await media.work("media.count_views");
  return good(await client.call(getVideo, { token: astrid.token, params })).view_count;
};
const watch = (params: { video_id: string }, session: string, token: string | null = birger.token) =>
  client.call(countView, { token, params, body: { session } });

describe("where somebody stopped", () => {
  test("MD50: is kept per person; the later call wins; a private video has none for others", async () => {
    const params = await video("private");
    expect((await client.call(putPosition, { token: birger.token, params, body: { position_ms: 1 } })).code).toBe(
      "video.not_found",
    );
    expect((await client.call(putPosition, { params, body: { position_ms: 1 } })).status).toBe(401);
    expect((await client.call(putPosition, { token: astrid.token, params, body: { position_ms: -1 } })).status).toBe(
      400,
    );
    expect(
      (await client.call(putPosition, { token: astrid.token, params, body: { position_ms: 90_000_000 } })).status,
    ).toBe(400);
    expect(good(await client.call(getPosition, { token: astrid.token, params })).position_ms).toBeNull();
    await client.call(putPosition, { token: astrid.token, params, body: { position_ms: 5_000 } });
    clock.step(1_000);
    await client.call(putPosition, { token: astrid.token, params, body: { position_ms: 9_000 } });
    expect(good(await client.call(getPosition, { token: astrid.token, params })).position_ms).toBe(9_000);
    expect(good(await client.call(getVideo, { token: astrid.token, params })).position_ms).toBe(9_000);
    expect(good(await client.call(listVideos, { token: astrid.token })).items[0]!.position_ms).toBe(9_000);
  });
});

describe("views", () => {
  test("MD51: one per viewer and session, not the owner's, not twice in half an hour, nobody's without the right to see", async () => {
    const params = await video();
    await watch(params, "session-one");
    await watch(params, "session-one");
    await watch(params, "session-two");
    await watch(params, "session-own", astrid.token);
    expect(await views(params)).toBe(1);
    clock.step(VIEW_AGAIN_MS + 1_000);
    await watch(params, "session-one");
    await watch(params, "session-three");
    expect(await views(params)).toBe(2);
    // Not signed in: whatever session is named, one address counts once in half an hour.
    await watch(params, "anybody-01", null);
    await watch(params, "anybody-02", null);
    expect(await views(params)).toBe(3);
    // Whoever has one IPv6 address has 2^64 of them.
    const watchFrom = (address: string) =>
      media.house.api.fetch(
        new Request(`http://house.test/v1/videos/${params.video_id}/views`, {
          method: "POST",
          body: '{"session":"anybody-01"}',
        }),
        address,
      );
    for (const end of ["1", "2", "ffff:1"]) expect((await watchFrom(`2001:db8:7:7::${end}`)).status).toBe(204);
    expect((await watchFrom("2001:db8:7:8::1")).status).toBe(204);
    expect(await views(params)).toBe(5);
    const hidden = await video("private");
    expect((await watch(hidden, "session-one")).code).toBe("video.not_found");
    expect((await watch(params, "short")).status).toBe(400);
    expect((await watch(params, "x".repeat(65))).status).toBe(400);
    expect((await watch(params, "bad session!")).status).toBe(400);
  });

  test("MD52: no address is stored, counting again adds nothing, and old rows go", async () => {
    const params = await video();
    await watch(params, "anybody-03", null);
    const rows = await sql.pool<{ viewer: string }[]>`SELECT viewer FROM media_views`;
    expect(JSON.stringify(rows)).not.toContain("192.0.2.1");
    expect(await views(params)).toBe(1);
    expect(await views(params)).toBe(1);
    clock.step(VIEWS_KEPT_MS + 1_000);
    expect(await views(params)).toBe(1);
    expect(await sql.pool`SELECT 1 FROM media_views`).toHaveLength(0);
  });
});

test("no refusal above was a fault of ours", () => expect(media.house.broken).toEqual([]));
