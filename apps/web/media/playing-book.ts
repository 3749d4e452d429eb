import type { BeaconIn, Referrer } from "#systems/media/contract.ts";

/** What a player does, kept until it is told. Times are those of the page (ms) and of the film (s). */
export interface PlayingBook {
  /** Somebody wants to see it; the first time counts. */
  wished(now_ms: number): void;
  /** The picture moves: for the first time, or again. */
  playing(now_ms: number): void;
  /** It stopped to wait for the line. */
  stalled(now_ms: number): void;
  /** It stopped because somebody stopped it; a wait that ran is over. */
  paused(now_ms: number): void;
  at(at_s: number, duration_s: number): void;
  /** The place is another one now. */
  jumped(at_s: number, duration_s: number): void;
  level(rung: string): void;
  failed(code: string): void;
  /** What happened since the last time; null where there is nothing to tell. */
  take(now_ms: number): BeaconIn | null;
}

const BUCKETS = 100;
/** Further than this between two looks is no playing: pages in the background look once a second. */
const STEP_S_MAX = 5;
const RANGES_MAX = 100;
const ERRORS_MAX = 8;
const RUNGS_MAX = 12;

export function createPlayingBook(
  session: string,
  facts: { from: Referrer; autoplay: boolean; player: string },
): PlayingBook {
  let seq = 0;
  let wished_ms: number | null = null;
  let startup_ms: number | null = null;
  let told_start = false;
  let stalled_ms: number | null = null;
  let last_s: number | null = null;
  /** The hundredth that was entered last and not left since. */
  let inside: number | null = null;
  let rung: string | null = null;
  let fresh = nothing();

  const bucketOf = (at_s: number, duration_s: number) =>
    Math.min(BUCKETS - 1, Math.floor((at_s / duration_s) * BUCKETS));
  const endStall = (now_ms: number) => {
    if (stalled_ms === null) return;
    fresh.rebuffers += 1;
    fresh.rebuffer_ms += Math.max(0, now_ms - stalled_ms);
    stalled_ms = null;
  };
  const enter = (first: number, last: number) => {
    const range = fresh.watched.at(-1);
    if (range && range[1] === first - 1 && inside === range[1]) range[1] = last;
    else if (fresh.watched.length < RANGES_MAX) fresh.watched.push([first, last]);
    inside = last;
  };
  const jumped = (at_s: number, duration_s: number) => {
    const before_s = last_s;
    last_s = at_s;
    // A small step on within what is being watched is no second look at it.
    if (duration_s > 0 && before_s !== null && at_s >= before_s && bucketOf(at_s, duration_s) === inside) return;
    inside = null;
  };

  return {
    wished(now_ms) {
      wished_ms ??= now_ms;
    },
    playing(now_ms) {
      endStall(now_ms);
      startup_ms ??= Math.max(0, now_ms - (wished_ms ?? now_ms));
    },
    stalled(now_ms) {
      if (startup_ms !== null) stalled_ms ??= now_ms;
    },
    paused: endStall,
    at(at_s, duration_s) {
      if (!(duration_s > 0) || startup_ms === null) return;
      const step_s = last_s === null ? 0 : at_s - last_s;
      if (last_s !== null && (step_s < 0 || step_s > STEP_S_MAX)) {
        jumped(at_s, duration_s);
        return;
      }
      const from = bucketOf(last_s ?? at_s, duration_s);
      last_s = at_s;
      if (step_s === 0) return;
      const to = bucketOf(at_s, duration_s);
      if (inside === null) enter(from, to);
      else if (to > inside) enter(inside + 1, to);
      fresh.played_ms += step_s * 1000;
      if (rung !== null && (rung in fresh.rungs || Object.keys(fresh.rungs).length < RUNGS_MAX))
        fresh.rungs[rung] = (fresh.rungs[rung] ?? 0) + step_s * 1000;
    },
    jumped,
    level(name) {
      if (rung !== null && rung !== name) fresh.switches += 1;
      rung = name;
    },
    failed(code) {
      if (fresh.errors.length < ERRORS_MAX) fresh.errors.push(code);
    },
    take(now_ms) {
      const starts = startup_ms !== null && !told_start;
      // A wait that goes on is told as far as it is.
      if (stalled_ms !== null && now_ms - stalled_ms > 0) {
        fresh.rebuffer_ms += now_ms - stalled_ms;
        stalled_ms = now_ms;
      }
      const { played_ms, rebuffers, rebuffer_ms, switches, watched, errors } = fresh;
      const empty = played_ms < 1 && rebuffers + rebuffer_ms + switches + watched.length + errors.length === 0;
      if (empty && !starts) return null;
      const rungs = Object.fromEntries(Object.entries(fresh.rungs).map(([name, ms]) => [name, Math.round(ms)]));
      fresh = nothing();
      told_start ||= starts;
      return {
        session,
        seq: seq++,
        ...facts,
        ...(starts ? { startup_ms: Math.round(startup_ms!) } : {}),
        played_ms: Math.round(played_ms),
        rebuffers,
        rebuffer_ms: Math.round(rebuffer_ms),
        switches,
        rungs,
        watched,
        errors,
      };
    },
  };
}

const nothing = () => ({
  played_ms: 0,
  rebuffers: 0,
  rebuffer_ms: 0,
  switches: 0,
  rungs: {} as Record<string, number>,
  watched: [] as [number, number][],
  errors: [] as string[],
});
