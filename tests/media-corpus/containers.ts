import { AAC, type Entry, EVERYDAY, everyday, everydayTail, H264, make, moving, tone } from "./entry.ts";
import { box, boxAt, inserted, joined, renamed, withOffsets } from "./surgery.ts";

const text = (words: string) => async () => new TextEncoder().encode(words);
const plays = { size: EVERYDAY, seconds: 6 };

/** Files that are not what their name or their head says. */
export const CONTAINERS: Entry[] = [
  {
    name: "an MP4 named .webm",
    make: everyday,
    filename: "film.webm",
    media_type: "video/webm",
    fate: { plays },
    short: true,
    in_browser: true,
  },
  {
    name: "a Matroska file named .mp4",
    make: () => make("a.mkv", `${moving(6)} ${tone(6)} ${H264} -c:a libopus`),
    fate: { plays: { ...plays, copied: false } },
  },
  {
    name: "a QuickTime film named .avi",
    make: () => make("a.mov", `${moving(6)} ${tone(6)} ${H264} ${AAC}`),
    filename: "a.avi",
    media_type: "video/x-msvideo",
    fate: { plays },
  },
  {
    name: "sound alone in an MP4",
    make: () => make("a.mp4", `${tone(2)} ${AAC}`),
    fate: { refused: ["video.no_picture"] },
  },
  {
    name: "an MP3 named .mp4",
    make: () => make("a.mp3", `${tone(2)} -c:a libmp3lame`),
    fate: { refused: ["video.not_media"] },
  },
  {
    name: "pictures one behind the other (JPEG)",
    make: () => make("a.mjpg", `${moving(1)} -c:v mjpeg -f mjpeg`),
    fate: { refused: ["video.not_media"] },
  },
  { name: "a moving GIF", make: () => make("a.gif", `${moving(1)}`), fate: { refused: ["video.not_media"] } },
  {
    name: "bare H.264 without a container",
    make: () => make("a.h264", `${moving(1)} ${H264} -f h264`),
    fate: { refused: ["video.not_media"] },
  },
  {
    name: "a list that names a file of the machine",
    make: text("#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"),
    fate: { refused: ["video.not_media"] },
  },
  {
    name: "a script that joins files of the machine",
    make: text("ffconcat version 1.0\nfile /etc/passwd\n"),
    fate: { refused: ["video.not_media"] },
    short: true,
  },
  {
    name: "an address in a file (DASH)",
    make: text(
      '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet><Representation><BaseURL>http://127.0.0.1/</BaseURL></Representation></AdaptationSet></Period></MPD>',
    ),
    fate: { refused: ["video.not_media"] },
  },
  {
    name: "a session description (RTP)",
    make: text("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
    fate: { refused: ["video.not_media"] },
  },
  {
    name: "a page with a film behind it",
    make: async () => joined("<html><script>alert(1)</script></html>", await everyday()),
    fate: { refused: ["video.not_media", "video.broken", "video.truncated"] },
  },
  {
    name: "a JPEG with a film behind it",
    make: async () => joined(await make("a.jpg", `${moving(1)} -frames:v 1`), await everyday()),
    fate: { refused: ["video.not_media"] },
  },
  {
    name: "a film with a ZIP behind it",
    make: async () => joined(await everyday(), "PK\x03\x04", new Uint8Array(4_000), "PK\x05\x06", new Uint8Array(18)),
    fate: { plays },
  },
  {
    name: "a film with a page in a box in front",
    make: async () => {
      const page = box("free", "<html><script>alert(document.cookie)</script></html>");
      const film = await everyday();
      return joined(withFree(film, page));
    },
    fate: { plays },
  },
  {
    name: "VP9 and Opus in an MP4",
    make: () =>
      make("a.mp4", `${moving(6)} ${tone(6)} -c:v libvpx-vp9 -deadline realtime -cpu-used 8 -c:a libopus -strict -2`),
    fate: { plays },
  },
  {
    name: "H.264 and FLAC in an MP4",
    make: () => make("a.mp4", `${moving(6)} ${tone(6)} ${H264} -c:a flac -strict -2`),
    fate: { plays },
  },
  {
    name: "H.264 with B-frames in an AVI",
    make: () => make("a.avi", `${moving(6)} ${tone(6)} ${H264} -bf 2 -c:a libmp3lame`),
    filename: "a.avi",
    media_type: "video/x-msvideo",
    fate: { plays },
  },
  {
    name: "MPEG-4 with B-frames in an AVI",
    make: () => make("a.avi", `${moving(6)} ${tone(6)} -c:v mpeg4 -bf 2 -c:a libmp3lame`),
    filename: "a.avi",
    media_type: "video/x-msvideo",
    fate: { plays: { ...plays, within_s: 0.2 } },
  },
  {
    name: "Theora and Vorbis",
    make: () => make("a.ogv", `${moving(6)} ${tone(6)} -c:v libtheora -c:a libvorbis`),
    filename: "a.ogv",
    media_type: "video/ogg",
    fate: { plays },
  },
  {
    name: "MPEG-2 in a program stream",
    make: () => make("a.mpg", `${moving(6, "176x144")} ${tone(6)} -c:v mpeg2video -c:a mp2`),
    filename: "a.mpg",
    media_type: "video/mpeg",
    fate: { plays: { size: [176, 144], seconds: 6, within_s: 0.2 } },
  },
  {
    name: "a codec that is not taken (FFV1)",
    make: () => make("a.mkv", `${moving(1)} -c:v ffv1`),
    fate: { refused: ["video.codec_refused"] },
    short: true,
  },
  {
    name: "QuickTime Animation with alpha",
    make: () => make("a.mov", `${moving(1)} -c:v qtrle -pix_fmt argb`),
    fate: { refused: ["video.codec_refused"] },
  },
  {
    name: "H.264 that says it is HEVC",
    make: async () => renamed(await everyday(), "avc1", "hvc1", true),
    fate: { either: ["video.broken", "video.not_media", "video.codec_refused", "video.size_refused"] },
  },
  {
    name: "H.264 that says it is AV1",
    make: async () => renamed(await everyday(), "avc1", "av01", true),
    fate: { either: ["video.broken", "video.not_media", "video.codec_refused", "video.size_refused"] },
  },
  {
    name: "AAC that says it is Opus",
    make: async () => renamed(await everyday(), "mp4a", "Opus", true),
    fate: { either: ["video.broken", "video.not_media", "video.codec_refused", "video.sound_refused"] },
  },
  {
    name: "samples that lie in another file (dref)",
    make: async () => {
      const film = await everydayTail();
      const entry = boxAt(film, "moov/trak/mdia/minf/dinf/dref/url ");
      // Not in this file but in that one: the flag goes, an address comes.
      const there = inserted(
        film,
        "moov/trak/mdia/minf/dinf/dref/url ",
        entry.end,
        new TextEncoder().encode("file:///etc/passwd\0"),
      );
      there[entry.content + 3] = 0;
      return there;
    },
    fate: { either: ["video.broken", "video.not_media", "video.truncated"] },
    short: true,
  },
];

/** A box between `ftyp` and the index of a film whose index is in front. */
export function withFree(film: Uint8Array, free: Uint8Array): Uint8Array {
  const { end } = boxAt(film, "ftyp");
  return inserted(withOffsets(film, free.length), "", end, free);
}
