import { type Fraction, type Grid, startOf, valueOf } from "../grid.ts";
import { maxrateOf } from "../ladder.ts";
import type { Probe } from "../probe.ts";
import { type Avc, isIdr, parseAvc } from "./avc.ts";
import {
  COPIED_FPS_MAX,
  COPIED_LEVEL_MAX,
  COPIED_PEAK_FACTOR,
  COPIED_PICTURE_LATE_S_MAX,
  COPIED_PIXELS_MAX,
  COPIED_RATE_FACTOR,
  COPIED_SEGMENT_BYTES_MAX,
  COPIED_SEGMENT_S_MAX,
  COPIED_SIDE_PX_MAX,
  HEADS_MAX,
} from "./bounds.ts";
import type { Movie, MovieTrack } from "./movie.ts";
import { type Because, type ByteSource, Unusable } from "./source.ts";
import type { SampleTable } from "./tables.ts";

/**
 * How a track of the source is cut as it is. Plain data: with the same file's index it gives the same bytes each time.
 * Times are in ticks of the track, on the clock that encoded rungs are on: the film's first moment is 0.
 */
export interface CopyPlan {
  kind: "picture" | "sound";
  /** Which of the file's tracks; ffmpeg counts them alike. */
  stream: number;
  timescale: number;
  /** Added to the file's presentation times. */
  shift: number;
  /** The samples at which segments begin, and when they are due. */
  cuts: number[];
  starts: number[];
  /** The sample behind the last, and when the track ends. */
  until: number;
  end: number;
  /** RFC 6381, of the source itself. */
  codecs: string;
  average_bps: number;
  /** Of the segment that takes the most. */
  peak_bps: number;
}

export interface PicturePlan extends CopyPlan {
  kind: "picture";
  width: number;
  height: number;
  fps: Fraction;
}

/**
 * Whether the source's picture can be shown as it is, and where it is cut: at the first key frame at or after each boundary of
 * the grid. Reads a few kilobytes at each cut.
 * @returns why not, as the end of a sentence
 * @throws only what `source.read` throws
 */
export async function planPicture(
  movie: Movie,
  probe: Probe,
  grid: Grid,
  source: ByteSource,
): Promise<PicturePlan | Because> {
  try {
    return await plan(movie, probe, grid, source);
  } catch (error) {
    if (error instanceof Unusable) return { because: error.message };
    throw error;
  }
}

async function plan(movie: Movie, probe: Probe, grid: Grid, source: ByteSource): Promise<PicturePlan> {
  const { track, samples } = tableOf(movie, probe.video.stream, "picture");
  const avc = pictureOf(track, probe);
  checkOverlap(movie);
  const { timescale } = track;
  const shift = shiftOf(track, zeroOf(movie, probe));
  const shown = shownOf(track, samples, shift, zeroOf(movie, probe));
  const frame_ticks = (timescale * grid.fps.den) / grid.fps.num;
  const film_end = Math.round(grid.duration_s * timescale);
  // The last frame stands until the film's end, which may be that of the sound. A length that the file made up does not count.
  const end = Math.abs(shown.end - film_end) < frame_ticks ? shown.end : Math.max(film_end, shown.last + 1);
  const found = await cutsOf(
    samples,
    shift,
    { ...shown, end },
    timescale,
    frame_ticks,
    grid,
    keysOf(source, samples, avc),
  );
  const rates = checkSegments(samples, shift, { ...found, until: shown.until, end }, timescale);
  const fps = rateOf(shown.until / ((end - shown.first) / timescale), grid);
  checkRates(rates, avc, valueOf(fps));
  return {
    kind: "picture",
    stream: probe.video.stream,
    timescale,
    shift,
    ...found,
    until: shown.until,
    end,
    codecs: avc.codecs,
    width: avc.width,
    height: avc.height,
    fps,
    average_bps: rates.average_bps,
    peak_bps: rates.peak_bps,
  };
}

/** Of those that have not arrived yet the index is believed, where the first two that are there are what it says. */
function keysOf(source: ByteSource, samples: SampleTable, avc: Avc): (sample: number) => Promise<boolean> {
  let seen = 0;
  return async (sample) => {
    const [place] = samples.places(sample, sample + 1);
    if (source.has && place && !source.has(place.start, place.start + place.size)) return seen >= 2;
    const is_key = await isIdr(source, samples, sample, avc);
    if (is_key) seen += 1;
    return is_key;
  };
}

/** A track whose samples can be found. @throws Unusable */
export function tableOf(
  movie: Movie,
  stream: number,
  kind: "picture" | "sound",
): { track: MovieTrack; samples: SampleTable } {
  const track = movie.tracks[stream];
  if (track?.kind !== kind) throw new Unusable("its tracks are not those that ffmpeg sees");
  if (!track.samples) throw new Unusable(track.because ?? "its index is broken");
  return { track, samples: track.samples };
}

function pictureOf(track: MovieTrack, { video, rotation_deg, width, height }: Probe): Avc {
  if (track.format !== "avc1" || !track.config || video.codec !== "h264")
    throw new Unusable("its picture is not H.264");
  const avc = parseAvc(track.config);
  if (![66, 77, 100].includes(avc.profile)) throw new Unusable("its profile is one that not every player knows");
  if (!avc.plain || video.interlaced || video.pixel_format !== "yuv420p")
    throw new Unusable("its pixels are not plain 8-bit 4:2:0 in whole frames");
  if (avc.full_range) throw new Unusable("its colours use the full range");
  if (avc.transfer === 16 || avc.transfer === 18 || video.hdr) throw new Unusable("it is HDR");
  if (video.matrix === "other") throw new Unusable("its colours are coded in a way that not every player knows");
  if (!track.upright || rotation_deg !== 0) throw new Unusable("it is turned");
  if (!avc.square || width !== avc.width || height !== avc.height) throw new Unusable("its pixels are not square");
  if (avc.level > COPIED_LEVEL_MAX) throw new Unusable("its level is one that not every player knows");
  if (Math.max(avc.width, avc.height) > COPIED_SIDE_PX_MAX || avc.width * avc.height > COPIED_PIXELS_MAX)
    throw new Unusable("it is larger than 4K");
  return avc;
}

/** A small file whose samples all point at the same bytes would become a large one with every copy. */
export function checkOverlap(movie: Movie): void {
  const bytes = movie.tracks.reduce((sum, { samples }) => sum + (samples?.bytes ?? 0), 0);
  if (bytes > movie.file_bytes) throw new Unusable("its samples lie over each other");
}

/** The file's own time, in seconds, that becomes the film's 0: where the first of its tracks begins. */
export function zeroOf(movie: Movie, probe: Pick<Probe, "start_s">): number {
  if (probe.start_s !== undefined) return probe.start_s;
  const starts = movie.tracks.filter(({ samples }) => samples).map(beginOf);
  return starts.length === 0 ? 0 : Math.min(...starts);
}

function beginOf({ samples, edit, delay_s, timescale }: MovieTrack): number {
  const first = samples!.offsetOf(0);
  return delay_s + (edit ? Math.max(0, first - edit.from) : first) / timescale;
}

export const shiftOf = ({ delay_s, edit, timescale }: MovieTrack, zero_s: number): number =>
  Math.round((delay_s - zero_s) * timescale) - (edit?.from ?? 0);

/** When its edit ends on the film's clock, in ticks. */
export const editEnd = ({ delay_s, edit, timescale }: MovieTrack, zero_s: number): number =>
  edit?.seconds == null ? Infinity : (delay_s - zero_s + edit.seconds) * timescale;

/** What an edit list hides is not given out: not even to be decoded and thrown away. */
function shownOf(track: MovieTrack, samples: SampleTable, shift: number, zero_s: number) {
  const hidden_until = track.edit ? track.edit.from + shift : -Infinity;
  const edit_end = editEnd(track, zero_s) - 1e-6;
  let hidden_before = 0;
  let hidden_after = 0;
  let first = 0;
  let last = -Infinity;
  let last_sample = 0;
  let until = 0;
  samples.eachTime(0, samples.count, (sample, decode, offset) => {
    const due = decode + offset + shift;
    if (sample === 0) first = due;
    if (due < hidden_until || due < first) hidden_before += 1;
    if (due >= edit_end) hidden_after += 1;
    else {
      until = sample + 1;
      if (due > last) [last, last_sample] = [due, sample];
    }
  });
  if (hidden_before > 0) throw new Unusable("it begins between two key frames");
  if (until === 0 || hidden_after > samples.count - until)
    throw new Unusable("it ends between two frames that need each other");
  if (samples.delta_min === 0) throw new Unusable("its clock stands still");
  if (first < 0 || first > COPIED_PICTURE_LATE_S_MAX * track.timescale)
    throw new Unusable("its picture begins long after its sound");
  const next = last_sample + 1 < samples.count ? samples.decodeTime(last_sample + 1) : samples.ticks;
  return { until, first, last, end: last + Math.max(1, next - samples.decodeTime(last_sample)) };
}

/**
 * Chromium takes a recovery point for a key frame, begins to decode there after a seek, and gives up at the first picture that
 * refers to what came before.
 */
const OPEN = "pictures behind its key frames need others before them: open groups";

async function cutsOf(
  samples: SampleTable,
  shift: number,
  film: { until: number; end: number },
  timescale: number,
  frame_ticks: number,
  grid: Grid,
  isKey: (sample: number) => Promise<boolean>,
): Promise<{ cuts: number[]; starts: number[] }> {
  let heads = 0;
  const known = new Map<number, boolean>();
  const isStart = async (sample: number) => {
    const before = known.get(sample);
    if (before !== undefined) return before;
    if (++heads > HEADS_MAX) throw new Unusable("it has too many key frames that are none");
    const answer = await isKey(sample);
    known.set(sample, answer);
    return answer;
  };
  const dueAt = (sample: number) => samples.decodeTime(sample) + samples.offsetOf(sample) + shift;
  if (samples.syncFrom(0) !== 0 || !(await isStart(0))) throw new Unusable("it does not begin with a key frame");
  // A short film may have no boundary to be cut at, and be sought in all the same.
  const second = samples.syncFrom(1);
  if (second < film.until && !(await isStart(second))) throw new Unusable(OPEN);
  const cuts = [0];
  const starts = [0];
  const longest = COPIED_SEGMENT_S_MAX * timescale;
  let boundary = 1;
  for (;;) {
    const start = starts.at(-1)!;
    while (startOf(grid, boundary) * timescale <= start + frame_ticks / 2) boundary += 1;
    const wanted = startOf(grid, boundary) * timescale - frame_ticks / 2;
    const earlier: number[] = [];
    let cut: number | null = null;
    for (let next = samples.syncFrom(cuts.at(-1)! + 1); next < film.until; next = samples.syncFrom(next + 1)) {
      const due = dueAt(next);
      if (due - start > longest) break;
      if (due < wanted) earlier.push(next);
      else if (await isStart(next)) {
        cut = next;
        break;
      } else throw new Unusable(OPEN);
    }
    if (cut === null && film.end - start > longest) {
      // None behind the boundary is near enough: the last one before it.
      for (const sample of earlier.slice(-8).reverse()) if (cut === null && (await isStart(sample))) cut = sample;
      if (cut === null) throw new Unusable(`its key frames are more than ${COPIED_SEGMENT_S_MAX} s apart`);
    }
    known.clear();
    if (cut === null) return { cuts, starts };
    cuts.push(cut);
    starts.push(dueAt(cut));
  }
}

interface Rates {
  average_bps: number;
  peak_bps: number;
  /** Frames by second of the segment that has the most. */
  fps_peak: number;
}

/** Each segment's frames are shown within it, none before and none after: nothing reaches over a cut. */
function checkSegments(
  samples: SampleTable,
  shift: number,
  { cuts, starts, until, end }: { cuts: number[]; starts: number[]; until: number; end: number },
  timescale: number,
): Rates {
  let k = 0;
  let bytes = 0;
  let total = 0;
  let peak_bps = 0;
  let fps_peak = 0;
  const lead = samples.offsetOf(0);
  const longest = COPIED_SEGMENT_S_MAX * timescale;
  const close = () => {
    const lasts_s = ((starts[k + 1] ?? end) - starts[k]!) / timescale;
    if (!(lasts_s > 0)) throw new Unusable("its clock runs backwards");
    if (bytes > COPIED_SEGMENT_BYTES_MAX) throw new Unusable("a part of it takes too many bytes");
    if (lasts_s >= 1 || (k === 0 && cuts.length === 1)) {
      peak_bps = Math.max(peak_bps, (bytes * 8) / lasts_s);
      fps_peak = Math.max(fps_peak, ((cuts[k + 1] ?? until) - cuts[k]!) / Math.max(1, lasts_s));
    }
    total += bytes;
    bytes = 0;
  };
  samples.eachTime(0, until, (sample, decode, offset) => {
    if (sample === cuts[k + 1]) {
      close();
      k += 1;
    }
    const due = decode + offset + shift;
    // Decode times are moved by the first one's offset (cut.ts); what is left of an offset has 32 bits in a segment.
    if (Math.abs(offset - lead) > longest) throw new Unusable("its frames are decoded long before they are shown");
    if (due < starts[k]! || due >= (starts[k + 1] ?? end)) throw new Unusable("its frames reach over their key frames");
    bytes += samples.sizeOf(sample);
  });
  close();
  const average_bps = Math.round((total * 8 * timescale) / end);
  return { average_bps, peak_bps: Math.max(average_bps, Math.round(peak_bps)), fps_peak };
}

function checkRates(rates: Rates, avc: Avc, fps: number): void {
  if (rates.fps_peak > COPIED_FPS_MAX) throw new Unusable("it has more than 60 frames a second");
  const cap_bps = maxrateOf(avc.width * avc.height, fps);
  if (rates.average_bps > cap_bps * COPIED_RATE_FACTOR || rates.peak_bps > cap_bps * COPIED_PEAK_FACTOR)
    throw new Unusable("it takes more bits than its size needs");
}

/** The grid's rate where the film keeps to it; a variable one as it is on average. */
const rateOf = (measured: number, grid: Grid): Fraction =>
  Math.abs(measured / valueOf(grid.fps) - 1) < 0.02 ? grid.fps : { num: Math.round(measured * 1_000), den: 1_000 };

/** What a list says of a plan's segments. */
export const copiedSegments = ({ starts, end, timescale }: CopyPlan): { start_s: number; duration_s: number }[] =>
  starts.map((start, k) => ({ start_s: start / timescale, duration_s: ((starts[k + 1] ?? end) - start) / timescale }));
