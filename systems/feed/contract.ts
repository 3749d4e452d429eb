import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { AUDIENCES, zAudience, zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { POST_TEXT_CHARS_MAX } from "./bounds.ts";
import { catchUpRoutes } from "./catch-up/contract.ts";
import { commentRoutes } from "./comments/contract.ts";
import { draftsRoutes } from "./drafts/contract.ts";
import { folderRoutes, zFolderAsked } from "./folders/contract.ts";
import { forYouRoutes } from "./foryou/contract.ts";
import { linksRoutes } from "./links/contract.ts";
import { listRoutes } from "./lists/contract.ts";
import { movingRoutes } from "./moving/contract.ts";
import { placeRoutes } from "./places/contract.ts";
import { pollsRoutes } from "./polls/contract.ts";
import { zPollAsked } from "./polls/poll-contract.ts";
import { zContentWarning, zPostAskedNow } from "./posts/asked-contract.ts";
import { zPost, zPostCounts, zPostViewer } from "./posts/contract.ts";
import { quotesRoutes } from "./quotes/contract.ts";
import { scheduledRoutes } from "./scheduled/contract.ts";
import { seenRoutes } from "./seen/contract.ts";
import { syndicationRoutes } from "./syndication/contract.ts";
import { timelinesRoutes } from "./timelines/contract.ts";
import { HASHTAG_CHARS_MAX } from "./tokens.ts";
import { trendingRoutes } from "./trending/contract.ts";
import { wishRoutes } from "./wishes/contract.ts";

export * from "./bounds.ts";
export * from "./foryou/contract.ts";
export * from "./posts/contract.ts";
export * from "./seen/contract.ts";
export * from "./drafts/contract.ts";
export * from "./catch-up/contract.ts";
export * from "./comments/contract.ts";
export * from "./folders/contract.ts";
export * from "./lists/contract.ts";
export * from "./places/contract.ts";
export * from "./wishes/contract.ts";
export { hidePostLink, showPostLink } from "./links/contract.ts";
export * from "./links/card-contract.ts";
export * from "./polls/bounds.ts";
export * from "./polls/poll-contract.ts";
export * from "./timelines/contract.ts";
export * from "./moving/contract.ts";
export * from "./trending/contract.ts";
export { type PostAsked, zPostAsked } from "./posts/asked-contract.ts";
export * from "./scheduled/contract.ts";
export { votePoll } from "./polls/contract.ts";
export { detachQuote, listQuotes } from "./quotes/contract.ts";
export { marksOf, tagOf, tokenize, type Token } from "./tokens.ts";

export const zReaction = z
  .object({ id: zIdOut<"post">(), counts: zPostCounts, viewer: zPostViewer })
  .meta({ id: "Reaction" });
export type Reaction = z.output<typeof zReaction>;

export const zPostEdit = z
  .object({
    version: z.number(),
    text: z.string(),
    audience: zAudience,
    at: zTime,
    content_warning: z.string().nullable(),
    poll_options: z.array(z.string()).nullable(),
  })
  .meta({ id: "PostEdit" });
export type PostEdit = z.output<typeof zPostEdit>;

const zPostParams = z.strictObject({ id: zId<"post">() });
const zPosts = zPage(zPost);
const zWhoAndWhen = zPage(z.object({ person: zPersonCard, at: zTime }));

const read = { who: "anyone", scope: "read" } as const;
const own = { who: "signed_in", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const tag = "feed";

export const createPost = defineRoute({
  method: "POST",
  path: "/v1/posts",
  summary: "Write a post",
  tag,
  access: write,
  body: zPostAskedNow,
  answers: { 201: zPost },
  problems: [
    "post.empty",
    "post.video_and_images",
    "post.space_required",
    "post.space_unwanted",
    "post.not_a_member",
    "post.media_not_usable",
    "post.poll_and_media",
    "post.quote_not_found",
    "post.may_not_quote",
  ],
  cost_tokens: 2,
});

export const getPost = defineRoute({
  method: "GET",
  path: "/v1/posts/{id}",
  summary: "Read a post. Its ETag is its version",
  tag,
  access: read,
  params: zPostParams,
  answers: { 200: zPost },
  problems: ["post.not_found"],
});

export const editPost = defineRoute({
  method: "PATCH",
  path: "/v1/posts/{id}",
  summary: "Edit your post; earlier versions are kept and shown. Honours If-Match",
  tag,
  access: write,
  params: zPostParams,
  body: z
    .strictObject({
      text: zText(POST_TEXT_CHARS_MAX).optional(),
      audience: z.enum(AUDIENCES).optional(),
      content_warning: zContentWarning.nullable().optional(),
      sensitive: z.boolean().optional(),
      quote_id: zId<"post">().nullable().optional(),
      /** Begins the poll anew, without votes; null takes it away. */
      poll: zPollAsked.nullable().optional(),
    })
    .refine((body) => Object.values(body).some((value) => value !== undefined), "names nothing to change"),
  answers: { 200: zPost },
  problems: [
    "post.not_found",
    "post.not_yours",
    "post.empty",
    "post.changed",
    "post.too_many_edits",
    "post.space_required",
    "post.space_unwanted",
    "post.poll_and_media",
    "post.quote_not_found",
    "post.may_not_quote",
  ],
  cost_tokens: 2,
});

export const deletePost = defineRoute({
  method: "DELETE",
  path: "/v1/posts/{id}",
  summary: "Delete a post. For ten minutes it can be restored; then its media are freed",
  tag,
  access: write,
  params: zPostParams,
  answers: { 204: null },
  problems: ["post.not_found", "post.not_yours"],
});

export const restorePost = defineRoute({
  method: "POST",
  path: "/v1/posts/{id}/restore",
  summary: "Undo the deletion of your post, within ten minutes",
  tag,
  access: write,
  params: zPostParams,
  answers: { 200: zPost },
  problems: ["post.not_found", "post.not_yours", "post.gone"],
});

export const listPostEdits = defineRoute({
  method: "GET",
  path: "/v1/posts/{id}/edits",
  summary: "All versions of a post, newest first",
  tag,
  access: read,
  params: zPostParams,
  query: zPageQuery,
  answers: { 200: zPage(zPostEdit) },
  problems: ["post.not_found"],
});

export const whyPost = defineRoute({
  method: "GET",
  path: "/v1/posts/{id}/why",
  summary: "Why you can see this post",
  tag,
  access: read,
  params: zPostParams,
  answers: { 200: z.object({ because: z.string() }) },
  problems: ["post.not_found"],
});

const reaction = <const M extends "PUT" | "DELETE", const P extends string>(method: M, path: P, summary: string) =>
  defineRoute({
    method,
    path,
    summary,
    tag,
    access: write,
    params: zPostParams,
    answers: { 200: zReaction },
    problems: ["post.not_found"],
  });

export const likePost = reaction("PUT", "/v1/posts/{id}/like", "Like a post; again changes nothing");
export const unlikePost = reaction("DELETE", "/v1/posts/{id}/like", "Take a like back");
export const repostPost = reaction("PUT", "/v1/posts/{id}/repost", "Pass a public post on to those who follow you");
export const unrepostPost = reaction("DELETE", "/v1/posts/{id}/repost", "Take a repost back");
export const bookmarkPost = reaction("PUT", "/v1/posts/{id}/bookmark", "Keep a post; only you see that");
export const unbookmarkPost = reaction("DELETE", "/v1/posts/{id}/bookmark", "Take a bookmark away");

export const listLikes = defineRoute({
  method: "GET",
  path: "/v1/posts/{id}/likes",
  summary: "Who liked a post, latest first",
  tag,
  access: read,
  params: zPostParams,
  query: zPageQuery,
  answers: { 200: zWhoAndWhen },
  problems: ["post.not_found", "cursor.invalid"],
});

export const listReposts = defineRoute({
  method: "GET",
  path: "/v1/posts/{id}/reposts",
  summary: "Who passed a post on, latest first",
  tag,
  access: read,
  params: zPostParams,
  query: zPageQuery,
  answers: { 200: zWhoAndWhen },
  problems: ["post.not_found", "cursor.invalid"],
});

export const homeFeed = defineRoute({
  method: "GET",
  path: "/v1/feeds/home",
  summary: "Posts and reposts of the people you follow, and your own, newest first",
  tag,
  access: own,
  query: zPageQuery.extend({
    /** Begins with this entry, where no cursor is given; a reading position names one. */
    from: zId<"entry">().optional(),
  }),
  answers: { 200: zPosts },
  problems: ["cursor.invalid"],
});

export const shortsFeed = defineRoute({
  method: "GET",
  path: "/v1/feeds/shorts",
  summary: "Short videos that are ready, newest first with authors in turn",
  tag,
  access: read,
  query: zPageQuery,
  answers: { 200: zPosts },
  problems: ["cursor.invalid"],
});

export const discoverFeed = defineRoute({
  method: "GET",
  path: "/v1/feeds/discover",
  summary: "All public posts of this house, newest first",
  tag,
  access: read,
  query: zPageQuery,
  answers: { 200: zPosts },
  problems: ["cursor.invalid"],
});

export const personPosts = defineRoute({
  method: "GET",
  path: "/v1/people/{handle}/posts",
  summary: "A person's posts and reposts, newest first",
  tag,
  access: read,
  params: z.strictObject({ handle: z.string().min(1).max(64) }),
  query: zPageQuery.extend({ only: z.enum(["posts", "media", "videos"]).optional() }),
  answers: { 200: zPosts },
  problems: ["person.not_found", "cursor.invalid"],
});

export const spacePosts = defineRoute({
  method: "GET",
  path: "/v1/spaces/{space}/posts",
  summary: "A space's posts, newest first; by its slug or id",
  tag,
  access: read,
  params: z.strictObject({ space: z.string().min(1).max(64) }),
  query: zPageQuery,
  answers: { 200: zPosts },
  problems: ["space.not_found", "cursor.invalid"],
});

export const hashtagPosts = defineRoute({
  method: "GET",
  path: "/v1/hashtags/{tag}/posts",
  summary: "Posts with a hashtag, newest first",
  tag,
  access: read,
  params: z.strictObject({
    tag: z
      .string()
      .min(1)
      .max(HASHTAG_CHARS_MAX + 1),
  }),
  query: zPageQuery,
  answers: { 200: zPosts },
  problems: ["hashtag.invalid", "cursor.invalid"],
});

export const listBookmarks = defineRoute({
  method: "GET",
  path: "/v1/bookmarks",
  summary: "What you kept, latest first",
  tag,
  access: own,
  query: zPageQuery.extend({ folder: zFolderAsked.optional() }),
  answers: { 200: zPosts },
  problems: ["cursor.invalid"],
});

export const feedRoutes = {
  createPost,
  getPost,
  editPost,
  deletePost,
  restorePost,
  listPostEdits,
  whyPost,
  likePost,
  unlikePost,
  repostPost,
  unrepostPost,
  bookmarkPost,
  unbookmarkPost,
  listLikes,
  listReposts,
  homeFeed,
  shortsFeed,
  discoverFeed,
  personPosts,
  spacePosts,
  hashtagPosts,
  listBookmarks,
  ...commentRoutes,
  ...pollsRoutes,
  ...quotesRoutes,
  ...draftsRoutes,
  ...scheduledRoutes,
  ...linksRoutes,
  ...seenRoutes,
  ...movingRoutes,
  ...syndicationRoutes,
  ...timelinesRoutes,
  ...trendingRoutes,
  ...forYouRoutes,
  ...placeRoutes,
  ...listRoutes,
  ...folderRoutes,
  ...wishRoutes,
  ...catchUpRoutes,
} as const;
