import { z } from "zod";

import { zPersonCard } from "#kernel/cards.ts";
import { defineRoute } from "#kernel/contract.ts";
import { zId, zIdOut, zPage, zPageQuery, zText, zTime } from "#kernel/wire.ts";

import { COMMENT_TEXT_CHARS_MAX } from "../bounds.ts";
import { zContentWarning } from "../posts/asked-contract.ts";

export const zComment = z
  .object({
    id: zIdOut<"comment">(),
    post_id: zIdOut<"post">(),
    parent_id: zIdOut<"comment">().nullable(),
    /** 0 for an answer to the post itself. */
    depth: z.number(),
    /** Null where it was deleted and stands only because of its replies. */
    author: zPersonCard.nullable(),
    text: z.string(),
    /** What stands before the words until somebody asks for them; null where nothing does. */
    content_warning: z.string().nullable(),
    /** Its words are to be covered until somebody asks for them. */
    sensitive: z.boolean(),
    mentions: z.array(z.object({ id: zIdOut<"person">(), handle: z.string() })),
    created_at: zTime,
    edited_at: zTime.nullable(),
    deleted: z.boolean(),
    /** Moderators took it out of sight: you are its author, or moderate. */
    hidden: z.boolean(),
    counts: z.object({ likes: z.number(), replies: z.number() }),
    viewer: z.object({ liked: z.boolean(), own: z.boolean(), may_delete: z.boolean() }).nullable(),
  })
  .meta({ id: "Comment" });
export type Comment = z.output<typeof zComment>;

const zPostParams = z.strictObject({ id: zId<"post">() });
const zCommentParams = z.strictObject({ id: zId<"comment">() });
const read = { who: "anyone", scope: "read" } as const;
const write = { who: "signed_in", scope: "write" } as const;
const tag = "feed";

export const listComments = defineRoute({
  method: "GET",
  path: "/v1/posts/{id}/comments",
  summary: "Answers to a post, or with `parent_id` the replies to one of its comments",
  tag,
  access: read,
  params: zPostParams,
  query: zPageQuery.extend({
    parent_id: zId<"comment">().optional(),
    order: z.enum(["oldest", "newest"]).default("oldest"),
  }),
  answers: { 200: zPage(zComment) },
  problems: ["post.not_found", "comment.not_found", "cursor.invalid"],
});

export const createComment = defineRoute({
  method: "POST",
  path: "/v1/posts/{id}/comments",
  summary: "Answer a post, or one of its comments",
  tag,
  access: write,
  params: zPostParams,
  body: z.strictObject({
    text: zText(COMMENT_TEXT_CHARS_MAX, 1),
    parent_id: zId<"comment">().nullish(),
    content_warning: zContentWarning.nullish(),
    sensitive: z.boolean().optional(),
  }),
  answers: { 201: zComment },
  problems: ["post.not_found", "comment.not_found", "comment.too_deep", "comment.too_many"],
  cost_tokens: 2,
});

export const getComment = defineRoute({
  method: "GET",
  path: "/v1/comments/{id}",
  summary: "Read one comment",
  tag,
  access: read,
  params: zCommentParams,
  answers: { 200: zComment },
  problems: ["comment.not_found"],
});

export const editComment = defineRoute({
  method: "PATCH",
  path: "/v1/comments/{id}",
  summary: "Edit your comment; what you do not name stays",
  tag,
  access: write,
  params: zCommentParams,
  body: z
    .strictObject({
      text: zText(COMMENT_TEXT_CHARS_MAX, 1).optional(),
      content_warning: zContentWarning.nullable().optional(),
      sensitive: z.boolean().optional(),
    })
    .refine((body) => Object.values(body).some((value) => value !== undefined), "names nothing to change"),
  answers: { 200: zComment },
  problems: ["comment.not_found", "comment.not_yours"],
});

export const deleteComment = defineRoute({
  method: "DELETE",
  path: "/v1/comments/{id}",
  summary: "Delete your comment, or one under your post",
  tag,
  access: write,
  params: zCommentParams,
  answers: { 204: null },
  problems: ["comment.not_found", "comment.not_yours"],
});

const commentLike = <const M extends "PUT" | "DELETE">(method: M, summary: string) =>
  defineRoute({
    method,
    path: "/v1/comments/{id}/like",
    summary,
    tag,
    access: write,
    params: zCommentParams,
    answers: { 200: zComment },
    problems: ["comment.not_found"],
  });

export const likeComment = commentLike("PUT", "Like a comment; again changes nothing");
export const unlikeComment = commentLike("DELETE", "Take the like of a comment back");

export const commentRoutes = {
  listComments,
  createComment,
  getComment,
  editComment,
  deleteComment,
  likeComment,
  unlikeComment,
} as const;
