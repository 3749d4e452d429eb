import { VIDEO_DURATION_MS_MAX } from "../bounds.ts";
import { OFFSETS_EVERY_SAMPLES, SAMPLES_MAX } from "./bounds.ts";
import { Unusable } from "./source.ts";

/**
 * Where the samples of a track lie, how large they are and when they are due, as the file's own run-length tables: a film
 * of two hours takes about 3 MB. Samples count from 0; times are in ticks of the track.
 */
export interface SampleTable {
  count: number;
  /** Sum of all sizes. */
  bytes: number;
  /** Ticks from the first decode time to the end of the last sample. */
  ticks: number;
  /** True when every sample may be begun with. */
  all_sync: boolean;
  /** Smallest and largest difference of two decode times; the last sample's own is left out. */
  delta_min: number;
  delta_max: number;
  /** What the arrays hold in memory. */
  held_bytes: number;
  sizeOf(sample: number): number;
  decodeTime(sample: number): number;
  /** Presentation minus decode time; may be negative. */
  offsetOf(sample: number): number;
  /** The last sample that is due at or before `tick`; 0 where there is none. */
  sampleAt(tick: number): number;
  /** The first sync sample at or after `sample`, or `count` where there is none. */
  syncFrom(sample: number): number;
  /** The last sync sample at or before `sample`, or 0. */
  syncBefore(sample: number): number;
  /** Decode time and offset of `from ≤ sample < until`, in order. */
  eachTime(from: number, until: number, see: (sample: number, decode: number, offset: number) => void): void;
  /** Byte ranges of `from ≤ sample < until` in order, one each. */
  places(from: number, until: number): Generator<{ start: number; size: number }>;
}

export interface RawTables {
  stts: DataView;
  ctts: DataView | null;
  stss: DataView | null;
  stsc: DataView;
  stsz: DataView;
  /** `stco` or `co64`. */
  chunks: DataView;
  wide: boolean;
  timescale: number;
  file_bytes: number;
}

/** @throws Unusable where the tables are broken, disagree, or are beyond what is taken */
export function sampleTable(raw: RawTables): SampleTable {
  const { sizes, constant, count } = readSizes(raw.stsz);
  const time = readRuns(raw.stts, count, "stts");
  const offset = raw.ctts ? readRuns(raw.ctts, count, "ctts") : null;
  const sync = raw.stss ? readSync(raw.stss, count) : null;
  const sizeOf = (sample: number) => (sizes ? sizes[sample]! : constant);

  const starts = new Float64Array(time.first.length);
  let ticks = 0;
  let delta_min = Infinity;
  let delta_max = 0;
  for (let run = 0; run < time.first.length; run++) {
    starts[run] = ticks;
    const length = runEnd(time, run, count) - time.first[run]!;
    const delta = time.value[run]! >>> 0;
    ticks += length * delta;
    if (runEnd(time, run, count) === count && length === 1 && count > 1) continue;
    delta_min = Math.min(delta_min, delta);
    delta_max = Math.max(delta_max, delta);
  }
  if (ticks / raw.timescale > (VIDEO_DURATION_MS_MAX / 1000) * 1.01)
    throw new Unusable("its index says that it is too long");
  const where = readPlaces(raw, count, sizeOf);

  function* places(from: number, until: number): Generator<{ start: number; size: number }> {
    const mark = Math.floor(from / OFFSETS_EVERY_SAMPLES);
    let sample = mark * OFFSETS_EVERY_SAMPLES;
    let chunk = where.mark_chunk[mark]!;
    let left = where.mark_left[mark]!;
    let at = where.mark_at[mark]!;
    let run = lastAtMost(where.run_chunk, chunk);
    for (; sample < until; sample++) {
      if (left === 0) {
        chunk += 1;
        if (run + 1 < where.run_chunk.length && chunk >= where.run_chunk[run + 1]!) run += 1;
        left = where.run_samples[run]!;
        at = where.chunkAt(chunk);
      }
      const size = sizeOf(sample);
      if (sample >= from) yield { start: at, size };
      at += size;
      left -= 1;
    }
  }

  return {
    count,
    bytes: where.bytes,
    ticks,
    all_sync: sync === null,
    delta_min: delta_min === Infinity ? 0 : delta_min,
    delta_max,
    held_bytes:
      raw.stts.byteLength +
      starts.byteLength +
      (raw.ctts?.byteLength ?? 0) +
      (raw.stss?.byteLength ?? 0) +
      (sizes?.byteLength ?? 0) +
      where.held_bytes,
    sizeOf,
    decodeTime(sample) {
      const run = lastAtMost(time.first, sample);
      return starts[run]! + (sample - time.first[run]!) * (time.value[run]! >>> 0);
    },
    offsetOf: (sample) => (offset ? offset.value[lastAtMost(offset.first, sample)]! : 0),
    sampleAt(tick) {
      const run = lastAtMost(starts, tick);
      const delta = time.value[run]! >>> 0;
      const into = delta === 0 ? 0 : Math.floor(Math.max(0, tick - starts[run]!) / delta);
      return Math.min(time.first[run]! + into, runEnd(time, run, count) - 1);
    },
    syncFrom(sample) {
      if (!sync) return Math.min(sample, count);
      const found = lastAtMost(sync, sample - 1) + 1;
      const first = sync[0] !== undefined && sync[0] >= sample ? 0 : found;
      return sync[first] ?? count;
    },
    syncBefore(sample) {
      if (!sync) return sample;
      const first = sync[0];
      return first === undefined || first > sample ? 0 : sync[lastAtMost(sync, sample)]!;
    },
    eachTime(from, until, see) {
      let run = lastAtMost(time.first, from);
      let moved = offset ? lastAtMost(offset.first, from) : 0;
      for (let sample = from; sample < Math.min(until, count); sample++) {
        while (runEnd(time, run, count) <= sample) run += 1;
        while (offset && runEnd(offset, moved, count) <= sample) moved += 1;
        const decode = starts[run]! + (sample - time.first[run]!) * (time.value[run]! >>> 0);
        see(sample, decode, offset ? offset.value[moved]! : 0);
      }
    },
    places,
  };
}

interface Runs {
  /** The first sample of each run. */
  first: Uint32Array;
  value: Int32Array;
}

const runEnd = (runs: Runs, run: number, count: number): number => runs.first[run + 1] ?? count;

/** The largest index whose value is at most `wanted`; 0 where even the first is larger. */
function lastAtMost(sorted: Uint32Array | Float64Array, wanted: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sorted[middle]! <= wanted) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Entries behind a table's head. A count is believed only when the box has room for it. */
function entriesOf(view: DataView, step_bytes: number, name: string, head_bytes = 8): number {
  if (view.byteLength < head_bytes) throw new Unusable(`its ${name} is broken`);
  const entries = view.getUint32(head_bytes - 4);
  if (entries * step_bytes > view.byteLength - head_bytes) throw new Unusable(`its ${name} is broken`);
  return entries;
}

function readSizes(view: DataView): { sizes: Uint32Array | null; constant: number; count: number } {
  if (view.byteLength < 12) throw new Unusable("its stsz is broken");
  const constant = view.getUint32(4);
  const count = constant === 0 ? entriesOf(view, 4, "stsz", 12) : view.getUint32(8);
  if (count === 0) throw new Unusable("its index has no samples; it is written in fragments");
  if (count > SAMPLES_MAX) throw new Unusable("it has too many samples");
  if (constant !== 0) return { sizes: null, constant, count };
  const sizes = new Uint32Array(count);
  for (let i = 0; i < count; i++) sizes[i] = view.getUint32(12 + i * 4);
  return { sizes, constant, count };
}

function readRuns(view: DataView, count: number, name: string): Runs {
  const entries = entriesOf(view, 8, name);
  const first = new Uint32Array(entries);
  const value = new Int32Array(entries);
  let runs = 0;
  let sample = 0;
  for (let i = 0; i < entries; i++) {
    const length = view.getUint32(8 + i * 8);
    if (length === 0) continue;
    first[runs] = sample;
    value[runs++] = view.getInt32(12 + i * 8);
    sample += length;
    if (sample > count) break;
  }
  if (sample !== count) throw new Unusable(`its ${name} and its stsz disagree`);
  return { first: first.slice(0, runs), value: value.slice(0, runs) };
}

function readSync(view: DataView, count: number): Uint32Array {
  const entries = entriesOf(view, 4, "stss");
  const sync = new Uint32Array(entries);
  let before = 0;
  for (let i = 0; i < entries; i++) {
    const number = view.getUint32(8 + i * 4);
    if (number <= before || number > count) throw new Unusable("its stss is broken");
    sync[i] = number - 1;
    before = number;
  }
  return sync;
}

/** Walks all samples once, and checks that each lies in the file. */
function readPlaces(raw: RawTables, count: number, sizeOf: (sample: number) => number) {
  const { stsc, chunks, wide, file_bytes } = raw;
  const step = wide ? 8 : 4;
  const chunk_count = entriesOf(chunks, step, wide ? "co64" : "stco");
  const runs = entriesOf(stsc, 12, "stsc");
  const run_chunk = new Uint32Array(runs);
  const run_samples = new Uint32Array(runs);
  for (let run = 0; run < runs; run++) {
    run_chunk[run] = stsc.getUint32(8 + run * 12) - 1;
    run_samples[run] = stsc.getUint32(12 + run * 12);
    if (stsc.getUint32(16 + run * 12) !== 1) throw new Unusable("it has several descriptions of its samples");
    const ordered = run === 0 ? run_chunk[0] === 0 : run_chunk[run]! > run_chunk[run - 1]!;
    if (!ordered || run_samples[run] === 0) throw new Unusable("its stsc is broken");
  }
  const at_of = new Float64Array(chunk_count);
  for (let i = 0; i < chunk_count; i++)
    at_of[i] = wide ? Number(chunks.getBigUint64(8 + i * 8)) : chunks.getUint32(8 + i * 4);

  const marks = Math.ceil(count / OFFSETS_EVERY_SAMPLES);
  const mark_at = new Float64Array(marks);
  const mark_chunk = new Uint32Array(marks);
  const mark_left = new Uint32Array(marks);
  let run = -1;
  let chunk = -1;
  let left = 0;
  let at = 0;
  let bytes = 0;
  for (let sample = 0; sample < count; sample++) {
    if (left === 0) {
      chunk += 1;
      if (run + 1 < runs && chunk >= run_chunk[run + 1]!) run += 1;
      if (chunk >= chunk_count || run < 0) throw new Unusable("its chunks and its samples disagree");
      left = run_samples[run]!;
      at = at_of[chunk]!;
    }
    if (sample % OFFSETS_EVERY_SAMPLES === 0) {
      const mark = sample / OFFSETS_EVERY_SAMPLES;
      mark_at[mark] = at;
      mark_chunk[mark] = chunk;
      mark_left[mark] = left;
    }
    const size = sizeOf(sample);
    at += size;
    bytes += size;
    if (at > file_bytes) throw new Unusable("its index points behind its end");
    left -= 1;
  }
  return {
    bytes,
    run_chunk,
    run_samples,
    mark_at,
    mark_chunk,
    mark_left,
    chunkAt: (index: number) => at_of[index]!,
    held_bytes: at_of.byteLength + run_chunk.byteLength * 2 + mark_at.byteLength * 2,
  };
}
