import { LRUCache } from "lru-cache";

import type { Ladder } from "../ladder.ts";
import { copiedOf, isSound, trackOf } from "../playlist.ts";
import { MOVIES_BYTES_MAX, MOVIES_MAX } from "./bounds.ts";
import { copyInit, copySegment } from "./cut.ts";
import { type Movie, readMovie } from "./movie.ts";
import { unpackPlan } from "./pack.ts";
import type { CopyPlan } from "./plan.ts";
import { fileSource } from "./source.ts";

/** What a run of copying is asked for: a stretch of tracks that are cut from the source. */
export interface CopyWork {
  source_path: string;
  ladder: Ladder;
  tracks?: string[];
  from?: number;
  until?: number;
  inits_only?: boolean;
  onFile(
    file:
      | { kind: "init"; track: string; bytes: Uint8Array }
      | { kind: "segment"; track: string; index: number; bytes: Uint8Array },
  ): Promise<void>;
  signal?: AbortSignal;
}

/** Indexes that were read already, by file. A few milliseconds each; a film's next segment comes soon. */
export interface Movies {
  /** @throws Error for a file whose index cannot be used: a plan was made of it, so it is another file now */
  of(path: string): Promise<Movie>;
}

export function createMovies(): Movies {
  const kept = new LRUCache<string, Movie>({
    max: MOVIES_MAX,
    maxSize: MOVIES_BYTES_MAX,
    sizeCalculation: (movie) => Math.max(1, movie.held_bytes),
  });
  const reading = new Map<string, Promise<Movie>>();

  async function read(path: string): Promise<Movie> {
    await using source = await fileSource(path);
    const movie = await readMovie(source);
    if ("because" in movie) throw new Error(`the index of a source that was planned cannot be read: ${movie.because}`);
    kept.set(path, movie);
    return movie;
  }

  return {
    of(path) {
      const known = kept.get(path);
      if (known) return Promise.resolve(known);
      const under_way = reading.get(path);
      if (under_way) return under_way;
      const fresh = read(path).finally(() => reading.delete(path));
      reading.set(path, fresh);
      return fresh;
    },
  };
}

/** How a track of a ladder is cut. @throws RangeError for one that is encoded */
export function planOf(ladder: Ladder, track: string): CopyPlan {
  const copied = copiedOf(ladder, track);
  if (!copied) throw new RangeError(`the track ${track} is not copied`);
  return unpackPlan(copied, isSound(ladder, track) ? "sound" : "picture", trackOf(ladder, track).codecs);
}

/** Cuts the segments `from ≤ k < until` of some tracks, the init of each first. Milliseconds each, and no process. */
export function createCopier(movies: Movies): { make(work: CopyWork): Promise<void> } {
  return {
    async make({ source_path, ladder, tracks = [], from = 0, until, inits_only = false, onFile, signal }) {
      const movie = await movies.of(source_path);
      await using source = await fileSource(source_path);
      for (const track of tracks) {
        const plan = planOf(ladder, track);
        await onFile({ kind: "init", track, bytes: copyInit(movie, plan) });
        const end = inits_only ? 0 : Math.min(until ?? plan.cuts.length, plan.cuts.length);
        for (let k = from; k < end; k++) {
          signal?.throwIfAborted();
          await onFile({ kind: "segment", track, index: k, bytes: await copySegment(movie, plan, k, source) });
        }
      }
    },
  };
}
