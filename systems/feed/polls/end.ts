import type { PostId } from "#kernel/ids.ts";
import type { JobRun } from "#ports/jobs/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { findOwnPost } from "../posts/store.ts";
import { END_JOB } from "./begin.ts";
import { BALLOTS_PER_STEP_MAX, POLL_VOTERS_PER_EVENT_MAX } from "./bounds.ts";
import { tellChanged } from "./counting.ts";
import * as store from "./store.ts";

/**
 * When an edition of a poll is over, its author and everybody who voted are told, once; of an edition that was replaced
 * before its end nobody is told, and who voted in it is forgotten.
 */
export function definePollEnd(ground: Ground): void {
  ground.jobs.define({
    name: END_JOB,
    class: "batch",
    tries_max: 20,
    lease_ms: 60_000,
    run_ms_max: 30 * 60_000,
    concurrency_max: 2,
    async handle(payload, run) {
      const post_id = payload.post_id as PostId;
      const edition = Number(payload.edition);
      if ((await store.presentEdition(ground.sql.pool, post_id)) === edition)
        return tellEnd(ground, post_id, edition, run);
      await forgetBallots(ground, post_id, edition, run.signal);
    },
  });
}

async function tellEnd(ground: Ground, post_id: PostId, edition: number, run: JobRun): Promise<void> {
  let after = String(run.cursor?.after ?? "0");
  let portion = Number(run.cursor?.portion ?? 0);
  for (;;) {
    run.signal.throwIfAborted();
    const last = await run.fenced((tx) => tellPortion(ground, tx, post_id, edition, { after, portion }));
    if (last === null) return;
    after = last;
    portion += 1;
    // Cut off right before this, the same portion is told again under the same number.
    await run.checkpoint({ after, portion });
  }
}

/** @returns the last voter told of, or null when there are no more */
async function tellPortion(
  ground: Ground,
  tx: Query,
  post_id: PostId,
  edition: number,
  { after, portion }: { after: string; portion: number },
): Promise<string | null> {
  const poll = await store.lockPoll(tx, post_id);
  const row = await findOwnPost(tx, post_id);
  let sums = await store.exactPoll(tx, post_id);
  if (!row || row.deleted_at !== null || !poll || !sums || poll.edition !== edition || poll.closed_at !== null)
    return null;
  const left_ms = poll.ends_at.getTime() - ground.clock.now();
  if (left_ms > 0) {
    // A clock was set back. The key of this very job is taken by itself.
    const unique_key = `${END_JOB}:${post_id}:${edition}:again`;
    await ground.jobs.enqueue(
      tx,
      END_JOB,
      { post_id, edition },
      { delay_ms: left_ms, tenant: row.author_id, unique_key },
    );
    return null;
  }
  if (portion === 0 && (await store.recountPoll(tx, poll))) {
    await tellChanged(ground.log, tx, [post_id]);
    sums = (await store.exactPoll(tx, post_id)) ?? sums;
  }
  const voter_ids = await store.votersOf(tx, poll, after, POLL_VOTERS_PER_EVENT_MAX);
  if (voter_ids.length > 0 || portion === 0) {
    await tell(ground.log, tx, {
      type: "feed.poll_ended",
      version: 1,
      data: { post_id, author_id: row.author_id, edition, portion, voters: sums.voters, voter_ids },
    });
  }
  if (voter_ids.length === POLL_VOTERS_PER_EVENT_MAX) return voter_ids.at(-1)!;
  await store.markClosed(tx, post_id, edition, new Date(ground.clock.now()));
  return null;
}

/** In portions, each a short transaction of its own. `null` is every edition. */
export async function forgetBallots(
  ground: Pick<Ground, "sql">,
  post_id: PostId,
  edition: number | null,
  signal: AbortSignal,
): Promise<void> {
  while (
    (await store.deleteBallots(ground.sql.pool, post_id, edition, BALLOTS_PER_STEP_MAX)) === BALLOTS_PER_STEP_MAX
  ) {
    signal.throwIfAborted();
  }
}
