import type { ByteRange } from "#ports/blobs/index.ts";

import type { Probe } from "../probe.ts";
import { READ_GAP_BYTES_MAX } from "./bounds.ts";
import { joined } from "./cut.ts";
import type { Movie } from "./movie.ts";
import { shiftOf, zeroOf } from "./plan.ts";

/** What a decoder reads beyond what it was asked for: frames that are shown before those decoded earlier, and sound ahead. */
const BEYOND_S = 1.5;

/**
 * Where in the source lies what a decoder needs to make `from_s ≤ t < until_s` of these tracks: from the key frame before it to
 * a little after. `null` where a track's samples cannot be found, so that only the whole file will do.
 */
export function spanRanges(
  movie: Movie,
  probe: Pick<Probe, "start_s">,
  streams: readonly number[],
  from_s: number,
  until_s: number,
): ByteRange[] | null {
  const ranges: ByteRange[] = [];
  const zero_s = zeroOf(movie, probe);
  for (const stream of streams) {
    const track = movie.tracks[stream];
    if (!track?.samples) return null;
    const { samples, timescale } = track;
    const shift = shiftOf(track, zero_s);
    const first = samples.syncBefore(samples.sampleAt((from_s - BEYOND_S) * timescale - shift));
    const last = samples.sampleAt((until_s + BEYOND_S) * timescale - shift);
    for (const { start, size } of samples.places(first, last + 1)) ranges.push({ start, end_exclusive: start + size });
  }
  return joined(ranges, READ_GAP_BYTES_MAX);
}
