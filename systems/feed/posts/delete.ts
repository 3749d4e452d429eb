import { notFound, Problem } from "#kernel/errors.ts";
import type { PersonId, PostId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Jobs } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { UNDO_MS_MAX } from "../bounds.ts";
import { type FeedEvent, tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { must } from "../policy.ts";
import { forgetBallots } from "../polls/end.ts";
import { deletePoll } from "../polls/store.ts";
import { stepQuotes } from "../quotes/count.ts";
import type { HydratedPost } from "../reading/hydrate.ts";
import type { Rules } from "../reading/rules.ts";
import { deleteEntriesOfPost, deleteEntry, insertEntry } from "../timelines/store.ts";
import { lockPost, markDeleted, purgePost, unmarkDeleted } from "./store.ts";
import { hasMedia, placeOf } from "./write.ts";

export const PURGE_JOB = "feed.purge";
/** Later than the last moment to undo, so that the two never race. */
const PURGE_DELAY_MS = UNDO_MS_MAX + 60_000;
const ENTRIES_PER_DELETE_MAX = 5_000;

/**
 * Takes a post away from everybody at once. The row stays with who and when; media stay for as long as it can be undone.
 * @throws Problem 403 `post.not_yours`
 */
export async function deletePost(ground: Ground, viewer: SignedIn, post: HydratedPost, rules: Rules): Promise<void> {
  must(rules.post("delete", post), "post.not_yours");
  const event = await ground.sql.tx((tx) => takePostAway(ground, tx, post.post.id, viewer.person_id));
  if (event) ground.happened(event);
}

/** All that a deletion does, in the caller's transaction. @returns what it told, or null where the post was gone already */
export async function takePostAway(ground: Ground, tx: Query, id: PostId, by: PersonId): Promise<FeedEvent | null> {
  const row = await lockPost(tx, id);
  if (!row || row.deleted_at !== null) return null;
  await markDeleted(tx, id, by, new Date(ground.clock.now()));
  await deleteEntry(tx, row.author_id, id);
  await stepQuotes(tx, row, { ...row, deleted_at: new Date(ground.clock.now()) });
  if (hasMedia(row)) await ground.media.hidePost(tx, id);
  await ground.jobs.enqueue(tx, PURGE_JOB, { post_id: id }, { delay_ms: PURGE_DELAY_MS, tenant: row.author_id });
  const told: FeedEvent = { type: "feed.post_deleted", version: 1, data: { ...placeOf(row), deleted_by: by } };
  await tell(ground.log, tx, told);
  return told;
}

/**
 * Brings back what its author deleted, within `UNDO_MS_MAX`. What a moderator took away stays away.
 * @throws Problem 404, 403 `post.not_yours`, 410 `post.gone`
 */
export async function restorePost(ground: Ground, viewer: SignedIn, id: PostId): Promise<void> {
  const event = await ground.sql.tx(async (tx): Promise<FeedEvent | null> => {
    const row = await lockPost(tx, id);
    if (!row || row.author_id !== viewer.person_id) throw notFound("post");
    if (row.deleted_at === null) return null;
    if (row.deleted_by !== viewer.person_id) throw new Problem(403, "post.not_yours", "A moderator deleted this post.");
    if (row.purged_at !== null || ground.clock.now() - row.deleted_at.getTime() > UNDO_MS_MAX) {
      throw new Problem(410, "post.gone", "This was deleted too long ago to be brought back.");
    }
    await unmarkDeleted(tx, id);
    await insertEntry(tx, { id, post_id: id, actor_id: row.author_id });
    await stepQuotes(tx, row, { ...row, deleted_at: null });
    if (hasMedia(row) && row.hidden_at === null) await ground.media.showPost(tx, id, row);
    const told: FeedEvent = {
      type: "feed.post_restored",
      version: 1,
      data: { ...placeOf(row), mention_ids: row.mention_ids },
    };
    await tell(ground.log, tx, told);
    return told;
  });
  if (event) ground.happened(event);
}

/** When the time to undo is over: words, history and the hold on media go. */
export function definePurge(ground: Ground, jobs: Jobs): void {
  jobs.define({
    name: PURGE_JOB,
    class: "maintenance",
    tries_max: 10,
    lease_ms: 30_000,
    run_ms_max: 5 * 60_000,
    concurrency_max: 2,
    async handle(payload, run) {
      const id = payload.post_id as PostId;
      const purged = await run.fenced(async (tx) => {
        const row = await lockPost(tx, id);
        if (!row || row.purged_at !== null) return row !== null;
        // Restored meanwhile, or restored and deleted again: then a later job of its own is on its way.
        if (row.deleted_at === null || ground.clock.now() - row.deleted_at.getTime() <= UNDO_MS_MAX) return false;
        if (hasMedia(row)) await ground.media.releasePost(tx, id);
        await purgePost(tx, id, new Date(ground.clock.now()));
        await tell(ground.log, tx, { type: "feed.post_purged", version: 1, data: placeOf(row) });
        return true;
      });
      // What was passed on by many has many entries; they go in portions, each a short transaction of its own.
      while (
        purged &&
        (await deleteEntriesOfPost(ground.sql.pool, id, ENTRIES_PER_DELETE_MAX)) === ENTRIES_PER_DELETE_MAX
      ) {
        run.signal.throwIfAborted();
      }
      if (purged) {
        await forgetBallots(ground, id, null, run.signal);
        await deletePoll(ground.sql.pool, id);
      }
    },
  });
}
