import { AAC, type Entry, EVERYDAY, everyday, everydayTail, H264, make, moving, tone } from "./entry.ts";
import { box, boxAt, inserted, read32, with16, with32 } from "./surgery.ts";

const plays = { size: EVERYDAY, seconds: 6 };
/** What a file that lies about itself may be refused with. */
const LIES = ["video.too_long", "video.truncated", "video.broken", "video.not_media", "video.size_refused"];

const moviePart = (bytes: Uint8Array, path: string) => boxAt(bytes, path).content;

/** Absurd lengths and sizes, true ones and claimed ones. */
export const EXTENTS: Entry[] = [
  {
    name: "an edit list of years behind the film",
    async make() {
      const film = await everydayTail();
      // mvhd's duration, and the picture's edit: 0x7fffffff ms are 24 days, so the movie counts in seconds: 68 years.
      const head = moviePart(film, "moov/mvhd");
      const edit = moviePart(film, "moov/trak/edts/elst");
      const track = moviePart(film, "moov/trak/tkhd");
      return with32(film, [head + 12, 1], [head + 16, 0x7fffffff], [edit + 8, 0x7fffffff], [track + 20, 0x7fffffff]);
    },
    fate: { refused: LIES },
    short: true,
  },
  {
    name: "an empty edit of years in front of the film",
    async make() {
      const film = await everydayTail();
      const { content } = boxAt(film, "moov/trak/edts/elst");
      const empty = new Uint8Array(12);
      new DataView(empty.buffer).setUint32(0, 0x7fffffff);
      new DataView(empty.buffer).setInt32(4, -1);
      new DataView(empty.buffer).setUint32(8, 0x10000);
      const more = inserted(film, "moov/trak/edts/elst", content + 8, empty);
      return with32(more, [content + 4, read32(film, content + 4) + 1]);
    },
    fate: { either: LIES },
    short: true,
  },
  {
    name: "a track that says it lasts for 2³² ticks",
    async make() {
      const film = await everydayTail();
      const media = moviePart(film, "moov/trak/mdia/mdhd");
      return with32(film, [media + 16, 0xffffffff]);
    },
    fate: { either: LIES },
  },
  {
    // ffmpeg takes it for 1: each frame stands for 40 s.
    name: "a time scale of 0",
    sampled: true,
    async make() {
      const film = await everydayTail();
      return with32(film, [moviePart(film, "moov/trak/mdia/mdhd") + 12, 0], [moviePart(film, "moov/mvhd") + 12, 0]);
    },
    fate: { either: LIES },
  },
  {
    name: "twenty hours at one frame a second",
    async make() {
      const minute = await make("a.mp4", `${moving(60, "64x36", 1)} ${H264}`);
      return make("b.mp4", "-stream_loop 1199 -i a.mp4 -c copy", { "a.mp4": minute });
    },
    fate: { plays: { size: [64, 36], seconds: 72_000, within_s: 10, sounds: 0 } },
    sampled: true,
  },
  {
    name: "25 hours",
    async make() {
      const minute = await make("a.mp4", `${moving(60, "64x36", 1)} ${H264}`);
      return make("b.mp4", "-stream_loop 1499 -i a.mp4 -c copy", { "a.mp4": minute });
    },
    fate: { refused: ["video.too_long"] },
  },
  {
    name: "8192×16",
    make: () => make("a.mkv", "-f lavfi -i color=s=8192x16:r=5:d=1 -c:v mjpeg"),
    fate: { refused: ["video.size_refused"] },
    short: true,
  },
  {
    name: "8192×4400",
    make: () => make("a.mkv", "-f lavfi -i color=s=8192x4400:r=5:d=0.4 -c:v mjpeg"),
    fate: { refused: ["video.size_refused"] },
  },
  {
    name: "12×12",
    make: () => make("a.mkv", `${moving(1, "12x12")} -c:v mpeg4`),
    fate: { refused: ["video.size_refused"] },
  },
  {
    name: "16×16",
    make: () => make("a.mp4", `${moving(2, "16x16")} ${H264}`),
    fate: { plays: { size: [16, 16], seconds: 2, sounds: 0 } },
  },
  {
    name: "160×16, the widest shape",
    make: () => make("a.mp4", `${moving(2, "160x16")} ${H264}`),
    fate: { plays: { size: [160, 16], seconds: 2, sounds: 0 } },
  },
  {
    name: "65535 pixels a side, claimed by the container",
    async make() {
      const film = await everydayTail();
      const { content } = boxAt(film, "moov/trak/mdia/minf/stbl/stsd/avc1");
      const track = moviePart(film, "moov/trak/tkhd");
      return with32(
        with16(film, [content + 24, 65_535], [content + 26, 65_535]),
        [track + 76, 0xffff0000],
        [track + 80, 0xffff0000],
      );
    },
    fate: { either: LIES },
  },
  {
    name: "65500 pixels a side, claimed by each picture (JPEG)",
    async make() {
      const film = await make("a.mkv", `${moving(1, "64x64", 5)} -c:v mjpeg -huffman default`);
      const bytes = Buffer.from(film);
      for (let at = bytes.indexOf("ffc00011", 0, "hex"); at >= 0; at = bytes.indexOf("ffc00011", at + 1, "hex")) {
        bytes.writeUInt16BE(65_500, at + 5);
        bytes.writeUInt16BE(65_500, at + 7);
      }
      return new Uint8Array(bytes);
    },
    fate: { refused: [...LIES, "video.too_heavy"] },
  },
  {
    name: "pixels that are 60000 times as wide as high",
    async make() {
      const film = await everydayTail();
      const pasp = new Uint8Array(8);
      new DataView(pasp.buffer).setUint32(0, 60_000);
      new DataView(pasp.buffer).setUint32(4, 1);
      const path = "moov/trak/mdia/minf/stbl/stsd/avc1";
      try {
        const { content } = boxAt(film, `${path}/pasp`);
        return with32(film, [content, 60_000], [content + 4, 1]);
      } catch {
        return inserted(film, path, boxAt(film, path).end, box("pasp", pasp));
      }
    },
    fate: { either: LIES },
  },
  {
    name: "a single frame of 40 ms",
    make: () => make("a.mp4", `${moving(1)} -frames:v 1 ${H264}`),
    fate: { plays: { size: EVERYDAY, seconds: 0.04, sounds: 0 } },
    short: true,
  },
  {
    name: "two frames",
    make: () => make("a.mp4", `${moving(1)} -frames:v 2 ${H264}`),
    fate: { plays: { size: EVERYDAY, seconds: 0.08, sounds: 0 } },
  },
  {
    name: "one picture that stands for a minute",
    make: () => make("a.mp4", `-f lavfi -i color=s=160x90:r=1/30:d=60 ${H264}`),
    fate: { plays: { size: EVERYDAY, seconds: 60, within_s: 1, sounds: 0 } },
  },
  {
    name: "one picture and ten seconds of sound",
    make: () => make("a.mp4", `${moving(0.04)} ${tone(10)} ${H264} ${AAC}`),
    fate: { plays: { size: EVERYDAY, seconds: 10, within_s: 0.2 } },
  },
  {
    name: "120 frames a second",
    make: () => make("a.mp4", `${moving(5, "160x90", 120)} ${H264}`),
    fate: { plays: { size: EVERYDAY, seconds: 5, sounds: 0 } },
  },
  {
    name: "NTSC's 29.97",
    make: () => make("a.mp4", `${moving(9, "160x90", "30000/1001")} ${tone(9)} ${H264} ${AAC}`),
    fate: { plays: { size: EVERYDAY, seconds: 9, fps: 29.97 } },
    in_browser: true,
  },
  { name: "everyday film", make: everyday, fate: { plays: { ...plays, copied: true } } },
];
