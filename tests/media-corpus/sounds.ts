import { AAC, type Entry, EVERYDAY, everydayTail, H264, make, moving, tone } from "./entry.ts";
import { joined } from "./surgery.ts";

const plays = { size: EVERYDAY, seconds: 6 };
const mkv = { filename: "a.mkv", media_type: "video/x-matroska" };
const maps = (n: number) => Array.from({ length: n }, () => "-map 1:a").join(" ");

/** Films that are heard in odd ways, and files with very many tracks. */
export const SOUNDS: Entry[] = [
  {
    name: "no sound",
    make: () => make("a.mp4", `${moving(6)} ${H264}`),
    fate: { plays: { ...plays, sounds: 0, copied: true } },
    in_browser: true,
  },
  {
    name: "5.1 in AC-3",
    make: () =>
      make("a.mkv", `${moving(6)} ${tone(6)} ${H264} -af pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0 -c:a ac3`),
    ...mkv,
    fate: { plays },
  },
  {
    name: "5.1 in AAC",
    make: () =>
      make("a.mp4", `${moving(6)} ${tone(6)} ${H264} -af pan=5.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0 -c:a aac`),
    fate: { plays },
  },
  {
    name: "7.1 in PCM",
    make: () =>
      make(
        "a.mov",
        `${moving(6)} ${tone(6)} ${H264} -af pan=7.1|c0=c0|c1=c0|c2=c0|c3=c0|c4=c0|c5=c0|c6=c0|c7=c0 -c:a pcm_s16le`,
      ),
    filename: "a.mov",
    media_type: "video/quicktime",
    fate: { plays },
  },
  {
    name: "mono at 8 kHz",
    make: () => make("a.mkv", `${moving(6)} ${tone(6, 8_000)} ${H264} -c:a pcm_mulaw -ac 1`),
    ...mkv,
    fate: { plays },
  },
  {
    name: "mono AAC at 8 kHz",
    make: () => make("a.mp4", `${moving(6)} ${tone(6, 8_000)} ${H264} -c:a aac -ac 1 -ar 8000`),
    fate: { plays },
  },
  {
    name: "96 kHz",
    make: () => make("a.mp4", `${moving(6)} ${tone(6, 96_000)} ${H264} -c:a aac -ar 96000`),
    fate: { plays },
  },
  {
    name: "sound that begins three seconds late",
    make: () => make("a.mp4", `${moving(6)} -itsoffset 3 ${tone(3)} ${H264} ${AAC}`),
    fate: { plays: { ...plays, heard_from_s: 3 } },
    short: true,
  },
  {
    name: "sound that begins three seconds late (Matroska)",
    make: () => make("a.mkv", `${moving(6)} -itsoffset 3 ${tone(3)} ${H264} ${AAC}`),
    ...mkv,
    fate: { plays: { ...plays, heard_from_s: 3 } },
  },
  {
    name: "a picture that begins two seconds late",
    make: () => make("a.mp4", `-itsoffset 2 ${moving(4)} ${tone(6)} ${H264} ${AAC}`),
    fate: { plays: { ...plays, within_s: 0.2, heard_from_s: 0 } },
  },
  {
    name: "sound that goes on for five seconds more",
    make: () => make("a.mp4", `${moving(2)} ${tone(7)} ${H264} ${AAC}`),
    fate: { plays: { size: EVERYDAY, seconds: 7 } },
  },
  {
    name: "sound that goes on for seven seconds more (Matroska)",
    make: () => make("a.mkv", `${moving(2)} ${tone(9)} ${H264} ${AAC}`),
    ...mkv,
    fate: { plays: { size: EVERYDAY, seconds: 9 } },
    short: true,
  },
  {
    name: "sound that ends after a second",
    make: () => make("a.mp4", `${moving(6)} ${tone(1)} ${H264} ${AAC}`),
    fate: { plays },
  },
  {
    name: "sound with a hole of two seconds",
    make: () => make("a.mkv", `${moving(6)} ${tone(6)} ${H264} -af aselect='lt(t,2)+gte(t,4)' -c:a libopus`),
    ...mkv,
    fate: { plays },
  },
  {
    name: "twenty sounds",
    make: () => make("a.mkv", `${moving(6)} ${tone(6)} -map 0:v ${maps(20)} ${H264} ${AAC}`),
    ...mkv,
    fate: { plays: { ...plays, sounds: 8 } },
  },
  {
    name: "seventy sounds",
    make: () => make("a.mkv", `${moving(1)} ${tone(1)} -map 0:v ${maps(70)} ${H264} ${AAC}`),
    ...mkv,
    fate: { refused: ["video.not_media", "video.too_many_streams"] },
  },
  {
    name: "two sounds in two languages",
    make: () =>
      make(
        "a.mp4",
        `${moving(6)} ${tone(6)} -map 0:v ${maps(2)} ${H264} ${AAC} -metadata:s:a:0 language=swe -metadata:s:a:1 language=eng`,
      ),
    fate: { plays: { ...plays, sounds: 2 } },
    in_browser: true,
  },
  {
    name: "16 channels",
    make: () =>
      make(
        "a.mkv",
        `${moving(2)} -f lavfi -i anullsrc=cl=16c:r=48000:d=2 ${H264} -af aformat=channel_layouts=hexadecagonal -c:a pcm_s16le`,
      ),
    ...mkv,
    fate: { plays: { size: EVERYDAY, seconds: 2 } },
  },
  {
    name: "stereo, then mono, in a transport stream",
    make: async () => joined(await half("-ac 2", 0), await half("-ac 1 -ar 22050", 3)),
    filename: "a.ts",
    media_type: "video/mp2t",
    fate: { plays: { ...plays, within_s: 0.4 } },
  },
  {
    name: "a time code and other data beside it",
    make: async () => make("b.mov", "-i a.mp4 -c copy -timecode 01:00:00:00", { "a.mp4": await everydayTail() }),
    filename: "b.mov",
    media_type: "video/quicktime",
    fate: { plays },
    short: true,
  },
];

const half = (how: string, offset_s: number) =>
  make("a.ts", `${moving(3)} ${tone(3)} ${H264} -bf 0 ${AAC} ${how} -output_ts_offset ${offset_s} -f mpegts`);
