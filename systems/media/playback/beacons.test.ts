import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";

import {
  createVideo,
  deleteVideo,
  getHouseQuality,
  getMyAnalytics,
  getVideo,
  getVideoAnalytics,
  type VideoAnalytics,
} from "../contract.ts";
import { createSteppedClock, good, mediaHouse, uploadBytes } from "../testing.ts";
import { agentOf, isMachine } from "./agents.ts";
import { BEACONS_BURST, DAY_VIEWERS_KEPT_MS } from "./bounds.ts";
import type { BeaconIn } from "./contract.ts";
import { quantileOf, stepOf } from "./histogram.ts";

setDefaultTimeout(60_000);
const clock = createSteppedClock();
const media = await mediaHouse({ clock });
afterAll(() => media[Symbol.asyncDispose]());
const { client } = media;
const { sql } = media.house.db;
const astrid = await media.person("astrid");
const birger = await media.person("birger");
const moderator = await media.person("moa", "moderator");
const admin = await media.person("ada", "admin");

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
const DURATION_MS = 100_000;

/** A video of a hundred seconds that can be played, without the time to make one. */
async function video(audience: "public" | "private" = "public") {
  await media.jobs.drain(1_000);
  const file = { filename: "a.mp4", media_type: "video/mp4" };
  const upload_id = await uploadBytes(media, astrid.token, new Uint8Array(10), file);
  const { id } = good(
    await client.call(createVideo, { token: astrid.token, body: { upload_id, title: "A film", audience } }),
  );
  await sql.pool`UPDATE media_videos SET status = 'ready', ready_at = now(), playable_at = now(), duration_ms = ${DURATION_MS} WHERE id = ${id}`;
  for (const [position, rung] of ["240p", "480p"].entries())
    await sql.pool`INSERT INTO media_rungs (video_id, rung, kind, position, bitrate_bps, codecs, segment_count) VALUES (${id}, ${rung}, 'video', ${position}, 1, 'x', 25)`;
  return id;
}

interface From {
  token?: string | null;
  address?: string;
  headers?: Record<string, string>;
  raw?: string;
}

async function tell(id: string, beacon: BeaconIn | object, { token, address, headers, raw }: From = {}) {
  const body = raw ?? JSON.stringify(beacon);
  const sent = new Request(`http://house.test/v1/videos/${id}/beacons`, {
    method: "POST",
    body,
    headers: {
      "content-type": "application/json",
      "user-agent": CHROME,
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...headers,
    },
  });
  return (await media.house.api.fetch(sent, address ?? "192.0.2.1")).status;
}

async function analytics(id: string, days = 2, token = astrid.token): Promise<VideoAnalytics> {
  media.jobs.start();
  await media.work("media.count_views");
  return good(await client.call(getVideoAnalytics, { token, params: { video_id: id }, query: { days } }));
}

describe("a beacon", () => {
  test("MD159: of what one may not see, of too much and of nonsense is refused; as text it is taken like JSON", async () => {
    const hidden = await video("private");
    expect(await tell(hidden, { session: "abcdefgh", seq: 0 })).toBe(404);
    const id = await video();
    const wrong: object[] = [
      {},
      { session: "abcdefgh" },
      { session: "abc", seq: 0 },
      { session: "abcdefgh", seq: -1 },
      { session: "abcdefgh", seq: 10_000 },
      { session: "abcdefgh", seq: 0.5 },
      { session: "abcdefgh", seq: 0, played_ms: -1 },
      { session: "abcdefgh", seq: 0, played_ms: "1" },
      { session: "abcdefgh", seq: 0, from: "https://elsewhere.test" },
      { session: "abcdefgh", seq: 0, watched: [[5, 4]] },
      { session: "abcdefgh", seq: 0, watched: [[0, 100]] },
      { session: "abcdefgh", seq: 0, watched: Array.from({ length: 101 }, () => [0, 0]) },
      { session: "abcdefgh", seq: 0, errors: Array.from({ length: 9 }, () => "a") },
      { session: "abcdefgh", seq: 0, errors: ["<script>"] },
      { session: "abcdefgh", seq: 0, rungs: Object.fromEntries(Array.from({ length: 13 }, (_, i) => [`${i}p`, 1])) },
    ];
    for (const beacon of wrong) expect([beacon, await tell(id, beacon)]).toEqual([beacon, 400]);
    expect(await tell(id, {}, { raw: '{"session":"abcdefgh","seq":0,"played_ms":[{"__proto__":1}]}' })).toBe(400);
    expect(await tell(id, {}, { raw: '{"session":"abcdefgh","seq":0,"played_ms":1e999}' })).toBe(400);
    expect(await tell(id, { session: "abcdefgh", seq: 0, player: "x".repeat(5_000) })).toBe(413);
    expect(await tell(id, {}, { raw: "session=abcdefgh", headers: { "content-type": "text/html" } })).toBe(415);
    // Names that are something to the language are names like others.
    expect(
      await tell(id, { session: "text-01-", seq: 0, errors: ["constructor", "toString"] }, { token: birger.token }),
    ).toBe(204);
    expect(
      await tell(id, { session: "text-02-", seq: 0 }, { headers: { "content-type": "text/plain;charset=UTF-8" } }),
    ).toBe(204);
    const { totals, quality } = await analytics(id);
    expect(totals.sessions).toBe(2);
    expect(quality.errors).toEqual([
      { code: "constructor", count: 1 },
      { code: "toString", count: 1 },
    ]);
  });

  test("MD160: told twice, late or in another order it counts once; the owner's and a machine's not at all; what is too large is cut", async () => {
    const id = await video();
    const as = { token: birger.token };
    const first: BeaconIn = { session: "twice-01", seq: 0, startup_ms: 400, from: "home", autoplay: true };
    const second: BeaconIn = {
      session: "twice-01",
      seq: 1,
      played_ms: 9e9,
      rebuffers: 2,
      rebuffer_ms: 3_000,
      switches: 1,
      rungs: { "480p": 20_000, "9999p": 10_000 },
    };
    await tell(id, first, as);
    clock.step(10_000);
    await tell(id, { ...second, seq: 2, rungs: {} }, as);
    await tell(id, second, as);
    await tell(id, first, as);
    await analytics(id);
    await tell(id, second, as);
    await tell(id, { ...second, session: "owner-01" }, { token: astrid.token });
    await tell(id, { ...second, session: "machine1" }, { headers: { "user-agent": "Twitterbot/1.0" } });
    const { totals, quality, referrers, views_total } = await analytics(id);
    // A player that claims hours is credited with what the clock allows: twice ten seconds, and one.
    expect(totals).toMatchObject({ sessions: 1, views: 1, viewer_days: 1, autoplay_share: 1 });
    expect(totals.watched_ms).toBeWithin(21_000, 22_000);
    expect(views_total).toBe(1);
    expect(quality.rebuffering).toEqual({ count: 4, ms: 6_000, ratio: expect.closeTo(0.222, 2) as number });
    expect(quality.switches).toBe(2);
    expect(quality.rungs).toEqual([
      { rung: "480p", watched_ms: 20_000, share: 0.6667 },
      { rung: "other", watched_ms: 10_000, share: 0.3333 },
    ]);
    expect(quality.startup).toMatchObject({ starts: 1 });
    expect(referrers).toEqual([{ name: "home", count: 1, share: 1 }]);
    expect(quality.devices).toEqual([{ name: "desktop", count: 1, share: 1 }]);
  });

  test("MD161: an address may tell so often, and is told when it may again; a player that talks without pause is not listened to", async () => {
    const id = await video();
    const address = "203.0.113.9";
    const answers: number[] = [];
    for (let seq = 0; seq < 3 * BEACONS_BURST && answers.at(-1) !== 429; seq++)
      answers.push(await tell(id, { session: "flooding", seq, rebuffers: 1 }, { address }));
    expect(answers[0]).toBe(204);
    expect(answers.at(-1)).toBe(429);
    expect(await tell(id, { session: "quiet-01", seq: 0 }, { address: "203.0.113.10" })).toBe(204);
    const { quality } = await analytics(id);
    expect(quality.rebuffering.count).toBeWithin(12, 30);
  });
});

describe("what becomes of beacons", () => {
  test("MD162: a hundredth counts once per session, and apart when it is watched again; more than was played is cut", async () => {
    const id = await video();
    const play = async (session: string, tells: Partial<BeaconIn>[]) => {
      for (const [seq, beacon] of tells.entries()) {
        await tell(id, { session, seq, ...beacon }, { token: birger.token });
        clock.step(10_000);
      }
    };
    await play("curve-01", [
      { watched: [[0, 0]], played_ms: 500 },
      { watched: [[1, 9]], played_ms: 9_500 },
      { watched: [[5, 9]], played_ms: 5_000 },
    ]);
    await play("curve-02", [{ watched: [[0, 4]], played_ms: 5_000 }]);
    await play("curve-03", [{ startup_ms: 10 }]);
    await play("curve-04", [{ watched: [[0, 99]], played_ms: 1_000 }]);
    const { retention } = await analytics(id);
    expect(retention.sessions).toBe(3);
    expect(retention.watched.slice(0, 11)).toEqual([1, 1, 1, 0.6667, 0.6667, ...Array<number>(5).fill(0.3333), 0]);
    expect(retention.again.slice(4, 11)).toEqual([0, ...Array<number>(5).fill(0.3333), 0]);
    expect(retention.watched).toHaveLength(100);
    expect(retention.average_share).toBe(0.06);
  });

  test("MD164: percentiles come from steps of a fourth of an octave and are right to 9 %", () => {
    const seed = 20_261_121;
    let x = seed;
    const random = () => (x = (x * 48_271) % 2_147_483_647) / 2_147_483_647;
    const values = Array.from({ length: 5_000 }, () => Math.round(10 * 2 ** (random() * 12))).sort((a, b) => a - b);
    const steps: number[] = new Array<number>(64).fill(0);
    for (const value of values) steps[stepOf(value)]! += 1;
    for (const q of [0.01, 0.5, 0.95, 0.99]) {
      const true_ms = values[Math.ceil(q * values.length) - 1]!;
      expect(Math.abs(quantileOf(steps, q)! / true_ms - 1)).toBeLessThan(0.1);
    }
    expect(quantileOf([], 0.5)).toBeNull();
    expect([stepOf(0), stepOf(10), stepOf(1e9)]).toEqual([0, 0, 63]);
  });

  test("MD165: its owner and the house's moderators see the numbers of a video, admins those of the house; every day is in them", async () => {
    const id = await video();
    const params = { video_id: id };
    await tell(id, { session: "numbers1", seq: 0, startup_ms: 300 }, { token: birger.token });
    const asked = async (token: string | null, days = "28") =>
      client.call(getVideoAnalytics, { token, params, query: { days } as never });
    expect((await asked(null)).status).toBe(401);
    expect((await asked(birger.token)).code).toBe("video.not_yours");
    expect((await asked(astrid.token, "0")).status).toBe(400);
    expect((await asked(astrid.token, "401")).status).toBe(400);
    expect((await asked(moderator.token)).status).toBe(200);
    const hidden = { video_id: await video("private") };
    expect((await client.call(getVideoAnalytics, { token: birger.token, params: hidden })).code).toBe(
      "video.not_found",
    );
    const own = await analytics(id, 28);
    expect(own.by_day).toHaveLength(28);
    expect(own.by_day.at(-1)).toMatchObject({ day: own.until, sessions: 1 });
    expect(own.by_day[0]!.day).toBe(own.since);
    expect(own.kept).toMatchObject({ class: "warm" });
    expect((await client.call(getHouseQuality, { token: moderator.token })).status).toBe(403);
    const house = good(await client.call(getHouseQuality, { token: admin.token }));
    expect(house.by_day).toHaveLength(28);
    expect(house.totals.sessions).toBeGreaterThan(5);
    expect(house.quality.startup.p50_ms).toBeWithin(10, 1_000);
  });

  test("MD188: an owner's numbers over all films are the sums of what is still there; nobody else's are in them", async () => {
    const asked = async (token: string | null, days = 28) => client.call(getMyAnalytics, { token, query: { days } });
    expect((await asked(null)).status).toBe(401);
    expect((await asked(astrid.token, 0)).status).toBe(400);
    expect(good(await asked(birger.token)).totals).toMatchObject({ videos: 0, views: 0, sessions: 0 });
    const before = good(await asked(astrid.token));
    const [long, short] = [await video(), await video("private")];
    await tell(long, { session: "mine-all-1", seq: 0 }, { token: birger.token });
    clock.step(10_000);
    await tell(long, { session: "mine-all-1", seq: 1, played_ms: 10_000 }, { token: birger.token });
    await analytics(long);
    const after = good(await asked(astrid.token));
    expect(after.by_day).toHaveLength(28);
    expect(after.totals.videos).toBe(before.totals.videos + 2);
    expect(after.totals.watched_ms).toBe(before.totals.watched_ms + 10_000);
    expect(after.totals.sessions).toBe(before.totals.sessions + 1);
    expect(after.most_watched.map((one) => one.video.id)).toContain(long);
    expect(after.most_watched.map((one) => one.video.id)).not.toContain(short);
    const watched = after.most_watched.map((one) => one.watched_ms);
    expect(watched).toEqual(watched.toSorted((a, b) => b - a));
    await client.call(deleteVideo, { token: astrid.token, params: { video_id: long } });
    expect(good(await asked(astrid.token)).totals.watched_ms).toBe(before.totals.watched_ms);
  });

  test("MD166: viewers of a day are counted by hashes that say nothing on another day, and go after a week", async () => {
    const id = await video();
    for (const session of ["day-one-1", "day-one-2"]) {
      await tell(id, { session, seq: 0 }, { token: birger.token });
      clock.step(10_000);
      await tell(id, { session, seq: 1, played_ms: 10_000 }, { token: birger.token });
    }
    clock.step(86_400_000);
    await tell(id, { session: "day-two-1", seq: 0 }, { token: birger.token });
    clock.step(10_000);
    await tell(id, { session: "day-two-1", seq: 1, played_ms: 10_000 }, { token: birger.token });
    expect((await analytics(id)).by_day.map((day) => day.viewers)).toEqual([1, 1]);
    const kept = () =>
      sql.pool<{ viewer: string }[]>`SELECT viewer FROM media_day_viewers WHERE video_id = ${id} ORDER BY day`;
    const [one, two] = await kept();
    expect(one!.viewer).not.toBe(two!.viewer);
    expect(`${one!.viewer}${two!.viewer}`).not.toContain(birger.id);
    clock.step(DAY_VIEWERS_KEPT_MS + 86_400_000);
    expect((await analytics(id, 20)).totals.viewer_days).toBe(2);
    expect(await kept()).toHaveLength(0);
    expect(good(await client.call(getVideo, { token: astrid.token, params: { video_id: id } })).view_count).toBe(2);
    // Days that are too old for a chart stay in the sum.
    clock.step(401 * 86_400_000);
    const again = await media.person("astrid");
    const later = await analytics(id, 400, again.token);
    expect(later.totals.views).toBe(0);
    expect(later.views_total).toBe(2);
    await media.work("media.recount_views");
    expect((await analytics(id, 2, again.token)).views_total).toBe(2);
  });

  test("MD156: families of browsers are told apart, and machines from people", () => {
    const phone =
      "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";
    expect(agentOf(phone)).toEqual({ device: "phone", browser: "safari" });
    expect(agentOf(CHROME)).toEqual({ device: "desktop", browser: "chrome" });
    expect(agentOf(`${CHROME} Edg/140.0`)).toEqual({ device: "desktop", browser: "edge" });
    expect(agentOf("Mozilla/5.0 (SMART-TV; Linux; Tizen 8.0) Chrome/120 TV Safari/537.36").device).toBe("tv");
    expect(agentOf(null)).toEqual({ device: "other", browser: "other" });
    const none = () => null;
    expect(isMachine(phone, false, none)).toBe(false);
    expect(isMachine(null, true, none)).toBe(false);
    expect(isMachine(null, false, none)).toBe(true);
    // A name that is long says no more than a short one, and costs no more.
    expect(isMachine("x".repeat(1_000_000), false, none)).toBe(false);
  });
});

test("no refusal above was a fault of ours", () => expect(media.house.broken).toEqual([]));
