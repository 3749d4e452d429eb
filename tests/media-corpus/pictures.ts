import { AAC, type Entry, EVERYDAY, everydayTail, H264, HEVC, make, moving, tone } from "./entry.ts";
import { boxAt, joined, with32 } from "./surgery.ts";

const ts = { filename: "a.ts", media_type: "video/mp2t" };
const turned = async (degrees: number) =>
  make("b.mp4", `-i a.mp4 -c copy -metadata:s:v:0 rotate=${degrees}`, { "a.mp4": await everydayTail() });
/** Three seconds, so that two of them meet in the first segment and one goes on in the second. */
const half = (size: string, offset_s: number, codec = `${H264}`) =>
  make("a.ts", `${moving(3, size)} ${tone(3)} ${codec} -bf 0 ${AAC} -output_ts_offset ${offset_s} -f mpegts`);
const silent = (width: number, height: number, seconds = 2) => ({
  plays: { size: [width, height] as [number, number], seconds, sounds: 0 },
});

/** Pictures of every shape, colour and turn. */
export const PICTURES: Entry[] = [
  {
    name: "turned by 90°",
    make: () => turned(90),
    fate: { plays: { size: [90, 160], seconds: 6, copied: false } },
    in_browser: true,
  },
  { name: "turned by 180°", make: () => turned(180), fate: { plays: { size: EVERYDAY, seconds: 6, copied: false } } },
  { name: "turned by 270°", make: () => turned(270), fate: { plays: { size: [90, 160], seconds: 6, copied: false } } },
  {
    name: "mirrored by the display matrix",
    async make() {
      const film = await everydayTail();
      const { content } = boxAt(film, "moov/trak/tkhd");
      return with32(film, [content + 40, -0x10000]);
    },
    fate: { plays: { size: EVERYDAY, seconds: 6, copied: false } },
  },
  {
    name: "a display matrix that turns by 30°",
    async make() {
      const film = await everydayTail();
      const { content } = boxAt(film, "moov/trak/tkhd");
      return with32(
        film,
        [content + 40, 56_756],
        [content + 44, 32_768],
        [content + 52, -32_768],
        [content + 56, 56_756],
      );
    },
    fate: { plays: { size: EVERYDAY, seconds: 6, copied: false } },
  },
  {
    name: "odd sides",
    make: () => make("a.mkv", `${moving(2, "161x91")} -c:v libx264 -preset ultrafast -pix_fmt yuv444p`),
    fate: { plays: { size: [160, 90], seconds: 2, sounds: 0, copied: false } },
  },
  {
    name: "VP9 with alpha",
    make: () =>
      make(
        "a.webm",
        "-f lavfi -i testsrc2=s=160x90:r=25:d=2,format=yuva420p -c:v libvpx-vp9 -deadline realtime -cpu-used 8",
      ),
    filename: "a.webm",
    media_type: "video/webm",
    fate: silent(160, 90),
    short: true,
  },
  {
    name: "ProRes 4444 with alpha",
    make: () =>
      make("a.mov", "-f lavfi -i testsrc2=s=160x90:r=25:d=1,format=yuva444p10le -c:v prores_ks -profile:v 4444"),
    filename: "a.mov",
    media_type: "video/quicktime",
    fate: silent(160, 90, 1),
  },
  {
    name: "HDR, PQ, 10 bit HEVC",
    make: () =>
      make(
        "a.mp4",
        `${moving(2)} ${HEVC}:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc -pix_fmt yuv420p10le -tag:v hvc1`,
      ),
    fate: silent(160, 90),
    short: true,
  },
  {
    name: "HDR, HLG, 10 bit HEVC",
    make: () =>
      make(
        "a.mkv",
        `${moving(2)} ${HEVC}:colorprim=bt2020:transfer=arib-std-b67:colormatrix=bt2020nc -pix_fmt yuv420p10le`,
      ),
    fate: silent(160, 90),
  },
  {
    name: "HEVC as phones make it",
    make: () => make("a.mov", `${moving(6)} ${tone(6)} ${HEVC} -tag:v hvc1 ${AAC}`),
    fate: { plays: { size: EVERYDAY, seconds: 6 } },
    in_browser: true,
  },
  {
    name: "H.264 in 10 bit 4:2:2",
    make: () => make("a.mp4", `${moving(2)} -c:v libx264 -preset ultrafast -pix_fmt yuv422p10le`),
    fate: { plays: { size: EVERYDAY, seconds: 2, sounds: 0, copied: false } },
  },
  {
    name: "H.264 in full range",
    make: () => make("a.mp4", `${moving(2)} -c:v libx264 -preset ultrafast -pix_fmt yuvj420p -color_range pc`),
    fate: { plays: { size: EVERYDAY, seconds: 2, sounds: 0, copied: false } },
  },
  {
    name: "grey",
    make: () => make("a.mp4", `${moving(2)} -c:v libx264 -preset ultrafast -pix_fmt gray`),
    fate: { plays: { size: EVERYDAY, seconds: 2, sounds: 0, copied: false } },
  },
  {
    name: "interlaced MPEG-2",
    make: () => make("a.mpg", `${moving(2, "176x144")} -vf interlace -c:v mpeg2video -flags +ildct+ilme`),
    filename: "a.mpg",
    media_type: "video/mpeg",
    fate: { plays: { size: [176, 144], seconds: 2, sounds: 0, within_s: 0.2 } },
  },
  {
    name: "interlaced H.264",
    make: () =>
      make(
        "a.mp4",
        `${moving(2, "160x96")} -vf interlace -c:v libx264 -preset ultrafast -pix_fmt yuv420p -x264-params tff=1`,
      ),
    fate: { plays: { size: [160, 96], seconds: 2, sounds: 0, copied: false } },
  },
  {
    name: "pixels that are not square",
    make: () => make("a.mp4", `${moving(2, "176x144")} -vf setsar=16/11 ${H264}`),
    fate: { plays: { size: [256, 144], seconds: 2, sounds: 0, copied: false } },
  },
  {
    name: "another size from the middle on",
    make: async () => joined(await half("160x90", 0), await half("320x180", 3)),
    ...ts,
    fate: { plays: { size: EVERYDAY, seconds: 6, within_s: 0.3 } },
    short: true,
  },
  {
    name: "another shape from the middle on",
    make: async () => joined(await half("160x90", 0), await half("90x160", 3)),
    ...ts,
    fate: { plays: { size: EVERYDAY, seconds: 6, within_s: 0.3 } },
  },
  {
    name: "10 bit 4:4:4 from the middle on",
    make: async () =>
      joined(
        await half("160x90", 0),
        await half("160x90", 3, "-c:v libx264 -preset ultrafast -pix_fmt yuv444p10le -g 25"),
      ),
    ...ts,
    fate: { plays: { size: EVERYDAY, seconds: 6, within_s: 0.3 } },
  },
  {
    name: "HEVC from the middle on",
    make: async () => joined(await half("160x90", 0), await half("160x90", 3, HEVC)),
    ...ts,
    fate: { either: ["video.truncated", "video.broken"] },
  },
  {
    name: "slides: one key frame for the whole film",
    make: () => make("a.mp4", `${moving(30, "160x90", 10)} ${tone(30)} ${H264} -g 9999 ${AAC}`),
    fate: { plays: { size: EVERYDAY, seconds: 30, copied: false } },
  },
  {
    name: "B-frames on B-frames, open groups",
    make: () =>
      make(
        "a.mp4",
        `${moving(9)} ${tone(9)} -c:v libx264 -preset medium -pix_fmt yuv420p -bf 6 -x264-params b-pyramid=normal:open-gop=1:keyint=40 ${AAC}`,
      ),
    fate: { plays: { size: EVERYDAY, seconds: 9, copied: false } },
    in_browser: true,
  },
  {
    name: "a film with a cover in front",
    make: async () =>
      make("c.mp4", "-i a.mp4 -i b.jpg -map 1:v -map 0 -c copy -disposition:v:0 attached_pic", {
        "a.mp4": await everydayTail(),
        "b.jpg": await make("b.jpg", `${moving(1, "300x300")} -frames:v 1`),
      }),
    fate: { plays: { size: EVERYDAY, seconds: 6 } },
  },
];
