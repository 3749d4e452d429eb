import { conflict, forbidden, notFound, Problem } from "#kernel/errors.ts";
import { presentPoll } from "#kernel/polls.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { tell } from "../events.ts";
import type { Ground } from "../ground.ts";
import { must } from "../policy.ts";
import type { HydratedPost } from "../reading/hydrate.ts";
import type { Rules } from "../reading/rules.ts";
import type { Poll } from "./poll-contract.ts";
import * as store from "./store.ts";

export interface Vote {
  choices: readonly number[];
  edition?: number | undefined;
}

/**
 * One vote of one person in one edition of a poll; it is not changed afterwards. The answer has the exact sums.
 * @throws Problem 403 `post.may_not_vote`, `poll.own`; 404 `poll.not_found`; 409 `poll.ended`, `poll.changed`, `poll.voted`;
 * 422 `poll.choices`
 */
export async function vote(
  ground: Ground,
  viewer: SignedIn,
  post: HydratedPost,
  rules: Rules,
  asked: Vote,
): Promise<Poll> {
  must(rules.post("like", post), "post.may_not_vote");
  const { id, author_id } = post.post;
  const choices = [...new Set(asked.choices)].sort((a, b) => a - b);
  const now_ms = ground.clock.now();
  const voted = await ground.sql.tx(async (tx) => {
    const poll = await store.findPoll(tx, id);
    if (!poll) throw notFound("poll");
    if (author_id === viewer.person_id) throw forbidden("This poll is yours. Let others decide.", "poll.own");
    if (asked.edition !== undefined && asked.edition !== poll.edition)
      throw conflict("poll.changed", "The poll was changed meanwhile. Read it again and decide anew.");
    if (choices.some((choice) => choice >= poll.options.length) || (choices.length > 1 && !poll.multiple)) {
      throw new Problem(
        422,
        "poll.choices",
        poll.multiple ? "Choose among the options that there are." : "Choose one of the options.",
      );
    }
    const before = (await store.choicesOf(tx, viewer.person_id, [id])).get(id);
    if (before) {
      if (isSame(before.choices, choices)) return poll.edition;
      throw alreadyVoted();
    }
    if (now_ms >= poll.ends_at.getTime()) throw conflict("poll.ended", "This poll has ended.");
    if (!(await store.insertBallot(tx, poll, viewer.person_id, choices, new Date(now_ms)))) throw alreadyVoted();
    await tell(ground.log, tx, {
      type: "feed.voted",
      version: 1,
      data: { post_id: id, author_id, edition: poll.edition, vote_id: ground.ids.next() },
    });
    return poll.edition;
  });
  const poll = await store.exactPoll(ground.sql.pool, id);
  if (!poll || poll.edition !== voted) throw notFound("poll");
  return presentPoll(poll, { is_author: false, chosen: choices, now_ms });
}

const isSame = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.toSorted((x, y) => x - y).every((choice, i) => choice === b[i]);

const alreadyVoted = () => conflict("poll.voted", "You voted in this poll already. A vote stands as it was given.");
