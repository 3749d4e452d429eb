import { placeSegment, plainSegment, samplesOf, timescaleOf } from "./boxes.ts";
import { firstSoundFrame, type Part, rungFrames } from "./command.ts";
import { AUDIO_FRAME, audioFrameAt, audioFrames } from "./grid.ts";
import type { Rung, Sound } from "./ladder.ts";
import { segmentsOf } from "./playlist.ts";

interface Ready {
  /** The segment's number in the whole film. */
  index: number;
  bytes: Uint8Array;
}

/** Takes one track's files as ffmpeg numbers them in this run, and gives the film's segments. */
export interface Track {
  readonly name: string;
  readonly has_init: boolean;
  /** The number of the next file to read. */
  readonly read: number;
  /** Segments that this run must give. */
  readonly expected: number;
  takeInit(init: Uint8Array): Uint8Array;
  takeSegment(file: Uint8Array): Ready[];
  /** After the last file. */
  rest(): Ready[];
}

/** A picture's file is a segment; it only moves to its place on the film's clock. */
export function pictureTrack(part: Part, rung: Rung): Track {
  const { grid } = part.ladder;
  let timescale = 0;
  let read = 0;
  return {
    name: rung.name,
    get has_init() {
      return timescale > 0;
    },
    get read() {
      return read;
    },
    expected: part.until - part.from,
    takeInit(init) {
      timescale = timescaleOf(init);
      return init;
    },
    takeSegment(file) {
      const index = part.from + read++;
      if (index >= part.until) return [];
      const frames = samplesOf(file).sizes.length;
      // A segment that is short by frames is the place where the source broke off: it is not given on.
      if (frames !== rungFrames(part, rung, index)) return [];
      const ticks = BigInt(timescale) * BigInt(grid.fps.den) * BigInt(index) * BigInt(grid.frames_per_segment);
      return [{ index, bytes: placeSegment(file, ticks / BigInt(grid.fps.num), index + 1) }];
    },
    rest: () => [],
  };
}

/**
 * Sound comes in files that a run cuts where it stands; its AAC frames are dealt out anew on the film's own lattice, in
 * which frame n holds the samples from n × 1,024 on, whatever run made it.
 */
export function soundTrack(part: Part, sound: Sound): Track {
  const { grid } = part.ladder;
  const end = Math.min(audioFrameAt(grid, part.until), audioFrames(grid));
  let has_init = false;
  let read = 0;
  let held: Uint8Array[] = [];
  // The encoder's first frame is its lead-in: the one before the first that it was asked for.
  let next_frame = firstSoundFrame(part) - 1;
  let index = part.from;
  const segments_end = Math.min(part.until, segmentsOf(part.ladder, sound.name));

  function take(file: Uint8Array): void {
    const { sizes, data } = samplesOf(file);
    let at = 0;
    for (const size of sizes) {
      const frame = next_frame++;
      if (frame >= audioFrameAt(grid, part.from) && frame < end) held.push(data.slice(at, at + size));
      at += size;
    }
  }

  function deal(): Ready[] {
    const ready: Ready[] = [];
    while (index < segments_end) {
      const first = audioFrameAt(grid, index);
      const count = audioFrameAt(grid, index + 1) - first;
      if (held.length < count) break;
      ready.push({
        index,
        bytes: plainSegment(held.slice(0, count), AUDIO_FRAME, BigInt(first * AUDIO_FRAME), index + 1),
      });
      held = held.slice(count);
      index++;
    }
    return ready;
  }

  return {
    name: sound.name,
    get has_init() {
      return has_init;
    },
    get read() {
      return read;
    },
    expected: Math.max(0, segments_end - part.from),
    takeInit(init) {
      has_init = true;
      return init;
    },
    takeSegment(file) {
      read++;
      take(file);
      return deal();
    },
    rest: deal,
  };
}
