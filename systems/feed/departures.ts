import type { PersonId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import { FORGET_DELAY_MS, FORGET_ROWS_PER_PORTION_MAX } from "./bounds.ts";
import { commentsLikedBy, purgeComment, unpurgedCommentsOf } from "./comments/store.ts";
import { setCommentLike, takeCommentAway } from "./comments/write.ts";
import { type FeedEvent, tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import { takeBallotsBack } from "./polls/store.ts";
import { takePostAway } from "./posts/delete.ts";
import { livingPostsOf } from "./posts/store.ts";
import { takeReactionsBack } from "./reactions/reactions.ts";
import { forgetWriting } from "./scheduled/publish.ts";
import { takeSeenBack } from "./seen/seen.ts";
import { deleteArrangements } from "./wishes/store.ts";

const GROUP = "feed.departures";
export const FORGET_JOB = "feed.forget_person";

/** Whoever deletes their account is out of sight at once, for there is no card of them; what they left is taken away by a job. */
export function startForgetting({ log, jobs }: Pick<Ground, "log" | "jobs">): Disposable {
  return log.consume(PEOPLE_TOPIC, GROUP, async (batch, tx) => {
    for (const stored of batch) {
      const event = stored as unknown as PeopleEvent;
      if (event.type !== "people.deleted") continue;
      const { person_id } = event.data;
      const unique_key = `${FORGET_JOB}:${person_id}`;
      await jobs.enqueue(tx, FORGET_JOB, { person_id }, { unique_key, delay_ms: FORGET_DELAY_MS });
    }
  });
}

/** One short transaction's worth. @returns how many rows it met, 0 when there are no more, and what it told */
type Portion = (ground: Ground, tx: Query, person_id: PersonId) => Promise<{ rows: number; told: FeedEvent[] }>;

/** One post at a time: each locks its film and pictures too, and two posts' could be in the other order elsewhere. */
const posts: Portion = async (ground, tx, person_id) => {
  const [id] = await livingPostsOf(tx, person_id, 1);
  if (id === undefined) return { rows: 0, told: [] };
  const event = await takePostAway(ground, tx, id, person_id);
  return { rows: 1, told: event ? [event] : [] };
};

/** Those that were deleted before, by whomever, lose their words here too. */
const comments: Portion = async (ground, tx, person_id) => {
  const some = await unpurgedCommentsOf(tx, person_id, FORGET_ROWS_PER_PORTION_MAX);
  const told: FeedEvent[] = [];
  for (const { id, post_author_id } of some) {
    const event = await takeCommentAway(ground, tx, id, post_author_id, person_id);
    if (event) told.push(event);
    await purgeComment(tx, id, new Date(ground.clock.now()));
  }
  return { rows: some.length, told };
};

const commentLikes: Portion = async (ground, tx, person_id) => {
  const some = await commentsLikedBy(tx, person_id, FORGET_ROWS_PER_PORTION_MAX);
  const told: FeedEvent[] = [];
  for (const comment of some) {
    const event = await setCommentLike(ground, tx, comment, person_id, false);
    if (event) told.push(event);
  }
  return { rows: some.length, told };
};

const reactions =
  (kind: "like" | "repost" | "bookmark"): Portion =>
  (ground, tx, person_id) =>
    takeReactionsBack(ground, tx, kind, person_id, FORGET_ROWS_PER_PORTION_MAX);

/** What was voted for does not say by whom any more; in polls that are open it does not count either. */
const ballots: Portion = async (ground, tx, person_id) => {
  const at = new Date(ground.clock.now());
  const { rows, counted } = await takeBallotsBack(tx, person_id, at, FORGET_ROWS_PER_PORTION_MAX);
  const told = counted.map(({ post_id, author_id, edition }): FeedEvent => ({
    type: "feed.voted",
    version: 1,
    data: { post_id, author_id, edition, vote_id: ground.ids.next() },
  }));
  for (const event of told) await tell(ground.log, tx, event);
  return { rows, told };
};
/** Lists, folders, muted words and where they stopped; and their places in the lists of others. Nobody is told: nobody saw them. */
const arrangements: Portion = async (_ground, tx, person_id) => ({
  rows: await deleteArrangements(tx, person_id, FORGET_ROWS_PER_PORTION_MAX),
  told: [],
});

const writing: Portion = async (ground, tx, person_id) => ({
  rows: await forgetWriting(ground, tx, person_id),
  told: [],
});

/** What others read first. Each finds what is left by itself, so a run goes on where the one before it was stopped. */
const PORTIONS: readonly Portion[] = [
  posts,
  comments,
  reactions("repost"),
  reactions("like"),
  commentLikes,
  reactions("bookmark"),
  ballots,
  writing,
  takeSeenBack,
  arrangements,
];

/** Posts, comments and reactions of somebody who has gone, by the same steps as if they had taken back each themselves. */
export function defineForgetting(ground: Ground): void {
  ground.jobs.define({
    name: FORGET_JOB,
    class: "maintenance",
    tries_max: 20,
    lease_ms: 60_000,
    run_ms_max: 30 * 60_000,
    concurrency_max: 1,
    async handle(payload, run) {
      const person_id = String(payload.person_id) as PersonId;
      // Nothing here can be undone, so people are asked. Who has gone has no card; a stale one ends before the last try.
      if ((await ground.people.cards([person_id])).has(person_id))
        throw new Error(`person ${person_id} is still there; nothing of theirs was deleted`);
      for (const portion of PORTIONS) {
        for (;;) {
          run.signal.throwIfAborted();
          const { rows, told } = await run.fenced((tx) => portion(ground, tx, person_id));
          for (const event of told) ground.happened(event);
          if (rows === 0) break;
        }
      }
    },
  });
}
