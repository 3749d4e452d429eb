import type { VideoId } from "#kernel/ids.ts";

import { AHEAD_SEGMENTS } from "../bounds.ts";
import { isSound, tracksOf } from "../encode/playlist.ts";
import { findVideo } from "../videos/store.ts";
import type { Expected } from "./flights.ts";
import { keyOf, type Made, type MakingGround, newHold } from "./index.ts";
import { keepInit, keepSegment, mediaTypeOf } from "./keep.ts";
import { giveBack, takeLeases } from "./leases.ts";
import { isCopied, isMakeable, type Makeable, runMaker } from "./run.ts";

/**
 * The first seconds of the lowest rung and the sound, as soon as it is known what the film is: a player that opens it finds
 * them, or waits for this run. Then the inits of all other tracks, so that a change of rung costs a player one making, not two.
 */
export async function makeAhead(ground: MakingGround, id: VideoId, signal: AbortSignal): Promise<void> {
  const video = await findVideo(ground.sql.pool, id);
  if (!isMakeable(video)) return;
  const [lowest] = video.ladder.rungs;
  const [sound] = video.ladder.sounds;
  // What is copied is there in a few milliseconds when it is asked for.
  const tracks = [sound, lowest].flatMap((track) => (track && !isCopied(video.ladder, track.name) ? [track.name] : []));
  await makeStretch(ground, video, {
    tracks,
    from: 0,
    until: AHEAD_SEGMENTS,
    nice: 0,
    patience_ms: 60_000,
    notice_ms: 50,
    signal,
  });
  await makeInits(ground, video, signal);
}

async function makeInits(ground: MakingGround, video: Makeable, signal: AbortSignal): Promise<void> {
  const { ladder } = video;
  const tracks = tracksOf(ladder).filter((name) => !isCopied(ladder, name));
  const onFile = async (file: { kind: string; track: string; bytes: Uint8Array }) => {
    if (file.kind === "init") await keepInit(ground, video, file.track, new Uint8Array(file.bytes));
  };
  await runMaker(ground, video, { tracks, from: 0, until: 1, inits_only: true, onFile, signal, nice: 5 }, null);
}

export interface Stretch {
  tracks: string[];
  from: number;
  until: number;
  nice: number;
  patience_ms: number;
  notice_ms?: number;
  signal: AbortSignal;
  onKept?(): Promise<void>;
}

/**
 * Makes a stretch of consecutive segments in one run and stores those that nobody else stores meanwhile. Who asks in this
 * process for what comes next waits for the run.
 * @returns whether there was anything for this run to make
 */
export async function makeStretch(ground: MakingGround, video: Makeable, stretch: Stretch): Promise<boolean> {
  const { ladder } = video;
  const hold = newHold(video.id, stretch.nice === 0);
  const mine = await takeLeases(ground.sql.pool, hold, stretch);
  if (mine.length === 0) return false;
  const from = Math.min(...mine.map(({ k }) => k));
  const until = Math.max(...mine.map(({ k }) => k)) + 1;
  const tracks = stretch.tracks.filter((track) => mine.some(({ rung }) => rung === track));
  const next = new Map(tracks.map((track) => [track, from]));
  const keys = new Map(mine.map(({ rung, k }) => [keyOf(video.id, rung, k), { rung, k }]));
  const isNear = (key: string) => {
    const { rung, k } = keys.get(key)!;
    // This one, or the next: a seek further on is not to wait for all in between.
    return k <= next.get(rung)! + 1;
  };
  using expected: Expected<Made> = ground.flights.expect([...keys.keys()], {
    isNear,
    patience_ms: stretch.patience_ms,
  });
  const { signal, nice, notice_ms } = stretch;
  try {
    await runMaker(
      ground,
      video,
      {
        tracks,
        from,
        until,
        signal,
        nice,
        ...(notice_ms === undefined ? {} : { notice_ms }),
        async onFile(file) {
          const bytes = new Uint8Array(file.bytes);
          const { track } = file;
          if (file.kind === "init") {
            await keepInit(ground, video, track, bytes);
            return;
          }
          const k = file.index;
          next.set(track, k + 1);
          const key = keyOf(video.id, track, k);
          if (!keys.has(key)) return;
          const kept = await keepSegment(ground, video, hold, { rung: track, k }, bytes);
          if (!kept) return expected.drop(key);
          expected.made(key, { bytes, media_type: mediaTypeOf(ladder, track) });
          await stretch.onKept?.();
        },
      },
      hold,
    );
  } finally {
    await giveBack(ground.sql.pool, hold);
  }
  return true;
}

/** Tracks in the order in which they are filled; sound is short work and everybody needs it. */
export const soundsFirst = (video: Makeable, tracks: readonly string[]): string[][] => {
  const sounds = tracks.filter((track) => isSound(video.ladder, track));
  const pictures = tracks.filter((track) => !isSound(video.ladder, track));
  return [sounds, pictures].filter((group) => group.length > 0);
};
