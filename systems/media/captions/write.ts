import type { Cue } from "./parse.ts";

/** Cues as a WebVTT file; `parseCaptions` gives the same cues again. */
export const writeWebvtt = (cues: readonly Cue[]): string =>
  ["WEBVTT\n", ...cues.map((cue) => `${timeLine(cue)}\n${cue.text}\n`)].join("\n");

const timeLine = ({ start_ms, end_ms, settings }: Cue): string =>
  `${timeOf(start_ms)} --> ${timeOf(end_ms)}${settings === "" ? "" : ` ${settings}`}`;

export function timeOf(ms: number): string {
  const two = (n: number) => String(n).padStart(2, "0");
  const seconds = Math.floor(ms / 1000);
  return `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${String(ms % 1000).padStart(3, "0")}`;
}

/**
 * The same file as a segment of HLS: its clock is the film's own, which begins at 0 in our segments. Browsers that read it as a
 * track pass over the line.
 */
export const asSegment = (webvtt: string): string =>
  webvtt.replace("WEBVTT\n", "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n");

/** A list with one segment that is as long as the film: text is small. */
export function subtitlePlaylist(file: string, duration_ms: number): string {
  const duration_s = Math.max(1, duration_ms) / 1000;
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${Math.ceil(duration_s)}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    `#EXTINF:${duration_s.toFixed(3)},`,
    file,
    "#EXT-X-ENDLIST",
    "",
  ].join("\n");
}
