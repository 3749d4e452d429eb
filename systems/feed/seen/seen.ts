import { idTimeMs, type PersonId, type PostId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { addViews } from "../counts/store.ts";
import type { Ground } from "../ground.ts";
import type { Reader } from "../reading/reader.ts";
import * as b from "./bounds.ts";
import type { SeenIn, SeenMemory } from "./contract.ts";
import * as store from "./store.ts";

/** What people saw: a topic of its own, so that who follows the feed does not wade through it. */
export const SEEN_TOPIC = "feed_seen";

/** One report: [post id, ms on screen, 1 where it is that person's first time]. */
export interface SeenEvent {
  type: "feed.seen";
  version: 1;
  data: { person_id: PersonId; posts: [PostId, number, 0 | 1][] };
}

type Needs = Pick<Ground, "sql" | "log" | "clock">;

/**
 * Remembers what a person had on their screen. Their first time with a post is a view of it, once, unless a program said so
 * by a token or the post is their own. What may not be read is passed over as if it were not there.
 * @returns whether anything of this person is kept at all
 */
export async function reportSeen(
  ground: Needs,
  reader: Pick<Reader, "readable">,
  viewer: SignedIn,
  items: SeenIn["items"],
): Promise<boolean> {
  const { person_id } = viewer;
  const { keeps } = await store.findSeenPerson(ground.sql.pool, person_id);
  if (!keeps) return false;
  const long = longEnough(items);
  if (long.size === 0) return true;
  const posts = await reader.readable(viewer, [...long.keys()]);
  const seen = posts
    .filter((post) => post.post.author_id !== person_id)
    .map(({ post }) => ({ post_id: post.id, ms: long.get(post.id)! }));
  if (seen.length === 0) return true;
  return ground.sql.tx((tx) => remember(ground, tx, viewer, seen));
}

function longEnough(items: SeenIn["items"]): Map<PostId, number> {
  const ms_of = new Map<PostId, number>();
  for (const { post_id, ms } of items) {
    const all = (ms_of.get(post_id) ?? 0) + ms;
    ms_of.set(post_id, Math.min(all, b.SEEN_MS_PER_REPORT_MAX));
  }
  for (const [post_id, ms] of ms_of) if (ms < b.SEEN_MS_MIN) ms_of.delete(post_id);
  return ms_of;
}

async function remember(
  { log, clock }: Needs,
  tx: Query,
  { person_id, credential }: SignedIn,
  seen: { post_id: PostId; ms: number }[],
): Promise<boolean> {
  const at = new Date(clock.now());
  const { keeps, posts, forgot_at } = await store.lockSeenPerson(tx, person_id, at);
  // Switched off since it was asked.
  if (!keeps) return false;
  const { fresh, counted } = await store.insertSeen(
    tx,
    person_id,
    seen.map((one) => ({
      ...one,
      counts: credential.kind === "session" && (forgot_at === null || idTimeMs(one.post_id) > forgot_at.getTime()),
    })),
    at,
  );
  const all = posts + fresh.length;
  const dropped =
    all > b.SEEN_POSTS_UNTRIMMED_MAX
      ? await store.dropSeen(tx, person_id, { oldest: null, posts_max: b.SEEN_POSTS_MAX })
      : 0;
  if (fresh.length > 0) await store.setSeenPosts(tx, person_id, fresh.length - dropped);
  if (counted.length > 0) await addViews(tx, counted);
  const first = new Set(fresh);
  const event: SeenEvent = {
    type: "feed.seen",
    version: 1,
    data: { person_id, posts: seen.map((s) => [s.post_id, s.ms, first.has(s.post_id) ? 1 : 0]) },
  };
  await log.append(tx, SEEN_TOPIC, `person:${person_id}`, event);
  return true;
}

export async function seenMemory({ sql }: Needs, person_id: PersonId): Promise<SeenMemory> {
  const { keeps, posts } = await store.findSeenPerson(sql.pool, person_id);
  return { keeps, posts, posts_max: b.SEEN_POSTS_MAX, days_max: b.SEEN_DAYS_MAX };
}

/** Switching off forgets; so does asking to forget. The sums of posts stay as they are. */
export async function setSeenMemory({ sql, clock }: Needs, person_id: PersonId, keeps: boolean): Promise<void> {
  await sql.tx(async (tx) => {
    const at = new Date(clock.now());
    const before = await store.lockSeenPerson(tx, person_id, at);
    if (!keeps) await store.dropSeen(tx, person_id, { oldest: null, posts_max: 0 });
    const after = keeps ? before : { posts: 0, forgot_at: emptied(before, at) };
    await store.setSeenPerson(tx, person_id, { ...after, keeps }, at);
  });
}

/** Where nothing was remembered, nothing can be counted twice. */
const emptied = (before: store.SeenPerson, at: Date): Date | null => (before.posts === 0 ? before.forgot_at : at);

export async function forgetSeen({ sql, clock }: Needs, person_id: PersonId): Promise<void> {
  await sql.tx(async (tx) => {
    const at = new Date(clock.now());
    const before = await store.lockSeenPerson(tx, person_id, at);
    await store.dropSeen(tx, person_id, { oldest: null, posts_max: 0 });
    await store.setSeenPerson(tx, person_id, { keeps: before.keeps, posts: 0, forgot_at: emptied(before, at) }, at);
  });
}

/** Of somebody who has gone, for `departures`. @returns rows met */
export async function takeSeenBack(
  { clock }: Pick<Needs, "clock">,
  tx: Query,
  person_id: PersonId,
): Promise<{ rows: number; told: [] }> {
  await store.lockSeenPerson(tx, person_id, new Date(clock.now()));
  const rows = await store.dropSeen(tx, person_id, {
    oldest: null,
    posts_max: 0,
    rows_max: b.SEEN_ROWS_PER_PORTION_MAX,
  });
  await store.setSeenPosts(tx, person_id, -rows);
  if (rows === 0) await store.forgetSeenPerson(tx, person_id);
  return { rows, told: [] };
}

/** What is older than the time to keep goes once a day, person by person. */
export function defineSeenTrim(ground: Needs & { jobs: Jobs }): void {
  ground.jobs.define({
    name: "feed.trim_seen",
    class: "maintenance",
    tries_max: 5,
    lease_ms: 60_000,
    run_ms_max: 30 * 60_000,
    concurrency_max: 1,
    every_ms: b.SEEN_TRIMMED_EVERY_MS,
    async handle(_payload, run) {
      let after = (run.cursor?.after as string | undefined) ?? "0";
      for (;;) {
        run.signal.throwIfAborted();
        const people = await store.seenPeopleAfter(ground.sql.pool, after, b.SEEN_PEOPLE_PER_LOOK_MAX);
        for (const person_id of people) await trimSeen(ground, person_id);
        if (people.length < b.SEEN_PEOPLE_PER_LOOK_MAX) return;
        after = people.at(-1)!;
        await run.checkpoint({ after });
      }
    },
  });
}

async function trimSeen({ sql, clock }: Needs, person_id: PersonId): Promise<void> {
  const now_ms = clock.now();
  const oldest = new Date(now_ms - b.SEEN_DAYS_MAX * 86_400_000);
  await sql.tx(async (tx) => {
    await store.lockSeenPerson(tx, person_id, new Date(now_ms));
    const rows = await store.dropSeen(tx, person_id, { oldest, posts_max: b.SEEN_POSTS_MAX });
    if (rows > 0) await store.setSeenPosts(tx, person_id, -rows);
  });
}
