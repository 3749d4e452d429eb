import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";

import type { VideoId } from "#kernel/ids.ts";
import { SQL_FOLDER, testDatabase } from "#ports/sql/testing.ts";

import { VIEW_AGAIN_MS } from "../bounds.ts";
import { MEDIA_FOLDER } from "../index.ts";
import { countViews, recountViews } from "../watching/store.ts";
import type { Told } from "./fold.ts";
import { stepOf } from "./histogram.ts";
import { rollUp } from "./roll-up.ts";
import * as store from "./store.ts";

setDefaultTimeout(120_000);
const db = await testDatabase([SQL_FOLDER, MEDIA_FOLDER]);
afterAll(() => db[Symbol.asyncDispose]());

const SESSIONS = 10_000;
const VIDEOS = 25;
const SECRET = "a secret of more than thirty-two characters";
const FOLDED_AT_ONCE = 250;
const BEGAN = Date.UTC(2026, 10, 20, 13, 0, 0);
const SPAN_MS = 20 * 3_600_000;

const seed = Number(process.env.PLAYBACK_SEED ?? Math.floor(Math.random() * 2 ** 31));
let state = seed;
/** Mulberry32: the same seed tells the same story. */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
}
const below = (n: number) => Math.floor(random() * n);
const day = (at: Date) => at.toISOString().slice(0, 10);

interface Film {
  id: VideoId;
  duration_ms: number;
}

/** People who watch a while, go back, come in late, in the wrong order, and twice. */
function story(films: Film[]): Told[] {
  const told: Told[] = [];
  for (let n = 0; n < SESSIONS; n++) {
    const film = films[below(films.length)]!;
    const began = BEGAN + below(SPAN_MS);
    // Every fiftieth comes from one of the addresses that play a film over and over.
    const busy = n % 50 < 5;
    const hour = Math.floor(began / 3_600_000);
    const address = busy ? `busy-${below(2)}-${hour}` : `a${n}`;
    const viewer = busy ? `p${below(200)}` : `p${below(4_000)}`;
    const beacons = 1 + below(4);
    const bucket_ms = film.duration_ms / 100;
    let at = began;
    let bucket = below(60);
    const mine: Told[] = [];
    for (let seq = 0; seq < beacons; seq++) {
      const length = seq === 0 ? 0 : 1 + below(Math.max(1, Math.min(20, Math.floor(9_000 / bucket_ms))));
      const played_ms = Math.min(10_000, Math.ceil(length * bucket_ms));
      const last = Math.min(99, bucket + Math.max(0, length - 1));
      const watched: [number, number][] = length === 0 ? [] : [[bucket, last]];
      // Some go back to what they have seen.
      bucket = random() < 0.3 ? Math.max(0, bucket - below(10)) : Math.min(99, last + 1);
      at += seq === 0 ? 0 : 10_000;
      const rung = random() < 0.1 ? "999p" : random() < 0.5 ? "240p" : "480p";
      mine.push({
        video_id: film.id,
        session: `session-${n}`,
        seq,
        viewer,
        address,
        at: new Date(at + below(900)),
        body: {
          from: "home",
          autoplay: n % 3 === 0,
          device: "phone",
          browser: "chrome",
          ...(seq === 0 ? { startup_ms: 100 + below(4_000) } : {}),
          played_ms,
          rebuffers: below(2),
          rebuffer_ms: below(500),
          switches: below(2),
          rungs: played_ms > 0 ? { [rung]: played_ms } : {},
          watched,
          errors: random() < 0.02 ? ["fragLoadError"] : [],
        },
      });
    }
    // A retry of what had arrived, seconds or minutes later.
    const again = mine.filter(() => random() < 0.15);
    mine.push(...again.map((one) => ({ ...one, at: new Date(one.at.getTime() + below(300_000)) })));
    // Two that overtake one another keep their times and swap what they say.
    if (mine.length > 2 && random() < 0.3) {
      const [a, b] = [mine[1]!, mine[2]!];
      [mine[1], mine[2]] = [
        { ...b, at: a.at },
        { ...a, at: b.at },
      ];
    }
    told.push(...mine);
  }
  return told.sort((a, b) => a.at.getTime() - b.at.getTime());
}

/** The plain truth: every rule once more, without batches, bits or a database. */
function oracle(told: Told[], films: Film[]) {
  const sessions = new Map<string, Told[]>();
  const counted = new Set<string>();
  const perAddress = new Map<string, number>();
  for (const one of told) {
    const key = `${one.video_id}/${one.session}`;
    if (!sessions.has(key)) {
      sessions.set(key, []);
      const from = `${one.video_id}/${one.address}`;
      perAddress.set(from, (perAddress.get(from) ?? 0) + 1);
      if (perAddress.get(from)! <= 20) counted.add(key);
    }
    sessions.get(key)!.push(one);
  }
  const truth = new Map<string, Record<string, number>>();
  const add = (video: string, name: string, n: number) => {
    const sums = truth.get(video) ?? {};
    sums[name] = (sums[name] ?? 0) + n;
    truth.set(video, sums);
  };
  const crossings: { at: Date; video: string; viewer: string }[] = [];
  const startups = new Array<number>(64).fill(0);
  for (const key of counted) {
    const heard = new Set<number | null>();
    // What comes again changes nothing, not even when the session was last heard of.
    const all = sessions.get(key)!.filter(({ seq }) => !heard.has(seq) && heard.add(seq));
    const { video_id: video, viewer } = all[0]!;
    const film = films.find(({ id }) => id === video)!;
    add(video, "sessions", 1);
    for (const { body } of all) {
      add(video, "rebuffers", body.rebuffers);
      add(video, "rebuffer_ms", body.rebuffer_ms);
      add(video, "switches", body.switches);
      add(video, "errors", body.errors.length);
      for (const [rung, ms] of Object.entries(body.rungs)) add(video, rung === "999p" ? "other" : rung, ms);
      if (body.startup_ms !== undefined) startups[stepOf(body.startup_ms)]! += 1;
    }
    const visits = all.flatMap(({ body }) =>
      body.watched.flatMap(([a, b]) => Array.from({ length: b - a + 1 }, (_, i) => a + i)),
    );
    if (visits.length > 0) add(video, "curves", 1);
    for (const bucket of new Set(visits)) {
      add(video, `seen ${bucket}`, 1);
      add(video, `again ${bucket}`, visits.filter((visit) => visit === bucket).length - 1);
    }
    const credited = (until: number) => {
      const so_far = all.slice(0, until);
      const lived = so_far.at(-1)!.at.getTime() - so_far[0]!.at.getTime();
      return Math.min(
        so_far.reduce((sum, one) => sum + one.body.played_ms, 0),
        2 * lived + 1_000,
      );
    };
    add(video, "watched_ms", credited(all.length));
    const needs = Math.min(10_000, Math.floor(film.duration_ms * 0.3));
    const crossed = all.findIndex((_, i) => credited(i + 1) >= needs);
    if (crossed >= 0) crossings.push({ at: all[crossed]!.at, video, viewer });
  }
  const last = new Map<string, number>();
  const viewers = new Set<string>();
  for (const { at, video, viewer } of crossings.sort((a, b) => a.at.getTime() - b.at.getTime())) {
    viewers.add(`${video}/${day(at)}/${viewer}`);
    if (at.getTime() - (last.get(`${video}/${viewer}`) ?? 0) < VIEW_AGAIN_MS) continue;
    last.set(`${video}/${viewer}`, at.getTime());
    add(video, "views", 1);
    add(video, `views ${day(at)}`, 1);
  }
  for (const viewer of viewers) add(viewer.split("/")[0]!, "viewers", 1);
  return { truth, startups };
}

async function inTheBooks(films: Film[]) {
  const found = new Map<string, Record<string, number>>();
  const startups = new Array<number>(64).fill(0);
  const rows = await db.sql.pool<{ id: VideoId; view_count: number }[]>`
    SELECT id, view_count::float8 AS view_count FROM media_videos`;
  for (const { id } of films) {
    const sums: Record<string, number> = {};
    const add = (name: string, n: number) => void (sums[name] = (sums[name] ?? 0) + n);
    add("views", rows.find((row) => row.id === id)!.view_count);
    for (const row of await store.videoDays(db.sql.pool, id, "2026-01-01")) {
      for (const name of ["sessions", "watched_ms", "rebuffers", "rebuffer_ms", "switches", "viewers"] as const)
        add(name, row[name]);
      add(`views ${row.day}`, row.views);
      for (const [, count] of row.errors) add("errors", count);
      for (const [rung, ms] of row.rungs) add(rung, ms);
      for (const [step, count] of row.startups.entries()) startups[step]! += count;
    }
    const curve = (await store.retentionOf(db.sql.pool, [id])).get(id);
    add("curves", curve?.sessions ?? 0);
    for (const [bucket, count] of (curve?.watched ?? []).entries()) if (count > 0) add(`seen ${bucket}`, count);
    for (const [bucket, count] of (curve?.again ?? []).entries())
      if (sums[`seen ${bucket}`] !== undefined) add(`again ${bucket}`, count);
    found.set(id, sums);
  }
  return { found, startups };
}

const nonZero = (sums: Record<string, number>) =>
  Object.fromEntries(Object.entries(sums).filter(([, count]) => count !== 0));

test(`MD163: of ${SESSIONS} playings with repeats, replays and calls out of order every sum is the oracle's, though the folding is killed with SIGKILL again and again`, async () => {
  console.log(`PLAYBACK_SEED=${seed}`);
  const films = Array.from({ length: VIDEOS }, (_, i) => ({
    id: String(1_000 + i) as VideoId,
    duration_ms: 8_000 + below(600_000),
  }));
  for (const { id, duration_ms } of films) {
    await db.sql
      .pool`INSERT INTO media_videos (id, owner_id, title, audience, status, place, created_at, playable_at, ready_at, duration_ms)
      VALUES (${id}, 1, 'A film', 'public', 'ready', ${`videos/${id}/x/`}, now(), now(), now(), ${duration_ms})`;
    for (const [position, rung] of ["240p", "480p"].entries())
      await db.sql
        .pool`INSERT INTO media_rungs (video_id, rung, kind, position, bitrate_bps, codecs, segment_count) VALUES (${id}, ${rung}, 'video', ${position}, 1, 'x', 1)`;
  }
  const told = story(films);
  const startWorker = () =>
    Bun.spawn(
      [
        process.execPath,
        join(import.meta.dirname, "testing-worker.ts"),
        JSON.stringify(db.target),
        SECRET,
        String(FOLDED_AT_ONCE),
      ],
      { stdout: "inherit", stderr: "inherit" },
    );
  const waiting = async () => (await db.sql.pool<{ n: number }[]>`SELECT count(*)::int AS n FROM media_beacons`)[0]!.n;
  // Telling and folding at once; each worker is killed in the middle of whatever it does.
  let worker = startWorker();
  let kills = 0;
  for (let from = 0; from < told.length; from += 500) {
    await store.addTold(db.sql.pool, told.slice(from, from + 500));
    if (from % 4_000 === 0 && from > 0) {
      const before = await waiting();
      while ((await waiting()) > before - FOLDED_AT_ONCE) await Bun.sleep(2);
      await Bun.sleep(below(25));
      worker.kill("SIGKILL");
      await worker.exited;
      kills += 1;
      worker = startWorker();
    }
  }
  while ((await waiting()) > 0) await Bun.sleep(20);
  worker.kill("SIGKILL");
  await worker.exited;
  while ((await db.sql.tx((tx) => rollUp(tx, SECRET))) > 0);
  while ((await countViews(db.sql.pool, new Date(), 5_000)) > 0);

  expect(kills).toBeGreaterThan(4);
  const wanted = oracle(told, films);
  const { found, startups } = await inTheBooks(films);
  for (const { id } of films) expect(nonZero(found.get(id)!)).toEqual(nonZero(wanted.truth.get(id)!));
  expect(startups).toEqual(wanted.startups);
  // The house's own sums are those of all its videos.
  const house = await store.houseDays(db.sql.pool, "2026-01-01");
  const total = (name: "sessions" | "watched_ms") => house.reduce((sum, row) => sum + row[name], 0);
  const truths = [...wanted.truth.values()];
  expect(total("sessions")).toBe(truths.reduce((sum, sums) => sum + sums.sessions!, 0));
  expect(total("watched_ms")).toBe(truths.reduce((sum, sums) => sum + (sums.watched_ms ?? 0), 0));
  // And a recount finds nothing to mend.
  expect(await db.sql.tx((tx) => recountViews(tx, "2026-01-01"))).toEqual({ days: 0, videos: 0 });
});
