import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";

import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import { type Log, LOG_START, type StoredEvent } from "#ports/log/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import { FEED_TOPIC, readFeedEvent } from "../events.ts";
import type { FeedSpaces } from "../needs.ts";
import type { Trend, TrendWindow } from "./board.ts";
import { createBoards, HOUSE, type SavedBoards } from "./boards.ts";
import * as b from "./bounds.ts";
import { findState, findTrendFacts, keepState } from "./store.ts";
import { type Act, actOf, type PostSubjects, subjectsOf, type TrendKind } from "./subjects.ts";
import { weightOf } from "./weight.ts";

/**
 * What trends, as this node counts it. Every node follows the log and counts by itself (about 14 µs an act, for all the boards that it is on); that needs no
 * leader and no row per like. What a start would have to read again is bounded by a state that one node writes down every
 * five minutes. See decisions/0022.
 */
export interface Trending extends AsyncDisposable {
  /** The heaviest as of now, before any rule of who may see what: ask the reader before showing them. */
  top(asked: { kind: TrendKind; window: TrendWindow; space_id: SpaceId | null; subjects_max: number }): Trend[];
  /** Ids of public posts that trend in the house (or a space's, whoever may see them): candidates, not yet judged. */
  posts(asked?: { space_id?: SpaceId | null; window?: TrendWindow; posts_max?: number }): {
    post_id: PostId;
    score: number;
    people: number;
  }[];
  /** Writes the state down, for the next start of any node. */
  keep(): Promise<void>;
  stats(): { spaces: number; boards: number; bytes: number; position: string };
}

const pack = promisify(gzip) as (text: string, options: { level: number }) => Promise<Buffer>;
const unpack = promisify(gunzip) as (bytes: Uint8Array) => Promise<Buffer>;

export const KEEP_JOB = "feed.trending_keep";
/** Raise it when the shape of the state changes; an older one is then not read. */
const STATE_VERSION = 3;
const HASH_SEED = 8_230;

export interface TrendingNeeds {
  sql: Sql;
  log: Log;
  jobs: Jobs;
  clock: Clock;
  spaces: Pick<FeedSpaces, "cards">;
}

export async function createTrending(needs: TrendingNeeds): Promise<Trending> {
  const { sql, log, clock } = needs;
  const boards = createBoards();
  const facts = new Map<PostId, PostSubjects>();
  const budget = createBudget();
  let position = LOG_START;

  const kept = await findState(sql.pool);
  if (kept?.version === STATE_VERSION && clock.now() - kept.at.getTime() < b.REMEMBERED_MS_MAX) {
    const bytes = await unpack(kept.state);
    boards.load(JSON.parse(bytes.toString()) as SavedBoards);
    position = kept.position;
  }

  async function learn(post_ids: readonly PostId[]): Promise<void> {
    const unknown = [...new Set(post_ids)].filter((id) => !facts.has(id));
    if (unknown.length === 0) return;
    const rows = await findTrendFacts(sql.pool, unknown);
    const spaces = await needs.spaces.cards([...new Set(rows.flatMap((row) => row.space_id ?? []))]);
    for (const row of rows)
      facts.set(row.id, subjectsOf(row, row.space_id === null ? null : (spaces.get(row.space_id) ?? null)));
  }

  async function onBatch(batch: StoredEvent[]): Promise<void> {
    const oldest_ms = clock.now() - b.REMEMBERED_MS_MAX;
    const steps: Step[] = [];
    for (const stored of batch) {
      const event = readFeedEvent(stored);
      if (!event) continue;
      const at_ms = stored.at.getTime();
      if (CHANGES.has(event.type)) {
        const { post_id } = event.data;
        const known = facts.get(post_id);
        steps.push({ post_id, before: known && (known.is_there ? known : null) });
        // An edit, a deletion or another place: what is to be known of the post is asked for anew.
        facts.delete(post_id);
      }
      const act = at_ms < oldest_ms ? null : actOf(event);
      if (act) steps.push({ post_id: act.post_id, act, at_ms });
    }
    await learn(steps.map(({ post_id }) => post_id));
    // From here on without a pause: state and position are written down as one.
    for (const step of steps) {
      const subjects = facts.get(step.post_id);
      if (!subjects) continue;
      const now = subjects.is_there ? subjects : null;
      if (step.act === undefined) {
        // Of what is not remembered and has gone, what stands in its row is what it counted for.
        const before = step.before === undefined && now === null ? subjects : (step.before ?? null);
        boards.turn(step.post_id, before, now);
        continue;
      }
      const { act, at_ms } = step;
      if (now === null || !budget.take(act.person_id, at_ms)) continue;
      const person_hash = Number(Bun.hash.wyhash(act.person_id, BigInt(HASH_SEED)) & 0xffff_ffffn);
      boards.act(act, subjects, { person_hash, weight: weightOf(act.person_id, at_ms) }, at_ms);
    }
    position = batch.at(-1)!.position;
    for (const id of facts.keys()) {
      if (facts.size <= b.FACTS_CACHED_MAX) break;
      facts.delete(id);
    }
  }

  async function keep(): Promise<void> {
    if (position === LOG_START) return;
    // Read in one go, so that state and position are of one moment; about 20 ms. Packing is done beside the event loop.
    const [at_position, saved] = [position, boards.save()];
    let state = await pack(JSON.stringify(saved), { level: 1 });
    // Livelier spaces than fit: after a start they begin anew, and the house does not.
    if (state.byteLength > b.STATE_BYTES_MAX)
      state = await pack(JSON.stringify(saved.filter(({ place }) => place === HOUSE)), { level: 1 });
    await keepState(sql.pool, { version: STATE_VERSION, position: at_position, at: new Date(clock.now()), state });
  }

  needs.jobs.define({
    name: KEEP_JOB,
    class: "maintenance",
    tries_max: 2,
    lease_ms: 30_000,
    run_ms_max: 30_000,
    concurrency_max: 1,
    every_ms: b.KEEP_EVERY_MS,
    handle: keep,
  });

  const top: Trending["top"] = ({ kind, window, space_id, subjects_max }) =>
    boards.board(space_id, kind, window)?.top(clock.now(), subjects_max) ?? [];
  const tail = await log.tail(FEED_TOPIC, onBatch, position, { pace_ms: b.PACE_MS });
  return {
    top,
    posts: ({ space_id = null, window = "day", posts_max = b.CANDIDATES_MAX } = {}) =>
      top({ kind: "posts", window, space_id, subjects_max: posts_max }).map(({ key, score, people }) => ({
        post_id: key as PostId,
        score,
        people,
      })),
    keep,
    stats: () => ({ ...boards.stats(), position }),
    [Symbol.asyncDispose]: () => tail[Symbol.asyncDispose](),
  };
}

type Step =
  | { post_id: PostId; act: Act; at_ms: number }
  | { post_id: PostId; act?: undefined; before: PostSubjects | null | undefined };

/** A post went, came back, or is something else now. */
const CHANGES: ReadonlySet<string> = new Set([
  "feed.post_deleted",
  "feed.post_restored",
  "feed.post_hidden",
  "feed.post_shown",
  "feed.post_edited",
  "feed.post_moved",
]);

/** How much of one person counts in an hour of the clock: more subjects than anybody means are noise, and would push others out. */
function createBudget(): { take(person_id: PersonId, at_ms: number): boolean } {
  const taken = new Map<PersonId, number>();
  let hour = 0;
  return {
    take(person_id, at_ms) {
      const now = Math.floor(at_ms / 3_600_000);
      if (now > hour) {
        hour = now;
        taken.clear();
      }
      const n = taken.get(person_id) ?? 0;
      if (n >= b.ACTS_PER_PERSON_MAX) return false;
      if (n === 0 && taken.size >= b.ACTORS_REMEMBERED_MAX) taken.delete(taken.keys().next().value!);
      taken.set(person_id, n + 1);
      return true;
    },
  };
}
