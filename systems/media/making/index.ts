import { Problem } from "#kernel/errors.ts";
import type { VideoId } from "#kernel/ids.ts";
import type { Blobs, MadeBlob, MissingMaker } from "#ports/blobs/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Sandbox } from "#ports/sandbox/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import {
  MAKE_LOOK_MS,
  MAKE_PAUSES_MS,
  MAKE_QUEUE_MAX,
  MAKE_TRIES_MAX,
  MAKE_WAIT_MS_MAX,
  SOURCES_LOOK_MS,
} from "../bounds.ts";
import { checkThere } from "../early/view.ts";
import { isAv1Track } from "../encode/av1.ts";
import { createMovies, type Movies } from "../encode/copy/index.ts";
import { namesOf, tracksOf } from "../encode/playlist.ts";
import { type FfmpegTools, MediaRefusal } from "../encode/tools.ts";
import type { MediaLimits } from "../limits.ts";
import { checkRoom, VideoGone } from "../videos/fail.ts";
import { deleteSegment, hasSegment, wasListed } from "../videos/rungs.ts";
import * as store from "../videos/store.ts";
import { createFlights, type Flights } from "./flights.ts";
import { keepInit, keepSegment, mediaTypeOf } from "./keep.ts";
import { giveBack, type Hold, leaseOf, noteFailure, type Spot, takeLeases } from "./leases.ts";
import { copyMaker, encodeMaker, type Makers } from "./makers.ts";
import { isGoodPlace, mayMake, planOf, readName } from "./names.ts";
import { createQuiet, type Quiet } from "./quiet.ts";
import { isMakeable, type Makeable, makerOf, runMaker } from "./run.ts";
import { busy, createSlots } from "./slots.ts";
import { createSources, type Sources } from "./sources.ts";
import { cutTrick } from "./trick.ts";

/** For nodes that make nothing themselves: asks one that does. */
export const MAKE_SEGMENT = "media.make_segment";

export interface MakingNeeds {
  sql: Sql;
  jobs: Jobs;
  blobs: Blobs;
  sandbox: Sandbox;
  clock: Clock;
  limits: MediaLimits;
  tools: FfmpegTools | null;
  scratch_folder: string;
}

export type Made = MadeBlob | "stored";

/** Makes what is missing of videos: one segment for whoever waits for it, and runs of them ahead of time. */
export interface Making {
  /** For the store's handler. */
  missing: MissingMaker;
  /** From now on this node encodes; before, it asks others. Disposed, what is under way ends. */
  begin(): Disposable;
  /** One segment, for a job that another node asked with. */
  makeFor(video_id: VideoId, spot: Spot, signal: AbortSignal): Promise<void>;
  /** For work that nobody waits for: when to begin. */
  quiet: Quiet;
  /** What runs ahead of time stand on. */
  ground: MakingGround;
}

export interface MakingGround extends MakingNeeds {
  makers: Makers;
  movies: Movies;
  sources: Sources;
  flights: Flights<Made>;
}

export const keyOf = (video_id: VideoId, track: string, k: number | null): string =>
  `${video_id}/${track}/${k ?? "init"}`;

export const newHold = (video_id: VideoId, for_viewer: boolean): Hold => ({
  video_id,
  for_viewer,
  token: crypto.randomUUID(),
});

export function createMaking(needs: MakingNeeds): Making {
  const { sql, clock, blobs, sandbox, tools, jobs, limits } = needs;
  const flights = createFlights<Made>({ clock });
  const sources = createSources(needs);
  const quiet = createQuiet({ clock });
  const slots = createSlots({
    clock,
    at_once: Math.max(2, navigator.hardwareConcurrency),
    waiting_max: MAKE_QUEUE_MAX,
    wait_ms_max: MAKE_WAIT_MS_MAX,
  });
  const movies = createMovies();
  const makers: Makers = {
    encode: tools
      ? encodeMaker({ sandbox, clock, tools, stall_ms_max: limits.stall_ms_max })
      : { heavy: true, make: () => Promise.reject(new Error("there is no ffmpeg on this node")) },
    copy: copyMaker(movies),
  };
  let makes_here = false;
  const canMake = ({ ladder }: Makeable, track: string): boolean =>
    makes_here && (tools?.can_av1 === true || !isAv1Track(ladder, track));

  const ground: MakingGround = {
    ...needs,
    makers,
    movies,
    sources,
    flights,
  };

  async function make(name: string, signal: AbortSignal, tries = 2): Promise<Made | null> {
    const asked = readName(name);
    if (!asked) return null;
    const video = await store.findVideo(sql.pool, asked.video_id);
    if (!isMakeable(video) || !isGoodPlace(asked.place, video.place)) return null;
    const { track, k } = asked;
    const plan = planOf(video.ladder, asked);
    if (!plan || (isAv1Track(plan, track) && !(await wasListed(sql.pool, video.id, track)))) return null;
    if (plan !== video.ladder) {
      const before: Makeable = { ...video, ladder: plan };
      return flights.join(`${keyOf(video.id, track, k)}/before`, signal, (nobody) =>
        makeUnkept(before, track, k, nobody),
      );
    }
    const { trick } = video.ladder;
    if (trick && track === trick.name) return cutTrick(blobs, make, video, { trick, k }, signal);
    if (video.early) await checkThere(ground, video, track, k);
    try {
      using _somebody = quiet.disturb();
      const made = await flights.join(keyOf(video.id, track, k), signal, (nobody) =>
        k === null ? makeInit(video, track, nobody) : makeSegment(video, { rung: track, k }, nobody),
      );
      if (made !== "stored" || asked.place === video.place) return made;
      const { head, body } = await blobs.get(video.place + asked.file);
      return { bytes: await new Response(body).bytes(), media_type: head.media_type };
    } catch (error) {
      // It was deleted, or its rungs were planned anew while this one was made: the next look tells.
      if (error instanceof VideoGone) return tries > 1 ? make(name, signal, tries - 1) : null;
      // An init has no lease that says so. What is wrong with the file ends the video in a moment, by its fill.
      if (error instanceof MediaRefusal && !signal.aborted) throw failedFor(MAKE_PAUSES_MS[1]);
      throw error;
    }
  }

  /** Of the plan before, for who holds its lists still: made for them, and not stored. */
  async function makeUnkept(video: Makeable, track: string, k: number | null, signal: AbortSignal): Promise<Made> {
    if (!makes_here) throw busy();
    using _slot = await slots.take(rankOf(video, track), signal);
    let made: Uint8Array<ArrayBuffer> | null = null;
    const onFile = async ({ kind, bytes }: { kind: "init" | "segment"; bytes: Uint8Array }) => {
      if ((kind === "init") === (k === null)) made = plain(bytes);
    };
    const from = k ?? 0;
    const part = { tracks: [track], from, until: from + 1, ...(k === null ? { inits_only: true } : {}) };
    await runMaker(ground, video, { ...part, onFile, signal, nice: 0 }, null);
    if (!made) throw new Error(`nothing was made of ${track}`);
    return { bytes: made, media_type: mediaTypeOf(video.ladder, track) };
  }

  /** Needs no lease: whoever makes it makes the same, and the first one decides. */
  async function makeInit(video: Makeable, track: string, signal: AbortSignal): Promise<Made> {
    const file = video.place + namesOf(video.ladder).init(track);
    const began_ms = clock.monotonic();
    for (let asked = false; !canMake(video, track); asked = true) {
      if (!asked) await askOthers(video, { rung: track, k: 0 });
      await wait(began_ms, signal);
      if (await blobs.head(file)) return "stored";
    }
    using _slot = await slots.take(rankOf(video, track), signal);
    let made: Uint8Array<ArrayBuffer> | null = null;
    const onFile = async (init: { kind: string; bytes: Uint8Array }) => {
      if (init.kind === "init") made = await keepInit(needs, video, track, plain(init.bytes));
    };
    const run = { tracks: [track], from: 0, until: 1, inits_only: true, onFile, signal, nice: 0, notice_ms: 50 };
    await runMaker(ground, video, run, null);
    if (!made) throw new Error(`no init of ${track} was made`);
    return { bytes: made, media_type: mediaTypeOf(video.ladder, track) };
  }

  async function makeSegment(video: Makeable, spot: Spot, signal: AbortSignal): Promise<Made> {
    const began_ms = clock.monotonic();
    for (let asked = false; ;) {
      if (await isStored(video, spot)) return "stored";
      if (canMake(video, spot.rung)) {
        const made = await makeHere(video, spot, signal);
        if (made) return made;
      } else if (!asked) {
        await askOthers(video, spot);
        asked = true;
      }
      const lease = await leaseOf(sql.pool, video.id, spot);
      if (lease && lease.failed_tries >= MAKE_TRIES_MAX && lease.left_ms > 0) throw failedFor(lease.left_ms);
      await wait(began_ms, signal);
    }
  }

  /** @returns null when another node is at it, or this try failed */
  async function makeHere(video: Makeable, spot: Spot, signal: AbortSignal): Promise<Made | null> {
    const { rung, k } = spot;
    const { heavy } = makerOf(ground, video.ladder, [rung]);
    await checkRoomFor(needs);
    using _slot = heavy ? await slots.take(rankOf(video, rung), signal) : null;
    const hold = newHold(video.id, true);
    const before = await leaseOf(sql.pool, video.id, spot);
    const [mine] = await takeLeases(sql.pool, hold, { tracks: [rung], from: k, until: k + 1 });
    if (!mine) return null;
    let made: Made | null = null;
    const run = {
      tracks: [rung],
      from: k,
      until: k + 1,
      signal,
      nice: 0,
      async onFile(file: { kind: "init" | "segment"; bytes: Uint8Array }) {
        const bytes = plain(file.bytes);
        if (file.kind === "init") await keepInit(needs, video, rung, bytes);
        else if (await keepSegment(needs, video, hold, spot, bytes))
          made = { bytes, media_type: mediaTypeOf(video.ladder, rung) };
      },
    };
    try {
      await runMaker(ground, video, run, hold);
      return made;
    } catch (error) {
      if (signal.aborted || error instanceof VideoGone) throw error;
      await fail(hold, spot, before?.failed_tries ?? 0, error);
      return null;
    } finally {
      await giveBack(sql.pool, hold);
    }
  }

  async function fail(hold: Hold, spot: Spot, tries_before: number, error: unknown): Promise<void> {
    // A file that is broken there stays broken; all else may be the house's bad moment.
    const lasting = error instanceof MediaRefusal && error.lasting;
    const tries = lasting ? MAKE_TRIES_MAX : (tries_before % MAKE_TRIES_MAX) + 1;
    const pause_ms = MAKE_PAUSES_MS[tries - 1]!;
    await noteFailure(sql.pool, hold, spot, { because: String(error), tries, pause_ms });
  }

  /** The row says so, and the store has it. A row whose blob has vanished goes, and the segment is made again. */
  async function isStored(video: Makeable, { rung, k }: Spot): Promise<boolean> {
    if (!(await hasSegment(sql.pool, video.id, rung, k))) return false;
    if (await blobs.head(video.place + namesOf(video.ladder).segment(rung, k))) return true;
    return sql.tx(async (tx) => {
      const now = await store.lockVideo(tx, video.id);
      // It moved, or was stored again: then it is not the blob that we looked for.
      if (!now || now.place !== video.place) throw new VideoGone();
      if (await blobs.head(now.place + namesOf(video.ladder).segment(rung, k))) return true;
      await deleteSegment(tx, video.id, rung, k);
      return false;
    });
  }

  async function askOthers(video: Makeable, { rung, k }: Spot): Promise<void> {
    await sql.tx((tx) =>
      jobs.enqueue(
        tx,
        MAKE_SEGMENT,
        { video_id: video.id, rung, k },
        {
          unique_key: `${MAKE_SEGMENT}:${video.id}:${rung}:${k}`,
          deadline_at: new Date(clock.now() + 2 * MAKE_WAIT_MS_MAX),
        },
      ),
    );
  }

  async function wait(began_ms: number, signal: AbortSignal): Promise<void> {
    if (clock.monotonic() - began_ms > MAKE_WAIT_MS_MAX) throw busy();
    await clock.sleep(MAKE_LOOK_MS, signal);
  }

  return {
    missing: { mayMake, make: (name, signal) => make(name, signal) },
    quiet,
    ground,
    begin() {
      makes_here = tools !== null;
      const tidying = clock.every(SOURCES_LOOK_MS, () => sources.tidy());
      return {
        [Symbol.dispose]() {
          makes_here = false;
          tidying[Symbol.dispose]();
          flights.stop(new Error("this node makes no more videos"));
        },
      };
    },
    async makeFor(video_id, spot, signal) {
      const video = await store.findVideo(sql.pool, video_id);
      if (!isMakeable(video) || !tracksOf(video.ladder).includes(spot.rung)) return;
      const names = namesOf(video.ladder);
      await make(video.place + names.init(spot.rung), signal);
      await make(video.place + names.segment(spot.rung, spot.k), signal);
    },
  };
}

/** Sound and the lowest rung first: with them a film goes on, in whatever quality. */
function rankOf({ ladder }: Makeable, track: string): number {
  return Math.max(
    0,
    ladder.rungs.findIndex(({ name }) => name === track),
  );
}

/** @throws Problem 507 before anything is encoded that could not be kept; what is stored plays on */
async function checkRoomFor(needs: MakingNeeds): Promise<void> {
  try {
    await checkRoom(needs);
  } catch (error) {
    if (!(error instanceof MediaRefusal)) throw error;
    throw new Problem(
      507,
      "media.no_space",
      "The house's disk is nearly full, so this part of the video cannot be made now. What is made already plays.",
      { retry_after_s: 30 },
    );
  }
}

const plain = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => new Uint8Array(bytes);

const failedFor = (left_ms: number) =>
  new Problem(
    503,
    "media.segment_failed",
    `This part of the video could not be made, ${MAKE_TRIES_MAX} times. The rest of it plays; try this part again later.`,
    { retry_after_s: Math.max(1, Math.ceil(left_ms / 1000)) },
  );
