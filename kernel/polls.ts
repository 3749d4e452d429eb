import { z } from "zod";

import { rfc3339 } from "./time.ts";
import { zText, zTime } from "./wire.ts";

/** A poll as it is asked for and as it is read, under a post and in a chat. Who keeps one counts its votes. */

export const POLL_OPTIONS_MIN = 2;
export const POLL_OPTIONS_MAX = 8;
export const POLL_OPTION_CHARS_MAX = 100;
export const POLL_OPEN_S_MIN = 5 * 60;
export const POLL_OPEN_S_MAX = 30 * 86_400;

/** How a poll is asked for. `open_s` counts from the moment at which what carries it is published or edited. */
export const zPollAsked = z
  .strictObject({
    options: z.array(zText(POLL_OPTION_CHARS_MAX, 1)).min(POLL_OPTIONS_MIN).max(POLL_OPTIONS_MAX),
    multiple: z.boolean().default(false),
    /** Results stay hidden from whoever has not voted, until the end. */
    hides_results: z.boolean().default(false),
    open_s: z.int().min(POLL_OPEN_S_MIN).max(POLL_OPEN_S_MAX),
  })
  .refine(({ options }) => new Set(options).size === options.length, "has two options that are the same")
  .meta({ id: "PollAsked" });
export type PollAsked = z.output<typeof zPollAsked>;

/** Places among the options, from 0. */
export const zChoices = z
  .array(
    z
      .int()
      .min(0)
      .max(POLL_OPTIONS_MAX - 1),
  )
  .min(1)
  .max(POLL_OPTIONS_MAX);

/** Sums may lag by moments; who voted for what is told to nobody. */
export const zPoll = z
  .object({
    /** Goes up when its author changes the poll, which empties it. */
    edition: z.int(),
    /** `votes` is null while results are hidden from this reader. */
    options: z.array(z.object({ text: z.string(), votes: z.int().nullable() })),
    multiple: z.boolean(),
    hides_results: z.boolean(),
    ends_at: zTime,
    ended: z.boolean(),
    /** People who voted; null while results are hidden from this reader. */
    voters: z.int().nullable(),
    /** What the reader chose, by its place among the options; null before they vote and for nobody. */
    chosen: z.array(z.int()).nullable(),
  })
  .meta({ id: "Poll" });
export type Poll = z.output<typeof zPoll>;

/** A poll as it is kept; `ends_at` as a moment or as RFC 3339. */
export interface KeptPoll {
  edition: number;
  options: readonly string[];
  multiple: boolean;
  hides_results: boolean;
  ends_at: string | Date;
  voters: number;
  votes: readonly number[];
}

/** Whose eyes a poll is for. */
export interface PollReader {
  is_author: boolean;
  /** What they chose in this edition; null where they did not vote. */
  chosen: number[] | null;
  now_ms: number;
}

/** A poll as one reader may see it: results that are hidden are shown to who voted, to its author, and to all at its end. */
export function presentPoll(poll: KeptPoll, { is_author, chosen, now_ms }: PollReader): Poll {
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
