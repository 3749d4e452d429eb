import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdtemp, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { retryVideo } from "../contract.ts";
import type { ProgramRun } from "../testing.ts";
import { good, machineFfmpeg, makeClip, mediaHouse, uploadVideo, videoWhen } from "../testing.ts";

setDefaultTimeout(60_000);
const ffmpeg = machineFfmpeg();
const MKV = { filename: "film.mkv", media_type: "video/x-matroska" };
/** Far below the house's minute; far above what a busy machine takes to begin. */
const STALL_MS = 4_000;
let clip = new Uint8Array();
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "encoder-"));
  await chmod(folder, 0o755);
  if (ffmpeg) clip = await makeClip({ seconds: 10, size: "160x90", format: "mkv" });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const encodes = (runs: ProgramRun[]) => runs.filter(({ argv }) => argv.some((word) => word.endsWith("/%d.m4s")));

/** An ffmpeg that can be told to hang whenever it encodes. What is running goes on as it began. */
async function moodyFfmpeg() {
  const path = join(folder, crypto.randomUUID());
  const become = async (script: string) => {
    await Bun.write(`${path}.new`, `#!/bin/sh\n${script}\n`);
    await chmod(`${path}.new`, 0o755);
    await rename(`${path}.new`, path);
  };
  const works = `exec ${ffmpeg} "$@"`;
  await become(works);
  return {
    tools: { ffmpeg: path, ffprobe: Bun.which("ffprobe")!, version: "moody", can_tone_map: false, can_av1: false },
    hang: () => become(`case "$*" in *%d.m4s*) exec sleep 600;; esac\n${works}`),
    work: () => become(works),
  };
}

describe.skipIf(ffmpeg === null)("a bad day", () => {
  test.concurrent(
    "MD190: an ffmpeg that hangs is ended, tried three times with pauses, then the video says so and can be tried again",
    async () => {
      const moody = await moodyFfmpeg();
      await moody.hang();
      await using house = await mediaHouse({
        tools: moody.tools,
        limits: { eager_side_px_max: 1, stall_ms_max: STALL_MS },
      });
      const { token } = await house.person("astrid");
      const id = await uploadVideo(house, token, clip, MKV);
      const video = await videoWhen(house, token, id, ({ status }) => status !== "processing");
      expect(video).toMatchObject({ status: "failed", failure: { code: "video.stalled", can_retry: true } });
      expect(video.failure!.detail).toContain("came to a halt");
      expect(video.failure!.detail).toContain("Try again");
      // What makes the beginning and what makes the rest: each has its three.
      const dead = house.failures.find(({ end }) => end === "dead");
      expect(dead?.attempt).toBe(3);
      const tries = house.failures.filter(({ kind }) => kind === dead?.kind);
      expect(tries.map(({ attempt, end }) => [attempt, end])).toEqual([
        [1, "retry"],
        [2, "retry"],
        [3, "dead"],
      ]);
      expect(encodes(house.runs).length).toBeLessThanOrEqual(6);
      expect(encodes(house.runs).filter(({ ended }) => ended === "exited")).toEqual([]);
      await moody.work();
      good(await house.client.call(retryVideo, { token, params: { video_id: id } }));
      const again = await videoWhen(house, token, id, ({ status }) => status !== "processing");
      expect(again).toMatchObject({ status: "ready", progress: 1 });
      expect(again.failure ?? null).toBeNull();
      expect(house.house.broken).toEqual([]);
    },
  );

  test.concurrent(
    "MD190: on demand too: who waits is told after three tries, the rest plays, and it is made when the pause is over",
    async () => {
      const moody = await moodyFfmpeg();
      await using house = await mediaHouse({
        tools: moody.tools,
        limits: { eager_side_px_max: 1, stall_ms_max: STALL_MS },
      });
      const { token } = await house.person("astrid");
      const id = await uploadVideo(house, token, clip, MKV);
      const video = await videoWhen(house, token, id, ({ status }) => status !== "processing");
      await house.settled();
      const { at, segments } = await listOf(house, video.hls_url!, video.renditions.at(-1)!.rung);
      await moody.hang();
      const before = house.runs.length;
      // A viewer waits for so long and comes again; each time it is a sentence and a time to come back at.
      let answer: Response;
      let said = "";
      do {
        answer = await house.ask(at(segments[1]!));
        expect([answer.status, Number(answer.headers.get("retry-after")) > 0]).toEqual([503, true]);
        said = await answer.text();
      } while (said.includes("media.busy"));
      expect(said).toContain("media.segment_failed");
      expect(encodes(house.runs.slice(before)).map(({ ended }) => ended)).toEqual(["killed", "killed", "killed"]);
      await moody.work();
      expect((await house.ask(at(segments[2]!))).status).toBe(200);
      expect((await house.ask(at(segments[1]!))).status).toBe(503);
      await house.house.db.sql.pool`UPDATE media_making_leases SET until = clock_timestamp() WHERE video_id = ${id}`;
      expect((await house.ask(at(segments[1]!))).status).toBe(200);
    },
  );

  test("MD191: on a full disk nothing is encoded for who asks: 507 with a reason; what is stored plays, and with room it is made at once", async () => {
    let free = Number.MAX_SAFE_INTEGER;
    await using real = await mediaHouse();
    await using house = await mediaHouse({
      blobs: { ...real.blobs, freeBytes: async () => free },
      limits: { eager_side_px_max: 1 },
    });
    const { token } = await house.person("astrid");
    const id = await uploadVideo(house, token, clip, MKV);
    const video = await videoWhen(house, token, id, ({ status }) => status !== "processing");
    await house.settled();
    const { at, segments } = await listOf(house, video.hls_url!, video.renditions.at(-1)!.rung);
    expect((await house.ask(at(segments[0]!))).status).toBe(200);
    free = 1_000;
    const before = house.runs.length;
    const answer = await house.ask(at(segments[1]!));
    expect(answer.status).toBe(507);
    expect(await answer.json()).toMatchObject({ code: "media.no_space" });
    expect(answer.headers.get("retry-after")).toBe("30");
    expect(house.runs.length).toBe(before);
    expect((await house.ask(at(segments[0]!))).status).toBe(200);
    free = Number.MAX_SAFE_INTEGER;
    expect((await house.ask(at(segments[1]!))).status).toBe(200);
    expect(house.house.broken).toEqual([]);
  });
});

async function listOf(house: Pick<Awaited<ReturnType<typeof mediaHouse>>, "ask">, master: string, rung: string) {
  const base = new URL(master, "http://house.test");
  const at = (file: string) => new URL(file, base).href;
  const text = await (await house.ask(at(`${rung}.m3u8`))).text();
  return { at, segments: text.split("\n").filter((line) => line.endsWith(".m4s")) };
}
