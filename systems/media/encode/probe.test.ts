import { afterAll, describe, expect, test } from "bun:test";
import { truncateSync, writeFileSync } from "node:fs";

import { probeVideo } from "./probe.ts";
import { encodeBench, FAST, MOVING, TONE } from "./testing.ts";
import { MediaRefusal } from "./tools.ts";

/** Real programs on a machine that does other things too; a test alone takes about a second. */
const ROOM_MS = 60_000;

const bench = await encodeBench();
afterAll(() => typeof bench !== "string" && bench[Symbol.dispose]());

if (typeof bench === "string") test.skip(`probe: ${bench}`, () => {});
else {
  const { needs, make, path } = bench;
  const refusal = async (file: string): Promise<MediaRefusal> => {
    try {
      await probeVideo(needs, file);
    } catch (error) {
      if (error instanceof MediaRefusal) return error;
      throw error;
    }
    throw new Error("It was not refused.");
  };
  const written = (name: string, content: string | Uint8Array) => {
    const file = path(name);
    writeFileSync(file, content);
    return file;
  };

  describe("refusals", () => {
    test(
      "EN1: an empty file, and text named .mp4",
      async () => {
        expect(await refusal(written("empty.mp4", ""))).toMatchObject({ code: "video.empty", lasting: true });
        expect(await refusal(written("text.mp4", "This is only text.\n".repeat(1000)))).toMatchObject({
          code: "video.not_media",
        });
        expect(await refusal(written("noise.mp4", crypto.getRandomValues(new Uint8Array(60_000))))).toMatchObject({
          code: "video.not_media",
        });
      },
      ROOM_MS,
    );

    test(
      "EN1, EN2: a playlist, a script and a page that point at a file on the machine",
      async () => {
        const secret = await make("secret.mp4", ...MOVING("64x64", "10", 1), ...FAST);
        const hostile = {
          "list.m3u8": `#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
          "list.mp4": `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nconcat:${secret}|file:///etc/passwd\n#EXT-X-ENDLIST\n`,
          "join.mp4": `ffconcat version 1.0\nfile '${secret}'\n`,
          "page.mp4": `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><BaseURL>file://${secret}</BaseURL></Period></MPD>`,
          "session.mp4":
            "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
          "sub.mp4": "1\n00:00:00,000 --> 00:00:10,000\nhello\n",
        };
        for (const [name, content] of Object.entries(hostile)) {
          expect({ name, code: (await refusal(written(name, content))).code }).toEqual({
            name,
            code: "video.not_media",
          });
        }
      },
      ROOM_MS,
    );

    test(
      "EN1: sound alone, also with a cover picture",
      async () => {
        expect((await refusal(await make("sound.m4a", ...TONE(1), "-c:a", "aac"))).code).toBe("video.no_picture");
        const cover = [
          "-map",
          "0:a",
          "-map",
          "1:v",
          "-c:a",
          "aac",
          "-c:v",
          "mjpeg",
          "-frames:v",
          "1",
          "-disposition:v:0",
          "attached_pic",
        ];
        expect(
          (await refusal(await make("cover.m4a", ...TONE(1), ...MOVING("64x64", "1", 1), ...cover, "-f", "mp4"))).code,
        ).toBe("video.no_picture");
      },
      ROOM_MS,
    );

    test(
      "EN2: a codec that is not on the list is named",
      async () => {
        const refused = await refusal(await make("odd.avi", ...MOVING("64x64", "10", 1), "-c:v", "ffv1"));
        expect(refused.code).toBe("video.codec_refused");
        expect(refused.detail).toContain("ffv1");
      },
      ROOM_MS,
    );

    test(
      "EN3: long and thin, or too large",
      async () => {
        const thin = await refusal(
          await make("thin.mkv", "-f", "lavfi", "-i", "color=s=16x4000:r=5:d=1", "-c:v", "mpeg4"),
        );
        expect(thin).toMatchObject({ code: "video.size_refused" });
        expect(thin.detail).toContain("16×4000");
        const stretched = await make("stretched.mp4", ...MOVING("256x256", "10", 1), "-vf", "setsar=20/1", ...FAST);
        expect((await refusal(stretched)).code).toBe("video.size_refused");
        const tiny = await refusal(await make("tiny.mkv", ...MOVING("8x8", "10", 1), "-c:v", "mpeg4"));
        expect(tiny.detail).toContain("from 16 pixels");
        const wide = await make("wide.mkv", "-f", "lavfi", "-i", "color=s=9000x1000:r=2:d=1", "-c:v", "mjpeg");
        expect((await refusal(wide)).code).toBe("video.size_refused");
      },
      ROOM_MS,
    );

    test(
      "EN4: a file whose end is missing says how much of it there is",
      async () => {
        const cut = await make("cut.mp4", ...MOVING("320x240", "25", 20), ...FAST, "-movflags", "+faststart");
        truncateSync(cut, Math.floor(Bun.file(cut).size * 0.4));
        const refused = await refusal(cut);
        expect(refused.code).toBe("video.truncated");
        expect(refused.detail).toMatch(/20\.0 s long, but it ends after [6-9]\.\d s/);
        const headless = await make("headless.mp4", ...MOVING("320x240", "25", 4), ...FAST);
        truncateSync(headless, Math.floor(Bun.file(headless).size * 0.8));
        expect((await refusal(headless)).code).toBe("video.not_media");
      },
      ROOM_MS,
    );

    test(
      "EN3: a single frame is a picture",
      async () => {
        const still = await make("still.mkv", ...MOVING("64x64", "50", 0.02), "-frames:v", "1", ...FAST);
        expect((await refusal(still)).code).toMatch(/video\.(?:too_short|broken)/);
      },
      ROOM_MS,
    );
  });

  describe("what a file is", () => {
    test(
      "EN40: all sounds, the file's own choice first, with what it says of each",
      async () => {
        const file = await make(
          "many.mkv",
          ...MOVING("320x180", "25", 1),
          ...TONE(1),
          ...FAST,
          ..."-c:a aac -map 0 -map 1 -map 1 -map 1 -metadata:s:a:0 language=sv -metadata:s:a:2 language=und".split(" "),
          ..."-metadata:s:a:2 title=Notes -disposition:a:0 0 -disposition:a:2 default".split(" "),
        );
        const { sounds } = await probeVideo(needs, file);
        expect(sounds.map(({ stream, language, title }) => [stream, language, title])).toEqual([
          [3, null, "Notes"],
          [1, "sv", null],
          [2, null, null],
        ]);
      },
      ROOM_MS,
    );

    test(
      "EN5: size, length, rate and sound",
      async () => {
        const file = await make("plain.mp4", ...MOVING("320x180", "30000/1001", 3), ...TONE(3), ...FAST, "-c:a", "aac");
        expect(await probeVideo(needs, file)).toMatchObject({
          width: 320,
          height: 180,
          rotation_deg: 0,
          video: { codec: "h264", interlaced: false, hdr: false },
          sounds: [{ stream: 1, codec: "aac", channels: 1, sample_rate_hz: 44_100, language: null }],
        });
        const { duration_ms, fps_average } = await probeVideo(needs, file);
        expect(Math.abs(duration_ms - 3_003)).toBeLessThan(60);
        expect(fps_average).toBeCloseTo(29.97, 2);
      },
      ROOM_MS,
    );

    test(
      "EN5: turned as a phone was held, and with stretched pixels",
      async () => {
        const flat = await make("flat.mp4", ...MOVING("320x180", "25", 1), ...FAST);
        const turned = await make("turned.mp4", "-i", flat, "-c", "copy", "-metadata:s:v:0", "rotate=90");
        expect(await probeVideo(needs, turned)).toMatchObject({ width: 180, height: 320 });
        expect((await probeVideo(needs, turned)).rotation_deg % 180).toBe(90);
        const dv = await make("dv.mp4", ...MOVING("720x576", "25", 1), "-vf", "setsar=16/11", ...FAST);
        expect(await probeVideo(needs, dv)).toMatchObject({ width: 1047, height: 576 });
      },
      ROOM_MS,
    );

    test(
      "EN2: captions and a cover beside the film do not hinder it",
      async () => {
        const captions = written("captions.srt", "1\n00:00:00,000 --> 00:00:01,000\nhello\n");
        const film = ["-i", captions, ...MOVING("160x120", "10", 1), ...MOVING("64x64", "1", 1)];
        const maps = [
          "-map",
          "1:v",
          "-map",
          "2:v",
          "-map",
          "0:s",
          ...FAST,
          "-c:v:1",
          "png",
          "-disposition:v:1",
          "attached_pic",
        ];
        expect(await probeVideo(needs, await make("a.mp4", ...film, ...maps, "-c:s", "mov_text"))).toMatchObject({
          width: 160,
          height: 120,
        });
        expect(
          await probeVideo(needs, await make("a.mkv", ...film, "-map", "1:v", "-map", "0:s", ...FAST, "-c:s", "srt")),
        ).toMatchObject({ width: 160 });
      },
      ROOM_MS,
    );

    test(
      "EN4: a browser's recording does not say its length",
      async () => {
        // A live WebM has neither a length in front nor an index behind.
        const file = await make(
          "recording.webm",
          ...MOVING("160x120", "20", 3),
          "-c:v",
          "libvpx",
          "-deadline",
          "realtime",
          "-live",
          "1",
        );
        const { duration_ms } = await probeVideo(needs, file);
        expect(Math.abs(duration_ms - 3_000)).toBeLessThan(120);
      },
      ROOM_MS,
    );

    test(
      "every container and codec on the lists that ffmpeg can make here is read",
      async () => {
        const kinds: [string, string[]][] = [
          ["a.mov", FAST],
          ["a.mkv", ["-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none"]],
          ["a.avi", ["-c:v", "mpeg4"]],
          ["a.ts", FAST],
          ["a.mpg", ["-c:v", "mpeg2video"]],
          ["a.ogv", ["-c:v", "libtheora"]],
          ["a.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"]],
          ["a.3gp", FAST],
        ];
        for (const [name, codec] of kinds) {
          const file = await make(name, ...MOVING("176x144", "25", 1), ...codec);
          const { width, height } = await probeVideo(needs, file);
          expect({ name, width, height }).toEqual({ name, width: 176, height: 144 });
        }
      },
      ROOM_MS,
    );
  });
}
