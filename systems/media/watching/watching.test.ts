import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import { VIEW_AGAIN_MS, VIEWS_KEPT_MS } from "../bounds.ts";
import { createVideo, getPosition, getVideo, listVideos, putPosition } from "../contract.ts";
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
const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const PHONE =
  "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36";

interface From {
  token?: string | null;
  address?: string;
  headers?: Record<string, string>;
}

/** As the API's own fetch, so that the address can be another's. */
async function say(params: { video_id: string }, body: unknown, { token, address, headers }: From = {}) {
  const sent = new Request(`http://house.test/v1/videos/${params.video_id}/views`, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "user-agent": CHROME, ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
  });
  return (await media.house.api.fetch(sent, address ?? "192.0.2.1")).status;
}
/** Says hello, watches for ten seconds, and says so. */
async function watch(params: { video_id: string }, session: string, from: From = { token: birger.token }) {
  const hello = await say(params, { session, watched_ms: 0 }, from);
  clock.step(10_000);
  const enough = await say(params, { session, watched_ms: 10_000 }, from);
  return [hello, enough];
}

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
    const hidden = await video("private");
    expect(await watch(hidden, "session-one")).toEqual([404, 404]);
    const params = await video();
    for (const session of ["short", "x".repeat(65), "bad session!"])
      expect(await say(params, { session }, { token: birger.token })).toBe(400);
    expect(await say(params, { session: "session-one", watched_ms: -1 }, { token: birger.token })).toBe(400);
    expect(await watch(params, "session-one")).toEqual([204, 204]);
    await watch(params, "session-one");
    await watch(params, "session-two");
    await watch(params, "session-own", { token: astrid.token });
    expect(await views(params)).toBe(1);
    clock.step(VIEW_AGAIN_MS + 1_000);
    await watch(params, "session-one");
    await watch(params, "session-three");
    expect(await views(params)).toBe(2);
    // Not signed in: whatever session is named, one address and kind of device counts once in half an hour.
    await watch(params, "anybody-01", {});
    await watch(params, "anybody-02", {});
    expect(await views(params)).toBe(3);
    await watch(params, "anybody-03", { headers: { "user-agent": PHONE } });
    expect(await views(params)).toBe(4);
    // Whoever has one IPv6 address has 2^64 of them.
    for (const end of ["1", "2", "ffff:1"])
      await watch(params, `anybody-1${end.length}`, { address: `2001:db8:7:7::${end}` });
    await watch(params, "anybody-21", { address: "2001:db8:7:8::1" });
    expect(await views(params)).toBe(6);
  });

  test("MD155: a view is ten seconds that were watched, or 30 % of what is shorter, and no more than the clock allows", async () => {
    const params = await video();
    await sql.pool`UPDATE media_videos SET duration_ms = 600000 WHERE id = ${params.video_id}`;
    const as = { token: birger.token };
    await say(params, { session: "too-fast-1", watched_ms: 3_600_000 }, as);
    clock.step(1_000);
    await say(params, { session: "too-fast-1", watched_ms: 3_600_000 }, as);
    await say(params, { session: "too-fast-1" }, as);
    expect(await views(params)).toBe(0);
    await say(params, { session: "too-short1", watched_ms: 0 }, as);
    clock.step(60_000);
    await say(params, { session: "too-short1", watched_ms: 9_999 }, as);
    expect(await views(params)).toBe(0);
    await say(params, { session: "too-short1", watched_ms: 10_000 }, as);
    expect(await views(params)).toBe(1);
    const short = await video();
    await sql.pool`UPDATE media_videos SET duration_ms = 10000 WHERE id = ${short.video_id}`;
    await say(short, { session: "of-a-short", watched_ms: 0 }, as);
    clock.step(3_000);
    await say(short, { session: "of-a-short", watched_ms: 2_999 }, as);
    expect(await views(short)).toBe(0);
    await say(short, { session: "of-a-short", watched_ms: 3_000 }, as);
    expect(await views(short)).toBe(1);
  });

  test("MD156: machines, pages that are loaded ahead and nameless strangers are no viewers", async () => {
    const params = await video();
    const strangers: Record<string, string>[] = [
      { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" },
      { "user-agent": "curl/8.9" },
      { "user-agent": CHROME.replace("Chrome", "HeadlessChrome") },
      { "user-agent": "" },
      { "sec-purpose": "prefetch;prerender" },
      { purpose: "prefetch" },
    ];
    for (const [i, headers] of strangers.entries())
      expect(await watch(params, `machine-0${i}`, { headers, address: `192.0.2.1${i}` })).toEqual([204, 204]);
    expect(await sql.pool`SELECT 1 FROM media_beacons WHERE video_id = ${params.video_id}`).toHaveLength(0);
    expect(await views(params)).toBe(0);
  });

  test("MD157: of one address and hour twenty playings of a video count, whoever they say they are", async () => {
    const params = await video();
    const people = await Promise.all(Array.from({ length: 23 }, (_, i) => media.person(`crowd${i}`)));
    const say_all = async (watched_ms: number) => {
      for (const [i, { token }] of people.entries())
        await say(params, { session: `crowd-no-${i}`, watched_ms }, { token, address: "198.51.100.7" });
    };
    // On the hour, so that all of it happens within one.
    clock.step(3_600_000 - (clock.now() % 3_600_000));
    await say_all(0);
    clock.step(10_000);
    await say_all(10_000);
    expect(await views(params)).toBe(20);
    clock.step(3_600_000);
    await watch(params, "crowd-late", { token: people[22]!.token, address: "198.51.100.7" });
    expect(await views(params)).toBe(21);
  });

  test("MD52: no address is stored, counting again adds nothing, and old rows go", async () => {
    const params = await video();
    await watch(params, "anybody-03", {});
    const rows = [
      await sql.pool`SELECT * FROM media_beacons`,
      await sql.pool`SELECT * FROM media_sessions`,
      await sql.pool`SELECT viewer FROM media_views`,
    ];
    expect(JSON.stringify(rows)).not.toContain("192.0.2.1");
    expect(JSON.stringify(rows)).not.toContain("Mozilla");
    expect(await views(params)).toBe(1);
    expect(await views(params)).toBe(1);
    clock.step(VIEWS_KEPT_MS + 1_000);
    expect(await views(params)).toBe(1);
    expect(await sql.pool`SELECT 1 FROM media_views`).toHaveLength(0);
    expect(await sql.pool`SELECT 1 FROM media_sessions`).toHaveLength(0);
    await media.work("media.recount_views");
    expect(await views(params)).toBe(1);
  });

  test("MD158: a count that drifted is set right by the recount, and one that is right stays", async () => {
    const params = await video();
    await sql.pool`UPDATE media_videos SET view_count = 5, views_before = 5 WHERE id = ${params.video_id}`;
    await watch(params, "drifting-1");
    expect(await views(params)).toBe(6);
    await media.work("media.recount_views");
    expect(await views(params)).toBe(6);
    await sql.pool`UPDATE media_videos SET view_count = 99 WHERE id = ${params.video_id}`;
    await sql.pool`UPDATE media_video_days SET views = 7 WHERE video_id = ${params.video_id}`;
    await media.work("media.recount_views");
    expect(await views(params)).toBe(6);
    await sql.pool`DELETE FROM media_video_days WHERE video_id = ${params.video_id}`;
    await media.work("media.recount_views");
    expect(await views(params)).toBe(6);
  });
});

test("no refusal above was a fault of ours", () => expect(media.house.broken).toEqual([]));
