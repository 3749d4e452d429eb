import { AAC, type Entry, EVERYDAY, everydayTail, H264, make, moving, tone } from "./entry.ts";
import { boxAt, joined, read32, with32 } from "./surgery.ts";

const plays = { size: EVERYDAY, seconds: 6 };
const BROKEN = ["video.broken", "video.truncated", "video.too_short", "video.too_long"];
const TS = "-f mpegts";
const mkv = { filename: "a.mkv", media_type: "video/x-matroska" };
const ts = { filename: "a.ts", media_type: "video/mp2t" };

/** A film whose times were rewritten by ffmpeg's own expression, copied from an everyday one. */
const rewritten = async (name: string, pts: string, dts = pts) =>
  make(name, `-i a.mp4 -c copy -bsf:v setts=pts=${pts}:dts=${dts}`, {
    "a.mp4": await make("a.mp4", `${moving(6)} ${tone(6)} ${H264} -bf 0 ${AAC}`),
  });

const part = (offset_s: number, more = "", codec = H264) =>
  make("a.ts", `${moving(3)} ${tone(3)} ${codec} -bf 0 ${AAC} ${more} -output_ts_offset ${offset_s} ${TS}`);

/** Clocks that run backwards, jump, stand still or say nothing. */
export const TIMES: Entry[] = [
  {
    name: "times that begin below zero",
    make: () =>
      make("a.mp4", `${moving(6)} ${tone(6)} ${H264} ${AAC} -output_ts_offset -2 -avoid_negative_ts disabled`),
    fate: { either: BROKEN },
  },
  {
    name: "times that begin at one hour",
    make: () => make("a.ts", `${moving(6)} ${tone(6)} ${H264} ${AAC} -output_ts_offset 3600 ${TS}`),
    ...ts,
    fate: { plays: { ...plays, within_s: 0.3 } },
  },
  {
    name: "a clock that jumps a minute ahead",
    make: () => rewritten("a.mkv", "PTS+gte(N\\,75)*60000"),
    ...mkv,
    fate: { plays: { size: EVERYDAY, seconds: 66, within_s: 0.3 } },
  },
  {
    name: "a clock that jumps back by two seconds",
    make: () => rewritten("a.mkv", "PTS-gte(N\\,75)*2000"),
    ...mkv,
    fate: { either: BROKEN },
  },
  {
    name: "a clock that goes back with every frame",
    make: () => rewritten("a.mkv", "6000-PTS", "DTS"),
    ...mkv,
    fate: { either: BROKEN },
  },
  {
    name: "a clock that stands still",
    make: () => rewritten("a.mkv", "0"),
    ...mkv,
    fate: { refused: ["video.broken"] },
    short: true,
  },
  {
    name: "an MP4 in which no frame lasts",
    async make() {
      const film = await everydayTail();
      const { content } = boxAt(film, "moov/trak/mdia/minf/stbl/stts");
      return with32(film, [content + 12, 0]);
    },
    fate: { either: BROKEN },
  },
  {
    name: "an MP4 in which a frame lasts for a day",
    async make() {
      const film = await everydayTail();
      const { content } = boxAt(film, "moov/trak/mdia/minf/stbl/stts");
      return with32(film, [content + 12, 0x7fffffff]);
    },
    fate: { either: [...BROKEN, "video.too_long"] },
  },
  {
    name: "pictures that are shown before they are there (ctts below zero)",
    async make() {
      const film = await make("a.mp4", `${moving(6)} ${tone(6)} ${H264} -bf 2 ${AAC}`);
      const { content } = boxAt(film, "moov/trak/mdia/minf/stbl/ctts");
      const count = read32(film, content + 4);
      return with32(
        film,
        ...Array.from({ length: count }, (_, i): [number, number] => [content + 12 + 8 * i, -40_000]),
      );
    },
    fate: { either: BROKEN },
  },
  {
    name: "no times at all (AVI)",
    make: () => make("a.avi", `${moving(6)} ${H264} -bf 2`),
    filename: "a.avi",
    media_type: "video/x-msvideo",
    fate: { plays: { ...plays, sounds: 0 } },
    short: true,
  },
  {
    name: "a variable rate",
    make: () =>
      make("a.mkv", `${moving(6)} ${tone(6)} -vf select='not(mod(n,3))+lt(t,1)' -fps_mode vfr ${H264} ${AAC}`),
    ...mkv,
    fate: { plays: { ...plays, within_s: 0.2 } },
  },
  {
    name: "a variable rate in an MP4",
    make: () =>
      make("a.mp4", `${moving(6)} ${tone(6)} -vf select='not(mod(n,3))+lt(t,1)' -fps_mode vfr ${H264} ${AAC}`),
    fate: { plays: { ...plays, within_s: 0.2 } },
    in_browser: true,
  },
  {
    name: "a transport stream whose clock begins anew in the middle",
    make: async () => joined(await part(100), await part(5)),
    ...ts,
    // Its last time lies before its first: ffmpeg takes that for a turn of the clock, 26 hours on.
    fate: { refused: ["video.too_long"] },
    short: true,
  },
  {
    name: "a transport stream with an hour missing",
    make: async () => joined(await part(10), await part(3_610)),
    ...ts,
    fate: { either: BROKEN },
  },
  {
    name: "a transport stream whose clock turns over",
    make: () => make("a.ts", `${moving(6)} ${tone(6)} ${H264} ${AAC} -output_ts_offset 95440 ${TS}`),
    ...ts,
    fate: { plays: { ...plays, within_s: 0.5 } },
  },
  {
    name: "a transport stream that begins in the middle of a packet",
    make: async () => (await part(0)).slice(1_000),
    ...ts,
    fate: { plays: { size: EVERYDAY, seconds: 3, within_s: 1.2 } },
  },
];
