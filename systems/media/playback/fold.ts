import type { VideoId } from "#kernel/ids.ts";
import { HOUR_MS } from "#kernel/time.ts";

import type { Agent } from "./agents.ts";
import { countBits, hasBit, withBit } from "./bits.ts";
import {
  BEACON_EVERY_MS_MIN,
  BEACONS_AT_ONCE_MAX,
  CREDIT_SLACK_MS,
  NAMES_KEPT_MAX,
  PLAY_RATE_MAX,
  RETENTION_BUCKETS,
  SESSIONS_PER_ADDRESS_MAX,
  VIEW_WATCHED_MS,
  VIEW_WATCHED_SHARE,
} from "./bounds.ts";
import type { Beacon } from "./contract.ts";
import { stepOf } from "./histogram.ts";

/** What a call told, with who it was; as it waits to be folded. */
export interface Told {
  video_id: VideoId;
  session: string;
  /** Null for a call of `views`, which tells sums. */
  seq: number | null;
  viewer: string;
  address: string;
  at: Date;
  body: ToldBody;
}

export type ToldBody = Omit<Beacon, "session" | "seq" | "player"> &
  Agent & {
    /** Watched in this session so far, as a call of `views` says it; `enough` where it says no number. */
    told_ms?: number | "enough";
  };

/** One playing. */
export interface Session {
  video_id: VideoId;
  session: string;
  viewer: string;
  address: string;
  day: string;
  first_at: Date;
  last_at: Date;
  seqs: Uint8Array;
  seen: Uint8Array;
  played_ms: number;
  told_ms: number;
  credited_ms: number;
  started: boolean;
  viewed_at: Date | null;
}

/** Sums of one day, of a video or of the house. */
export interface DaySums {
  sessions: number;
  watched_ms: number;
  rebuffers: number;
  rebuffer_ms: number;
  switches: number;
  autoplays: number;
  startups: number[];
  errors: Map<string, number>;
  rungs: Map<string, number>;
  referrers: Map<string, number>;
  devices: Map<string, number>;
  browsers: Map<string, number>;
}

export interface Retention {
  sessions: number;
  watched: number[];
  again: number[];
}

export interface VideoFacts {
  duration_ms: number | null;
  rungs: ReadonlySet<string>;
}

/** Everything that a batch of calls touches, as it is before; folding changes it in place. */
export interface FoldState {
  videos: ReadonlyMap<VideoId, VideoFacts>;
  sessions: Map<string, Session>;
  /** Playings by video and hourly hash of the address. */
  addresses: Map<string, number>;
  days: Map<string, DaySums>;
  house_days: Map<string, DaySums>;
  retention: Map<VideoId, Retention>;
  /** Sessions that have now seen enough for a view, in the order in which they had. */
  viewed: (Session & { viewed_at: Date })[];
}

export const sessionKey = (of: { video_id: string; session: string }) => `${of.video_id}:${of.session}`;
export const addressKeyOf = (of: { video_id: string; address: string }) => `${of.video_id}:${of.address}`;
export const dayKey = (video_id: string, day: string) => `${video_id}:${day}`;
/** The day in UTC. */
export const dayOf = (at: Date | number): string => new Date(at).toISOString().slice(0, 10);

/** What must have been watched for a view. */
export const viewNeeds_ms = (duration_ms: number | null): number =>
  duration_ms === null ? VIEW_WATCHED_MS : Math.min(VIEW_WATCHED_MS, Math.floor(duration_ms * VIEW_WATCHED_SHARE));

export const noSums = (): DaySums => ({
  sessions: 0,
  watched_ms: 0,
  rebuffers: 0,
  rebuffer_ms: 0,
  switches: 0,
  autoplays: 0,
  startups: [],
  errors: new Map(),
  rungs: new Map(),
  referrers: new Map(),
  devices: new Map(),
  browsers: new Map(),
});

export const noRetention = (): Retention => ({
  sessions: 0,
  watched: new Array<number>(RETENTION_BUCKETS).fill(0),
  again: new Array<number>(RETENTION_BUCKETS).fill(0),
});

/**
 * Adds one call to the sums. Every sum is the same in whatever order calls come, and a call that comes again changes
 * nothing; only which day a session belongs to is decided by the first of its calls that is folded.
 */
export function fold(state: FoldState, told: Told): void {
  const video = state.videos.get(told.video_id);
  if (!video) return;
  const session = state.sessions.get(sessionKey(told)) ?? begin(state, told);
  if (!session) return;
  const first_ms = Math.min(session.first_at.getTime(), told.at.getTime());
  const last_ms = Math.max(session.last_at.getTime(), told.at.getTime());
  const lived_ms = last_ms - first_ms;
  if (told.seq !== null) {
    if (hasBit(session.seqs, told.seq)) return;
    if (countBits(session.seqs) >= BEACONS_AT_ONCE_MAX + lived_ms / BEACON_EVERY_MS_MIN) return;
    session.seqs = withBit(session.seqs, told.seq);
  }
  session.first_at = new Date(first_ms);
  session.last_at = new Date(last_ms);
  const { body } = told;
  const needs_ms = viewNeeds_ms(video.duration_ms);
  session.played_ms += body.played_ms;
  session.told_ms = Math.max(session.told_ms, body.told_ms === "enough" ? needs_ms : (body.told_ms ?? 0));
  // Who says that an hour was watched a second after the first word is not believed.
  const credited_ms = Math.min(
    Math.max(session.played_ms, session.told_ms),
    Math.floor(PLAY_RATE_MAX * lived_ms) + CREDIT_SLACK_MS,
  );
  const gained_ms = Math.max(0, credited_ms - session.credited_ms);
  session.credited_ms += gained_ms;
  const starts = body.startup_ms !== undefined && !session.started;
  session.started ||= starts;

  for (const sums of sumsOf(state, session)) {
    sums.watched_ms += gained_ms;
    sums.rebuffers += body.rebuffers;
    sums.rebuffer_ms += body.rebuffer_ms;
    sums.switches += body.switches;
    if (starts) addStep(sums.startups, stepOf(body.startup_ms!));
    for (const code of body.errors) count(sums.errors, code, 1);
    let left_ms = body.played_ms;
    for (const [rung, ms] of Object.entries(body.rungs)) {
      const taken_ms = Math.min(ms, left_ms);
      left_ms -= taken_ms;
      if (taken_ms > 0) count(sums.rungs, video.rungs.has(rung) ? rung : "other", taken_ms);
    }
  }
  foldWatched(state, session, video, body);
  if (session.viewed_at === null && session.credited_ms >= needs_ms) {
    const viewed_at = session.last_at;
    session.viewed_at = viewed_at;
    // As it is now: later calls of the same batch go on changing the session.
    state.viewed.push({ ...session, viewed_at });
  }
}

/** @returns null where this address has had its share of the hour */
function begin(state: FoldState, told: Told): Session | null {
  const key = addressKeyOf(told);
  const before = state.addresses.get(key) ?? 0;
  if (before >= SESSIONS_PER_ADDRESS_MAX) return null;
  state.addresses.set(key, before + 1);
  const { video_id, viewer, address, at, body } = told;
  const session: Session = {
    video_id,
    session: told.session,
    viewer,
    address,
    day: dayOf(at),
    first_at: at,
    last_at: at,
    seqs: new Uint8Array(0),
    seen: new Uint8Array(Math.ceil(RETENTION_BUCKETS / 8)),
    played_ms: 0,
    told_ms: 0,
    credited_ms: 0,
    started: false,
    viewed_at: null,
  };
  state.sessions.set(sessionKey(told), session);
  for (const sums of sumsOf(state, session)) {
    sums.sessions += 1;
    if (body.autoplay) sums.autoplays += 1;
    count(sums.referrers, body.from, 1);
    count(sums.devices, body.device, 1);
    count(sums.browsers, body.browser, 1);
  }
  return session;
}

/** The same hundredth counts once per session, and as watched again whenever it is entered once more. */
function foldWatched(state: FoldState, session: Session, video: VideoFacts, body: ToldBody): void {
  if (body.watched.length === 0) return;
  const bucket_ms = Math.max(1, (video.duration_ms ?? 0) / RETENTION_BUCKETS);
  // What was played reaches so far; each range may begin and end inside of a hundredth.
  let left = Math.floor(body.played_ms / bucket_ms) + 2 * body.watched.length;
  let retention = state.retention.get(session.video_id);
  if (!retention) state.retention.set(session.video_id, (retention = noRetention()));
  if (countBits(session.seen) === 0) retention.sessions += 1;
  for (const [first, last] of body.watched) {
    for (let bucket = first; bucket <= last && left > 0; bucket++, left--) {
      const sums = hasBit(session.seen, bucket) ? retention.again : retention.watched;
      sums[bucket] = sums[bucket]! + 1;
      session.seen = withBit(session.seen, bucket);
    }
  }
}

function sumsOf(state: FoldState, { video_id, day }: Session): DaySums[] {
  const of = (days: Map<string, DaySums>, key: string) => {
    let sums = days.get(key);
    if (!sums) days.set(key, (sums = noSums()));
    return sums;
  };
  return [of(state.days, dayKey(video_id, day)), of(state.house_days, day)];
}

function count(counts: Map<string, number>, name: string, more: number): void {
  const kept = counts.has(name) || counts.size < NAMES_KEPT_MAX ? name : "other";
  counts.set(kept, (counts.get(kept) ?? 0) + more);
}

function addStep(steps: number[], step: number): void {
  while (steps.length <= step) steps.push(0);
  steps[step] = steps[step]! + 1;
}

/** What an address is called in the books of this hour. */
export const hourOf = (at_ms: number): number => Math.floor(at_ms / HOUR_MS);
