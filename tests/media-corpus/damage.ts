import { withFree } from "./containers.ts";
import { AAC, type Entry, EVERYDAY, everyday, everydayTail, H264, make, moving, tone } from "./entry.ts";
import { box, boxAt, flipped, joined, with32 } from "./surgery.ts";

const plays = { size: EVERYDAY, seconds: 6 };
const BROKEN = [
  "video.broken",
  "video.truncated",
  "video.not_media",
  "video.codec_refused",
  "video.too_heavy",
  "video.size_refused",
  "video.too_long",
  "video.too_short",
  "video.sound_refused",
  "video.no_picture",
];
const webm = { filename: "a.webm", media_type: "video/webm" };
const avi = { filename: "a.avi", media_type: "video/x-msvideo" };
const VP8 = "-c:v libvpx -deadline realtime -cpu-used 8";

/** Bits turned over somewhere: the same ones each time. */
const flips = (
  kind: string,
  seed: number,
  many: number,
  film: () => Promise<Uint8Array>,
  file: Partial<Entry> = {},
): Entry => ({
  name: `${many} bits turned over in ${kind} (seed ${seed})`,
  make: async () => flipped(await film(), seed, many),
  fate: { either: BROKEN },
  ...file,
});
const inIndex = (seed: number): Entry => ({
  name: `20 bits turned over in an MP4's index (seed ${seed})`,
  async make() {
    const film = await everyday();
    const { content, end } = boxAt(film, "moov");
    return flipped(film, seed, 20, content, end);
  },
  fate: { either: BROKEN },
});

/** Files that are whole in an odd order, and files that are not whole. */
export const DAMAGE: Entry[] = [
  {
    name: "the index behind",
    make: everydayTail,
    fate: { plays: { ...plays, copied: true } },
    short: true,
    in_browser: true,
  },
  {
    name: "in fragments",
    make: () =>
      make("a.mp4", `${moving(6)} ${tone(6)} ${H264} ${AAC} -movflags frag_keyframe+empty_moov+default_base_moof`),
    fate: { plays },
    short: true,
  },
  {
    name: "in fragments, each a file of its own (DASH)",
    make: () => make("a.mp4", `${moving(6)} ${tone(6)} ${H264} ${AAC} -movflags dash+delay_moov+frag_every_frame`),
    fate: { plays },
  },
  {
    name: "sixteen megabytes of nothing in front of the index",
    make: async () => withFree(await everyday(), box("free", new Uint8Array(16 * 2 ** 20))),
    fate: { plays },
  },
  {
    name: "a browser's recording, without a length",
    make: () => make("a.webm", `${moving(6)} ${tone(6)} ${VP8} -c:a libopus -live 1`),
    ...webm,
    fate: { plays: { ...plays, within_s: 0.2 } },
    short: true,
  },
  {
    name: "a browser's recording that was cut off",
    make: async () => {
      const film = await make("a.webm", `${moving(6)} ${tone(6)} ${VP8} -c:a libopus -live 1`);
      return film.slice(0, film.length * 0.7);
    },
    ...webm,
    fate: { plays: { size: EVERYDAY, seconds: 4.2, within_s: 1.6 } },
  },
  {
    name: "an AVI without its index",
    make: async () => {
      const film = Buffer.from(await make("a.avi", `${moving(6)} ${tone(6)} -c:v mpeg4 -c:a libmp3lame`));
      return new Uint8Array(film.subarray(0, film.lastIndexOf("idx1")));
    },
    ...avi,
    fate: { plays: { ...plays, within_s: 0.3 } },
  },
  {
    name: "an AVI whose index points anywhere",
    async make() {
      const film = Buffer.from(await make("a.avi", `${moving(6)} ${tone(6)} -c:v mpeg4 -c:a libmp3lame`));
      const at = film.lastIndexOf("idx1") + 8;
      return flipped(new Uint8Array(film), 3, 2_000, at);
    },
    ...avi,
    fate: { either: BROKEN },
    short: true,
  },
  {
    name: "cut off in the middle, index in front",
    make: async () => {
      const film = await everyday();
      return film.slice(0, film.length * 0.5);
    },
    fate: { refused: ["video.truncated", "video.broken"] },
    short: true,
  },
  {
    name: "cut off, index behind",
    make: async () => {
      const film = await everydayTail();
      return film.slice(0, film.length - 3_000);
    },
    fate: { refused: ["video.not_media", "video.broken", "video.codec_refused"] },
    short: true,
  },
  {
    name: "a Matroska film that was cut off",
    make: async () => {
      const film = await make("a.mkv", `${moving(6)} ${tone(6)} ${H264} ${AAC}`);
      return film.slice(0, film.length * 0.6);
    },
    filename: "a.mkv",
    media_type: "video/x-matroska",
    fate: { either: BROKEN },
  },
  {
    name: "a hole of zeros in the middle",
    make: async () => {
      const film = (await everyday()).slice();
      film.fill(0, film.length * 0.5, film.length * 0.6);
      return film;
    },
    fate: { either: BROKEN },
  },
  {
    name: "an index that promises four thousand million samples",
    async make() {
      const film = await everydayTail();
      const { content } = boxAt(film, "moov/trak/mdia/minf/stbl/stsz");
      return with32(film, [content + 4, 100], [content + 8, 0xffffffff]);
    },
    fate: { either: BROKEN },
    short: true,
  },
  {
    name: "a table of four thousand million times",
    async make() {
      const film = await everydayTail();
      const { content } = boxAt(film, "moov/trak/mdia/minf/stbl/stts");
      return with32(film, [content + 4, 0xffffffff]);
    },
    fate: { either: BROKEN },
  },
  {
    name: "chunks that lie beyond the end of the file",
    async make() {
      const film = await everydayTail();
      const { content } = boxAt(film, "moov/trak/mdia/minf/stbl/stco");
      return with32(film, [content + 8, 0xfffffff0]);
    },
    fate: { either: BROKEN },
  },
  {
    name: "ten thousand boxes, one in the other",
    make: async () => {
      let deep: Uint8Array = box("udta", "");
      for (let i = 0; i < 10_000; i++) {
        const head = new Uint8Array(8);
        new DataView(head.buffer).setUint32(0, deep.length + 8);
        head.set(Buffer.from(i % 2 ? "trak" : "mdia"), 4);
        deep = joined(head, deep);
      }
      const film = await everyday();
      return joined(film, box("moov", deep));
    },
    fate: { either: BROKEN },
  },
  {
    name: "a box that is as long as the universe is old",
    make: async () => {
      const head = new Uint8Array(16).fill(0xff);
      head.set([0, 0, 0, 1, ...Buffer.from("free")]);
      return joined(await everyday(), head);
    },
    fate: { either: BROKEN },
  },
  flips("an MP4", 1, 40, everyday, { short: true }),
  flips("an MP4", 2, 400, everyday),
  flips("an MP4 with the index behind", 3, 100, everydayTail),
  flips("a Matroska film", 4, 100, () => make("a.mkv", `${moving(6)} ${tone(6)} ${H264} ${AAC}`), {
    filename: "a.mkv",
    media_type: "video/x-matroska",
  }),
  flips("a WebM film", 5, 100, () => make("a.webm", `${moving(6)} ${tone(6)} ${VP8} -c:a libopus`), webm),
  flips("a transport stream", 6, 100, () => make("a.ts", `${moving(6)} ${tone(6)} ${H264} ${AAC} -f mpegts`), {
    filename: "a.ts",
    media_type: "video/mp2t",
  }),
  flips("an AVI", 7, 100, () => make("a.avi", `${moving(6)} ${tone(6)} -c:v mpeg4 -c:a libmp3lame`), avi),
  ...[11, 12, 13, 14, 15, 16].map(inIndex),
];
