import { z } from "zod";

import { zPersonCard, zSpaceCard } from "#kernel/cards.ts";
import { zAudience, zIdOut, zTime } from "#kernel/wire.ts";

import { zLinkCard } from "../links/card-contract.ts";
import { zPoll } from "../polls/poll-contract.ts";

/** What a post looks like on the wire. Rooms that answer with posts import it from here. */

const zMediaStatus = z.enum(["processing", "ready", "failed"]);

/** A video as it stands in a post: media's own card. */
export const zPostVideo = z
  .object({
    id: zIdOut<"video">(),
    title: z.string(),
    status: zMediaStatus,
    progress: z.number(),
    duration_ms: z.int().nullable(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    /** There as soon as anything can be played. */
    hls_url: z.string().nullable(),
    poster_url: z.string().nullable(),
    placeholder: z.string().nullable(),
    view_count: z.int(),
  })
  .meta({ id: "PostVideo" });

export const zPostImage = z
  .object({
    id: zIdOut<"image">(),
    status: zMediaStatus,
    alt: z.string(),
    width: z.int().nullable(),
    height: z.int().nullable(),
    placeholder: z.string().nullable(),
    /** Smallest first. */
    variants: z.array(z.object({ url: z.string(), width: z.int(), height: z.int() })),
  })
  .meta({ id: "PostImage" });

/** Summed in batches: may lag by seconds, never drifts. `views` are people of this house who had it on their screen; `quotes` are posts about it. */
export const zPostCounts = z
  .object({ likes: z.number(), reposts: z.number(), comments: z.number(), views: z.number(), quotes: z.number() })
  .meta({ id: "PostCounts" });

/** What is particular to who asks. Always true at once after their own action. */
export const zPostViewer = z
  .object({ liked: z.boolean(), reposted: z.boolean(), bookmarked: z.boolean(), own: z.boolean() })
  .meta({ id: "PostViewer" });

const postFields = {
  id: zIdOut<"post">(),
  author: zPersonCard,
  text: z.string(),
  /** Those of the text's mentions that name a person of this house. Draw a link only for these. */
  mentions: z.array(z.object({ id: zIdOut<"person">(), handle: z.string() })),
  hashtags: z.array(z.string()),
  audience: zAudience,
  space: zSpaceCard.nullable(),
  video: zPostVideo.nullable(),
  images: z.array(zPostImage),
  created_at: zTime,
  edited_at: zTime.nullable(),
  /** It was first written elsewhere, on `created_at`, and its author brought it along at this time. */
  imported_at: zTime.nullable(),
  /** What stands before the words and media until somebody asks for them; null where nothing does. */
  content_warning: z.string().nullable(),
  /** Its pictures and video are to be covered until somebody asks for them. */
  sensitive: z.boolean(),
  /** 1 for the first; send it as `If-Match: "1"` with an edit to lose to nobody unseen. */
  version: z.number(),
  /** Moderators took it out of sight: you are its author, or moderate. */
  hidden: z.boolean(),
  counts: zPostCounts,
  poll: zPoll.nullable(),
  /** A card for the first link of the words, once it is known. */
  link: zLinkCard.nullable(),
};

/** A post inside another: as it stands, without what lies between it and the reader, and without a quote of its own. */
export const zQuotedPost = z.object(postFields).meta({ id: "QuotedPost" });
export type QuotedPost = z.output<typeof zQuotedPost>;

/** `gone`: deleted, detached by its author, or not for this reader; which of these is not told. */
export const zQuote = z
  .object({ state: z.enum(["shown", "gone"]), post: zQuotedPost.nullable() })
  .meta({ id: "Quote" });
export type Quote = z.output<typeof zQuote>;

export const zPost = z
  .object({
    ...postFields,
    /** What the words are about, where they are about another post. One level. */
    quote: zQuote.nullable(),
    /** Null for a caller who is not signed in. */
    viewer: zPostViewer.nullable(),
    /** In feeds: who of the people you follow passed this on, where that is why it is here. */
    reposted_by: zPersonCard.nullable(),
    /** Its place in the list that it came with (home, lists, bookmarks …): what a reading position names. Null where it stands alone. */
    entry_id: zIdOut<"entry" | "post">().nullable(),
    /** Words that you muted stand in it, and you asked to be warned: show it folded, with these. */
    filtered: z.object({ words: z.array(z.string()) }).nullable(),
  })
  .meta({ id: "Post" });
export type Post = z.output<typeof zPost>;
export type PostVideo = z.output<typeof zPostVideo>;
export type PostImage = z.output<typeof zPostImage>;
export type PostViewer = z.output<typeof zPostViewer>;
export type PostCounts = z.output<typeof zPostCounts>;
