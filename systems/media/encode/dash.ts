import { AUDIO_FRAME, AUDIO_RATE_HZ, audioFrameAt, type Grid } from "./grid.ts";
import type { Ladder, Rung, Sound } from "./ladder.ts";
import { copiedOf, type Measured, namesOf, promised, secondsOf, segmentsOf, type TextTrack } from "./playlist.ts";

/** Seconds that a player holds before it begins: one segment of the grid. */
const BUFFER_S = 4;

/**
 * The film as a DASH manifest (ISO/IEC 23009-1, static, segment timeline): the same segments as in the HLS lists, complete
 * as soon as the ladder is known. Rungs that are cut on the grid stand in one set for each codec; a copied one is cut at its
 * source's key frames, so its set does not promise aligned segments.
 */
export function dashManifest(
  ladder: Ladder,
  shown: {
    measured?: ReadonlyMap<string, Measured>;
    rungs?: ReadonlySet<string>;
    texts?: readonly TextTrack[];
  } = {},
): string {
  const rungs = ladder.rungs.filter((rung) => !shown.rungs || shown.rungs.has(rung.name));
  const codecs = [...new Set(rungs.map(({ codec }) => codec))];
  const lines = [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="static" mediaPresentationDuration="${duration(ladder.grid.duration_s)}" maxSegmentDuration="${duration(longest(ladder, rungs))}" minBufferTime="PT${BUFFER_S}S">`,
    `<Period id="0" start="PT0S" duration="${duration(ladder.grid.duration_s)}">`,
    ...codecs.flatMap((codec) =>
      pictures(
        ladder,
        rungs.filter((rung) => rung.codec === codec),
        shown.measured,
      ),
    ),
    ...ladder.sounds.flatMap((sound, i) => soundSet(ladder, sound, i === 0)),
    ...(shown.texts ?? []).flatMap(textSet),
    "</Period>",
    "</MPD>",
  ];
  return `${lines.join("\n")}\n`;
}

function pictures(ladder: Ladder, rungs: Rung[], measured: ReadonlyMap<string, Measured> | undefined): string[] {
  const aligned = rungs.every(({ kind }) => kind === "encode");
  return [
    `<AdaptationSet contentType="video" mimeType="video/mp4"${aligned ? ' segmentAlignment="true"' : ""} startWithSAP="1">`,
    '<Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>',
    ...rungs.flatMap((rung) => [
      `<Representation id="${rung.name}" codecs="${rung.codecs}" width="${rung.width}" height="${rung.height}" frameRate="${rung.fps.num}/${rung.fps.den}" sar="1:1" bandwidth="${Math.ceil((measured?.get(rung.name) ?? promised(rung)).peak_bps)}">`,
      ...template(ladder, rung.name),
      "</Representation>",
    ]),
    "</AdaptationSet>",
  ];
}

function soundSet(ladder: Ladder, sound: Sound, is_default: boolean): string[] {
  const language = sound.language === null ? "" : ` lang="${xml(sound.language)}"`;
  return [
    `<AdaptationSet contentType="audio" mimeType="audio/mp4" startWithSAP="1"${language}>`,
    ...(sound.title === null ? [] : [`<Label>${xml(sound.title)}</Label>`]),
    `<Role schemeIdUri="urn:mpeg:dash:role:2011" value="${is_default ? "main" : "alternate"}"/>`,
    `<Representation id="${sound.name}" codecs="${sound.codecs}" audioSamplingRate="${sound.copied?.timescale ?? AUDIO_RATE_HZ}" bandwidth="${Math.ceil(sound.copied?.peak_bps ?? sound.bitrate_bps * 1.1)}">`,
    `<AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="${sound.channels}"/>`,
    ...template(ladder, sound.name),
    "</Representation>",
    "</AdaptationSet>",
  ];
}

function textSet({ language, label, kind, is_default, file }: TextTrack): string[] {
  const role = is_default ? "main" : kind === "captions" ? "caption" : "subtitle";
  return [
    `<AdaptationSet contentType="text" mimeType="text/vtt" lang="${xml(language)}">`,
    `<Label>${xml(label)}</Label>`,
    `<Role schemeIdUri="urn:mpeg:dash:role:2011" value="${role}"/>`,
    `<Representation id="text-${xml(language)}" bandwidth="256"><BaseURL>${xml(file)}</BaseURL></Representation>`,
    "</AdaptationSet>",
  ];
}

/** Names and lengths of a track's segments; equal neighbours are told once. */
function template(ladder: Ladder, track: string): string[] {
  const names = namesOf(ladder);
  const { timescale, start, ticks } = ticksOf(ladder, track);
  const runs: { ticks: number; count: number }[] = [];
  for (const lasts of ticks) {
    const last = runs.at(-1);
    if (last?.ticks === lasts) last.count++;
    else runs.push({ ticks: lasts, count: 1 });
  }
  return [
    `<SegmentTemplate timescale="${timescale}" startNumber="0" initialization="${names.init(track)}" media="${names.folder(track)}$Number$.m4s">`,
    "<SegmentTimeline>",
    ...runs.map(
      ({ ticks: d, count }, i) =>
        `<S${i === 0 ? ` t="${start}"` : ""} d="${d}"${count > 1 ? ` r="${count - 1}"` : ""}/>`,
    ),
    "</SegmentTimeline>",
    "</SegmentTemplate>",
  ];
}

/** Exact: a rung counts in frames, a sound in samples, a copied track in its source's own ticks. */
function ticksOf(ladder: Ladder, track: string): { timescale: number; start: number; ticks: number[] } {
  const { grid } = ladder;
  const copied = copiedOf(ladder, track);
  if (copied) return { timescale: copied.timescale, start: copied.start, ticks: copied.ticks };
  const numbers = Array.from({ length: segmentsOf(ladder, track) }, (_, k) => k);
  if (ladder.sounds.some(({ name }) => name === track)) {
    const ticks = numbers.map((k) => (audioFrameAt(grid, k + 1) - audioFrameAt(grid, k)) * AUDIO_FRAME);
    return { timescale: AUDIO_RATE_HZ, start: 0, ticks };
  }
  return { timescale: grid.fps.num, start: 0, ticks: numbers.map((k) => framesOf(grid, k) * grid.fps.den) };
}

const framesOf = (grid: Grid, k: number): number =>
  Math.min(grid.frames, (k + 1) * grid.frames_per_segment) - k * grid.frames_per_segment;

function longest(ladder: Ladder, rungs: readonly Rung[]): number {
  let seconds = ladder.grid.segment_s;
  for (const { name, copied } of rungs)
    if (copied) for (let k = 0; k < copied.ticks.length; k++) seconds = Math.max(seconds, secondsOf(ladder, name, k));
  return seconds;
}

const duration = (seconds: number): string => `PT${seconds.toFixed(6)}S`;

/** What a file says of its tracks ends no attribute and opens no element; XML 1.0 has no place for control characters. */
const xml = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll(/[\u0000-\u001f\ufffe\uffff]/g, " ")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
