import { rfc3339 } from "#kernel/time.ts";

import type { PollJson } from "../posts/store.ts";
import type { Poll } from "./poll-contract.ts";

/** Whose eyes a poll is for. */
export interface PollReader {
  is_author: boolean;
  /** What they chose in this edition; null where they did not vote. */
  chosen: number[] | null;
  now_ms: number;
}

/** A poll as one reader may see it: results that are hidden are shown to who voted, to its author, and to all at its end. */
export function presentPoll(poll: PollJson, { is_author, chosen, now_ms }: PollReader): Poll {
  const ends_at = new Date(poll.ends_at);
  const ended = now_ms >= ends_at.getTime();
  const isOpen = !poll.hides_results || ended || is_author || chosen !== null;
  return {
    edition: poll.edition,
    options: poll.options.map((text, i) => ({ text, votes: isOpen ? (poll.votes[i] ?? 0) : null })),
    multiple: poll.multiple,
    hides_results: poll.hides_results,
    ends_at: rfc3339(ends_at),
    ended,
    voters: isOpen ? poll.voters : null,
    chosen,
  };
}
