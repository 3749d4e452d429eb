import { afterAll, expect, test } from "bun:test";

import { createVideo, getVideo, listEdits, replaceVideo, trimVideo, type Video } from "#systems/media/contract.ts";

import { makeClip, personOf, startHouse, uploadFile } from "./house.ts";

const house = await startHouse();
afterAll(() => house[Symbol.asyncDispose]());
const token = await personOf(house, "astrid");

/** Each kill costs a start; `CRASH_EDITS=50` for an afternoon of them. */
const KILLS = Number(process.env.CRASH_EDITS ?? 3);
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
const LENGTHS_S = [8, 5];

function* randoms(from: number): Generator<number> {
  for (let state = from; ;) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    yield state / 0x7fff_ffff;
  }
}

async function videoOf(id: string): Promise<Video> {
  return (await house.client.call(getVideo, { token, params: { video_id: id } })).body;
}
async function until<T>(ask: () => Promise<T>, good: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    await Bun.sleep(50);
  }
}
/** Plays it as a player begins: the master, a list, its init and its last segment. */
async function plays(video: Video): Promise<void> {
  const base = new URL(video.hls_url!, house.url);
  const text = async (url: URL) => {
    const answer = await fetch(url);
    expect([url.pathname.split("/").at(-1), answer.status]).toEqual([url.pathname.split("/").at(-1), 200]);
    return answer.text();
  };
  const line = (list: string) => list.split("\n").find((one) => one !== "" && !one.startsWith("#"))!;
  const track = new URL(line(await text(base)), base);
  const list = await text(track);
  const seconds = [...list.matchAll(/#EXTINF:([\d.]+)/g)].reduce((sum, [, s]) => sum + Number(s), 0);
  expect(Math.abs(seconds * 1000 - video.duration_ms!)).toBeLessThan(500);
  const last = list.split("\n").findLast((one) => one !== "" && !one.startsWith("#"))!;
  expect((await fetch(new URL(last, track))).status).toBe(200);
}

test(
  `CR8: a kill -9 at any moment of replacing or cutting leaves all of the old file or all of the new one (seed ${seed})`,
  async () => {
    const random = randoms(seed);
    const next = () => random.next().value as number;
    const clips = await Promise.all(LENGTHS_S.map((seconds) => makeClip({ seconds, width: 320, height: 180 })));
    const send = async (at: number) =>
      uploadFile(house, token, { name: "a.mp4", media_type: "video/mp4", bytes: clips[at]! });
    const body = { upload_id: await send(0), title: "A film", audience: "private" as const };
    const { id } = (await house.client.call(createVideo, { token, body })).body;
    const params = { video_id: id };
    let before = await until(
      () => videoOf(id),
      ({ status }) => status !== "processing",
    );
    expect(before.status).toBe("ready");
    for (let kill = 0; kill < KILLS; kill++) {
      const cutting = kill % 3 === 2;
      const asked = cutting
        ? await house.client.call(trimVideo, {
            token,
            params,
            body: { start_ms: 1_000, end_ms: 4_000, save_as: "replace" },
          })
        : await house.client.call(replaceVideo, { token, params, body: { upload_id: await send((kill + 1) % 2) } });
      expect(asked.status).toBe(202);
      await Bun.sleep(next() * 2_500);
      await house.crash();
      await house.leasesEnd();
      await house.restart();
      const now = await videoOf(id);
      expect(now.status).toBe("ready");
      await plays(now);
      const lengths = [before.duration_ms!, cutting ? 3_000 : LENGTHS_S[(kill + 1) % 2]! * 1000];
      expect(Math.min(...lengths.map((ms) => Math.abs(ms - now.duration_ms!)))).toBeLessThan(300);
      const { items } = await until(
        async () => (await house.client.call(listEdits, { token, params })).body,
        ({ items }) => items[0]?.ended_at !== null,
      );
      expect([items[0]?.status, items[0]?.failure]).toEqual(["done", null]);
      before = await videoOf(id);
      expect(Math.abs(before.duration_ms! - lengths[1]!)).toBeLessThan(300);
      await plays(before);
    }
  },
  10 * 60_000,
);
