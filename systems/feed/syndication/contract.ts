import { z } from "zod";

import { defineRoute } from "#kernel/contract.ts";

import { HASHTAG_CHARS_MAX } from "../tokens.ts";

/** Posts in one feed: readers of feeds keep what they saw. */
export const FEED_ENTRIES_MAX = 30;

const tag = "feed";
const access = { who: "anyone", scope: "read" } as const;
const answers = { 200: null, 304: null } as const;
const more = { cost_tokens: 2 } as const;
const person = z.strictObject({ handle: z.string().min(1).max(64) });
const space = z.strictObject({ space: z.string().min(1).max(64) });
const hashtag = z.strictObject({
  tag: z
    .string()
    .min(1)
    .max(HASHTAG_CHARS_MAX + 1),
});

/** What anybody may read, whoever asks: the same for all, so that it can be kept by whoever fetches it for many. */
export const syndicationRoutes = {
  personRss: defineRoute({
    method: "GET",
    path: "/v1/people/{handle}/posts.rss",
    summary: "A person's public posts as RSS 2.0. Honours If-None-Match and If-Modified-Since",
    tag,
    access,
    params: person,
    answers,
    problems: ["person.not_found"],
    ...more,
  }),
  personAtom: defineRoute({
    method: "GET",
    path: "/v1/people/{handle}/posts.atom",
    summary: "A person's public posts as Atom",
    tag,
    access,
    params: person,
    answers,
    problems: ["person.not_found"],
    ...more,
  }),
  spaceRss: defineRoute({
    method: "GET",
    path: "/v1/spaces/{space}/posts.rss",
    summary: "A public space's public posts as RSS 2.0",
    tag,
    access,
    params: space,
    answers,
    problems: ["space.not_found"],
    ...more,
  }),
  spaceAtom: defineRoute({
    method: "GET",
    path: "/v1/spaces/{space}/posts.atom",
    summary: "A public space's public posts as Atom",
    tag,
    access,
    params: space,
    answers,
    problems: ["space.not_found"],
    ...more,
  }),
  hashtagRss: defineRoute({
    method: "GET",
    path: "/v1/hashtags/{tag}/posts.rss",
    summary: "Public posts with a hashtag as RSS 2.0",
    tag,
    access,
    params: hashtag,
    answers,
    problems: ["hashtag.invalid"],
    ...more,
  }),
  hashtagAtom: defineRoute({
    method: "GET",
    path: "/v1/hashtags/{tag}/posts.atom",
    summary: "Public posts with a hashtag as Atom",
    tag,
    access,
    params: hashtag,
    answers,
    problems: ["hashtag.invalid"],
    ...more,
  }),
} as const;
