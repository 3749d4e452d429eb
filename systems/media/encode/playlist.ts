import { createHash } from "node:crypto";

import { audioFrameAt, audioSeconds, type Grid, segmentSeconds, valueOf } from "./grid.ts";
import type { Ladder, Rung } from "./ladder.ts";

/** Counts up when the same ladder would give other bytes; it is part of every name, and names are cached for a year. */
const RECIPE_VERSION = 1;

/** The name of everything that is made of one source, below its folder. Ours alone: nothing of a client's is in it. */
export interface Names {
  master: string;
  playlist(track: string): string;
  init(track: string): string;
  segment(track: string, k: number): string;
}

/** Deterministic: the same ladder has the same names, so a segment that is there is never made again. */
export function namesOf(ladder: Ladder): Names {
  const recipe = createHash("sha256")
    .update(JSON.stringify([RECIPE_VERSION, ladder]))
    .digest("hex")
    .slice(0, 8);
  return {
    master: "master.m3u8",
    playlist: (track) => `${track}.m3u8`,
    init: (track) => `${recipe}/${track}/init.mp4`,
    segment: (track, k) => `${recipe}/${track}/${k}.m4s`,
  };
}

/** What was measured of a finished rung, picture only. */
export interface Measured {
  average_bps: number;
  peak_bps: number;
}

/** CRF leaves most films well under their cap; measured on film, the average is about half of it. */
const AVERAGE_SHARE = 0.55;

/**
 * The HLS master playlist. Complete as soon as the ladder is known.
 * @param measured by rung name; where nothing was measured, the bounds of the rate control stand
 * @param rungs names to list; all where nothing is said
 */
export function masterPlaylist(
  ladder: Ladder,
  options: { measured?: ReadonlyMap<string, Measured>; rungs?: ReadonlySet<string> } = {},
): string {
  const names = namesOf(ladder);
  const { audio } = ladder;
  const lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS"];
  if (audio) {
    lines.push(
      `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="${audio.channels}",URI="${names.playlist(audio.name)}"`,
    );
  }
  for (const rung of ladder.rungs) {
    if (options.rungs && !options.rungs.has(rung.name)) continue;
    const picture = options.measured?.get(rung.name) ?? promised(rung);
    const sound_bps = audio?.bitrate_bps ?? 0;
    const attributes = [
      `BANDWIDTH=${Math.ceil(picture.peak_bps + sound_bps * 1.1)}`,
      `AVERAGE-BANDWIDTH=${Math.ceil(picture.average_bps + sound_bps)}`,
      `CODECS="${[rung.codecs, ...(audio ? [audio.codecs] : [])].join(",")}"`,
      `RESOLUTION=${rung.width}x${rung.height}`,
      `FRAME-RATE=${valueOf(rung.fps).toFixed(3)}`,
      ...(audio ? ['AUDIO="audio"'] : []),
    ];
    lines.push(`#EXT-X-STREAM-INF:${attributes.join(",")}`, names.playlist(rung.name));
  }
  return `${lines.join("\n")}\n`;
}

/** The most that the rate control lets a whole segment take: the cap for its length, and a full buffer on top. */
function promised(rung: Rung): Measured {
  return { average_bps: rung.maxrate_bps * AVERAGE_SHARE, peak_bps: rung.maxrate_bps + rung.bufsize_bits / 4 };
}

/**
 * The playlist of one rung, or of `audio`.
 * @param segments_ready how many from the first on are stored. All of them, or nothing said, gives a complete list that never
 *   changes; fewer give one that grows (`EVENT`), without its end.
 */
export function mediaPlaylist(ladder: Ladder, track: string, segments_ready = ladder.grid.segments): string {
  const { grid } = ladder;
  const names = namesOf(ladder);
  const segments = segmentsOf(ladder, track);
  const ready = Math.min(segments_ready, segments);
  const whole = ready === segments;
  const longest = Math.max(...Array.from({ length: Math.min(segments, 4) }, (_, k) => trackSeconds(grid, track, k)));
  const lines = [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(longest))}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    `#EXT-X-PLAYLIST-TYPE:${whole ? "VOD" : "EVENT"}`,
    "#EXT-X-INDEPENDENT-SEGMENTS",
    // Players take a list without an end for a broadcast and begin at its edge; this film begins at its beginning.
    ...(whole ? [] : ["#EXT-X-START:TIME-OFFSET=0,PRECISE=YES"]),
    `#EXT-X-MAP:URI="${names.init(track)}"`,
  ];
  for (let k = 0; k < ready; k++)
    lines.push(`#EXTINF:${trackSeconds(grid, track, k).toFixed(6)},`, names.segment(track, k));
  if (whole) lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

const trackSeconds = (grid: Grid, track: string, k: number): number =>
  track === "audio" ? audioSeconds(grid, k) : segmentSeconds(grid, k);

/** The tracks of a ladder, in the order in which a viewer needs them. */
export const tracksOf = (ladder: Ladder): string[] => [
  ...(ladder.audio ? [ladder.audio.name] : []),
  ...ladder.rungs.map((rung) => rung.name),
];

/** Segments that a track has: the sound of a last, very short picture segment may fit into none of its own. */
export const segmentsOf = (ladder: Ladder, track: string): number => {
  const { grid } = ladder;
  return track === "audio" && audioFrameAt(grid, grid.segments - 1) >= audioFrameAt(grid, grid.segments)
    ? grid.segments - 1
    : grid.segments;
};
