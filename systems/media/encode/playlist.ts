import { createHash } from "node:crypto";

import { isAv1 } from "./av1.ts";
import { type PackedCopy, packedSeconds } from "./copy/pack.ts";
import { audioFrameAt, audioSeconds, segmentSeconds, valueOf } from "./grid.ts";
import type { Ladder, Rung, Sound, Trick } from "./ladder.ts";

/** Counts up when the same plan would give other bytes; it is part of every name, and names are cached for a year. */
const RECIPE_VERSION = 3;

export const MASTER = "master.m3u8";
/** The same for players of DASH. */
export const MANIFEST = "manifest.mpd";
export const INIT = "init.mp4";

/** The name of everything that is made of one source, below its folder. Ours alone: nothing of a client's is in it. */
export interface Names {
  master: string;
  manifest: string;
  playlist(track: string): string;
  init(track: string): string;
  segment(track: string, k: number): string;
  /** Where all of a track lies; ends in `/`. */
  folder(track: string): string;
}

/**
 * Deterministic: a track of the same source that is made in the same way has the same names, so a segment that is there is
 * never made again, and one track can be planned anew without renaming the others.
 */
export function namesOf(ladder: Ladder): Names {
  const folders = new Map<string, string>();
  const folder = (track: string): string => {
    const known = folders.get(track) ?? `${recipeOf(ladder, track)}/${track}/`;
    folders.set(track, known);
    return known;
  };
  return {
    master: MASTER,
    manifest: MANIFEST,
    playlist: (track) => `${track}.m3u8`,
    init: (track) => folder(track) + INIT,
    segment: (track, k) => `${folder(track)}${k}.m4s`,
    folder,
  };
}

const recipeOf = ({ source, grid, ...tracks }: Ladder, track: string): string =>
  createHash("sha256")
    .update(JSON.stringify([RECIPE_VERSION, source, grid, ...madeOf(tracks, track)]))
    .digest("hex")
    .slice(0, 12);

/** The plans that a track's bytes follow from. */
function madeOf(tracks: Pick<Ladder, "rungs" | "sounds" | "trick">, track: string): (Rung | Sound | Trick)[] {
  const own = trackOf(tracks, track);
  return "of" in own ? [own, trackOf(tracks, own.of)] : [own];
}

/** @throws RangeError for a track that the ladder does not have */
export function trackOf(ladder: Pick<Ladder, "rungs" | "sounds" | "trick">, track: string): Rung | Sound | Trick {
  const found = [...ladder.sounds, ...ladder.rungs, ladder.trick].find((one) => one?.name === track);
  if (!found) throw new RangeError(`this ladder has no track ${track}`);
  return found;
}

export const isSound = (ladder: Ladder, track: string): boolean => ladder.sounds.some(({ name }) => name === track);

/** What was measured of a finished rung, picture only. */
export interface Measured {
  average_bps: number;
  peak_bps: number;
}

/** One language of what goes with a film as text: one file for the whole of it. */
export interface TextTrack {
  language: string;
  label: string;
  kind: "captions" | "subtitles";
  is_default: boolean;
  /** WebVTT, below the film's folder. */
  file: string;
}

/** What goes with a film as text: lines of the master's own, and what each rung says of them. */
export interface TextLines {
  media: string[];
  /** `SUBTITLES="…"`; empty where there is no text. */
  attribute: string;
  tracks: TextTrack[];
}

/** CRF leaves most films well under their cap; measured on film, the average is about half of it. */
const AVERAGE_SHARE = 0.55;

/**
 * The HLS master playlist. Complete as soon as the ladder is known.
 * @param measured by rung name; where nothing was measured, the bounds of the rate control stand
 * @param rungs names to list; all where nothing is said
 * @param texts captions and subtitles
 */
export function masterPlaylist(
  ladder: Ladder,
  options: { measured?: ReadonlyMap<string, Measured>; rungs?: ReadonlySet<string>; texts?: TextLines } = {},
): string {
  const names = namesOf(ladder);
  const { sounds } = ladder;
  const { media: text_lines, attribute: text_attribute } = options.texts ?? { media: [], attribute: "" };
  const lines = ["#EXTM3U", "#EXT-X-VERSION:7", "#EXT-X-INDEPENDENT-SEGMENTS", ...soundLines(ladder), ...text_lines];
  const sound_bps = Math.max(0, ...sounds.map(({ bitrate_bps }) => bitrate_bps));
  const sound_codecs = [...new Set(sounds.map(({ codecs }) => codecs))];
  for (const rung of ladder.rungs) {
    if (options.rungs && !options.rungs.has(rung.name)) continue;
    const picture = options.measured?.get(rung.name) ?? promised(rung);
    const attributes = [
      `BANDWIDTH=${Math.ceil(picture.peak_bps + sound_bps * 1.1)}`,
      `AVERAGE-BANDWIDTH=${Math.ceil(picture.average_bps + sound_bps)}`,
      `CODECS="${[rung.codecs, ...sound_codecs].join(",")}"`,
      `RESOLUTION=${rung.width}x${rung.height}`,
      `FRAME-RATE=${valueOf(rung.fps).toFixed(3)}`,
      ...(sounds.length > 0 ? ['AUDIO="audio"'] : []),
      ...(text_attribute === "" ? [] : [text_attribute]),
    ];
    lines.push(`#EXT-X-STREAM-INF:${attributes.join(",")}`, names.playlist(rung.name));
  }
  const { trick } = ladder;
  // Made on demand only: of a film that failed, and has lost rungs, nothing is.
  const lost = ladder.rungs.some((rung) => !isAv1(rung) && options.rungs?.has(rung.name) === false);
  if (trick && !lost) {
    const attributes = [
      `BANDWIDTH=${trick.bitrate_bps}`,
      `CODECS="${trick.codecs}"`,
      `RESOLUTION=${trick.width}x${trick.height}`,
      `URI="${names.playlist(trick.name)}"`,
    ];
    lines.push(`#EXT-X-I-FRAME-STREAM-INF:${attributes.join(",")}`);
  }
  return `${lines.join("\n")}\n`;
}

function soundLines(ladder: Ladder): string[] {
  const names = namesOf(ladder);
  const called = new Set<string>();
  return ladder.sounds.map((sound, i) => {
    const attributes = [
      'TYPE=AUDIO,GROUP-ID="audio"',
      `NAME="${soundName(sound, called)}"`,
      ...(sound.language === null ? [] : [`LANGUAGE="${sound.language}"`]),
      `DEFAULT=${i === 0 ? "YES" : "NO"}`,
      "AUTOSELECT=YES",
      `CHANNELS="${sound.channels}"`,
      `URI="${names.playlist(sound.name)}"`,
    ];
    return `#EXT-X-MEDIA:${attributes.join(",")}`;
  });
}

/** Unique in its group, as HLS wants it. What the file says of itself cannot end the quotes that it stands in. */
function soundName({ title, language }: Sound, called: Set<string>): string {
  const plain = (title ?? "").replace(/["\p{Cc}]+/gu, " ").trim() || language || "Sound";
  let name = plain;
  for (let n = 2; called.has(name); n++) name = `${plain} ${n}`;
  called.add(name);
  return name;
}

/** The most that the rate control lets a whole segment take: the cap for its length, and a full buffer on top. */
export function promised(rung: Rung): Measured {
  if (rung.copied) return rung.copied;
  return { average_bps: rung.maxrate_bps * AVERAGE_SHARE, peak_bps: rung.maxrate_bps + rung.bufsize_bits / 4 };
}

/** The playlist of one track: complete, and the same for the same ladder, whatever of it is stored. */
export function mediaPlaylist(ladder: Ladder, track: string): string {
  const names = namesOf(ladder);
  const lines = [
    "#EXTM3U",
    "#EXT-X-VERSION:7",
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.round(longestOf(ladder)))}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    "#EXT-X-INDEPENDENT-SEGMENTS",
    ...(track === ladder.trick?.name ? ["#EXT-X-I-FRAMES-ONLY"] : []),
    `#EXT-X-MAP:URI="${names.init(track)}"`,
  ];
  const segments = segmentsOf(ladder, track);
  for (let k = 0; k < segments; k++)
    lines.push(`#EXTINF:${secondsOf(ladder, track, k).toFixed(6)},`, names.segment(track, k));
  lines.push("#EXT-X-ENDLIST");
  return `${lines.join("\n")}\n`;
}

/** The longest segment of all tracks: HLS wants one target for all lists that a player may change between. */
function longestOf(ladder: Ladder): number {
  let longest = 0;
  for (const track of tracksOf(ladder)) {
    // The grid's segments are alike but for rounding; those of a copied track follow its key frames.
    const segments = copiedOf(ladder, track) ? segmentsOf(ladder, track) : Math.min(segmentsOf(ladder, track), 4);
    for (let k = 0; k < segments; k++) longest = Math.max(longest, secondsOf(ladder, track, k));
  }
  return longest;
}

/** How a track is cut from the source; null for what is encoded. */
export function copiedOf(ladder: Pick<Ladder, "rungs" | "sounds" | "trick">, track: string): PackedCopy | null {
  const found = trackOf(ladder, track);
  return "copied" in found ? (found.copied ?? null) : null;
}

/** Seconds that segment `k` of a track lasts. */
export function secondsOf(ladder: Ladder, track: string, k: number): number {
  const copied = copiedOf(ladder, track);
  if (copied) return packedSeconds(copied, k);
  return isSound(ladder, track) ? audioSeconds(ladder.grid, k) : segmentSeconds(ladder.grid, k);
}

/** All that have a list. */
export const listedTracks = (ladder: Ladder): string[] => [
  ...tracksOf(ladder),
  ...(ladder.trick ? [ladder.trick.name] : []),
];

/** The tracks of a ladder that are made, in the order in which a viewer needs them. */
export const tracksOf = ({ sounds, rungs }: Ladder): string[] => [...sounds, ...rungs].map(({ name }) => name);

/** Segments that a track has: the sound of a last, very short picture segment may fit into none of its own. */
export const segmentsOf = (ladder: Ladder, track: string): number => {
  const { grid } = ladder;
  const copied = copiedOf(ladder, track);
  if (copied) return copied.ticks.length;
  return isSound(ladder, track) && audioFrameAt(grid, grid.segments - 1) >= audioFrameAt(grid, grid.segments)
    ? grid.segments - 1
    : grid.segments;
};
