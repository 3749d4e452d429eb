import { z } from "zod";

import { zText, zTime } from "#kernel/wire.ts";

import {
  POLL_OPEN_S_MAX,
  POLL_OPEN_S_MIN,
  POLL_OPTION_CHARS_MAX,
  POLL_OPTIONS_MAX,
  POLL_OPTIONS_MIN,
} from "./bounds.ts";

/** How a poll is asked for. `open_s` counts from the moment at which the post is published or edited. */
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

/** Sums are made in batches and may lag by moments; who voted for what is told to nobody. */
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
