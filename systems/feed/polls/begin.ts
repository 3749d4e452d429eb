import type { PersonId, PostId } from "#kernel/ids.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Ground } from "../ground.ts";
import type { PollAsked } from "./poll-contract.ts";
import { putPoll } from "./store.ts";

export const END_JOB = "feed.end_poll";

/** Opens a poll, or the next edition of the one that is there, and sees to its end. */
export async function beginPoll(
  ground: Pick<Ground, "clock" | "jobs">,
  tx: Query,
  post: { id: PostId; author_id: PersonId },
  asked: PollAsked,
): Promise<void> {
  const open_ms = asked.open_s * 1_000;
  const edition = await putPoll(tx, post.id, { ...asked, ends_at: new Date(ground.clock.now() + open_ms) });
  await ground.jobs.enqueue(
    tx,
    END_JOB,
    { post_id: post.id, edition },
    { delay_ms: open_ms, tenant: post.author_id, unique_key: `${END_JOB}:${post.id}:${edition}` },
  );
}
