import { AUDIO_FRAME, type Grid, startOf } from "../grid.ts";
import type { Probe, ProbedSound } from "../probe.ts";
import { parseAac } from "./aac.ts";
import { COPIED_SOUND_BPS_MAX, COPIED_SOUND_HOLE_S_MAX, COPIED_SOUND_TAIL_S_MAX } from "./bounds.ts";
import type { Movie } from "./movie.ts";
import { checkOverlap, type CopyPlan, editEnd, shiftOf, tableOf, zeroOf } from "./plan.ts";
import { type Because, Unusable } from "./source.ts";

export interface SoundPlan extends CopyPlan {
  kind: "sound";
  channels: 1 | 2;
}

/**
 * Whether a sound of the source can be given as it is, and where it is cut: at the first AAC frame at or after each boundary.
 * @returns why not, as the end of a sentence
 */
export function planSound(movie: Movie, probe: Probe, grid: Grid, sound: ProbedSound): SoundPlan | Because {
  try {
    return plan(movie, probe, grid, sound);
  } catch (error) {
    if (error instanceof Unusable) return { because: error.message };
    throw error;
  }
}

function plan(movie: Movie, probe: Probe, grid: Grid, sound: ProbedSound): SoundPlan {
  const { track, samples } = tableOf(movie, sound.stream, "sound");
  checkOverlap(movie);
  if (track.format !== "mp4a" || !track.config || sound.codec !== "aac") throw new Unusable("its sound is not AAC");
  const aac = parseAac(track.config);
  const { timescale } = track;
  const same = sound.sample_rate_hz === aac.sample_rate_hz && sound.channels === aac.channels;
  if (!same || timescale !== aac.sample_rate_hz) throw new Unusable("its sound says two things of itself");
  if (
    samples.delta_min !== AUDIO_FRAME ||
    samples.delta_max !== AUDIO_FRAME ||
    samples.offsetOf(0) !== 0 ||
    !samples.all_sync
  )
    throw new Unusable("its sound has holes");
  const shift = shiftOf(track, zeroOf(movie, probe));
  const film_end = grid.duration_s * timescale;
  const ends = Math.min(film_end, editEnd(track, zeroOf(movie, probe)));
  // Frames before the film's beginning are the encoder's lead-in, or what an edit list hides. One that is more than half
  // within is kept, and made shorter by what lies before.
  const first = Math.max(0, Math.ceil((-AUDIO_FRAME / 2 - shift) / AUDIO_FRAME));
  const until = Math.min(samples.count, Math.ceil((ends - shift) / AUDIO_FRAME));
  const dueAt = (frame: number) => Math.max(0, frame * AUDIO_FRAME + shift);
  if (until <= first || dueAt(first) > COPIED_SOUND_HOLE_S_MAX * timescale) throw new Unusable("its sound begins late");
  if (film_end - dueAt(until) > COPIED_SOUND_TAIL_S_MAX * timescale) throw new Unusable("its sound ends early");
  const cuts = [first];
  for (let k = 1; k < grid.segments; k++) {
    const cut = Math.ceil((startOf(grid, k) * timescale - shift) / AUDIO_FRAME);
    if (cut > cuts.at(-1)! && cut < until) cuts.push(cut);
  }
  const starts = cuts.map(dueAt);
  const end = dueAt(until);
  const { average_bps, peak_bps } = rates(samples.sizeOf, cuts, starts, until, end, timescale);
  if (average_bps > COPIED_SOUND_BPS_MAX || peak_bps > COPIED_SOUND_BPS_MAX * 2)
    throw new Unusable("its sound takes more bits than it needs");
  return {
    kind: "sound",
    stream: sound.stream,
    timescale,
    shift,
    cuts,
    starts,
    until,
    end,
    codecs: "mp4a.40.2",
    channels: aac.channels,
    average_bps,
    peak_bps,
  };
}

function rates(
  sizeOf: (sample: number) => number,
  cuts: number[],
  starts: number[],
  until: number,
  end: number,
  timescale: number,
) {
  let total = 0;
  let peak_bps = 0;
  for (const [k, cut] of cuts.entries()) {
    let bytes = 0;
    for (let sample = cut; sample < (cuts[k + 1] ?? until); sample++) bytes += sizeOf(sample);
    const lasts_s = ((starts[k + 1] ?? end) - starts[k]!) / timescale;
    if (lasts_s >= 1) peak_bps = Math.max(peak_bps, (bytes * 8) / lasts_s);
    total += bytes;
  }
  const average_bps = Math.round((total * 8 * timescale) / (end - starts[0]!));
  return { average_bps, peak_bps: Math.round(Math.max(average_bps, peak_bps)) };
}
