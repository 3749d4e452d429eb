import { z } from "zod";

import type { PersonCard } from "#kernel/cards.ts";
import { notFound, Problem } from "#kernel/errors.ts";
import {
  COMMENT_DEPTH_MAX,
  feedRoutes as r,
  type Post,
  POST_IMAGES_MAX,
  POST_TEXT_CHARS_MAX,
} from "#systems/feed/index.ts";
import { mediaRoutes } from "#systems/media/index.ts";

import { CONTEXT_STATUSES_MAX, PAGE_ACCOUNTS_DEFAULT, PAGE_ACCOUNTS_MAX } from "../bounds.ts";
import { contentHtml } from "../entities/html.ts";
import { commented, pollEntity } from "../entities/statuses.ts";
import { parseFields } from "../wire/fields.ts";
import { linkHeader } from "../wire/reply.ts";
import { zCount, zFlag, zList, zOptionalId, zPlace, zSomeId, zWords } from "../wire/shapes.ts";
import { type Asked, type Desk, person, reader, refuse, type Serve } from "./endpoint.ts";
import { findStatus, type Found, presentFound } from "./find.ts";
import { keepFocus } from "./media.ts";
import { momentOf, scheduledEntity } from "./scheduled.ts";

const zPoll = z.preprocess(
  (value) => (value === "" || value === null ? undefined : value),
  z
    .object({
      options: zList(z.coerce.string(), 20),
      expires_in: z.coerce.number().int(),
      multiple: zFlag,
      hide_totals: zFlag,
    })
    .optional(),
);
const zCreate = z.object({
  status: zWords(POST_TEXT_CHARS_MAX * 3),
  media_ids: zList(zSomeId, 20),
  poll: zPoll,
  in_reply_to_id: zOptionalId,
  quoted_status_id: zOptionalId,
  quote_id: zOptionalId,
  sensitive: zFlag,
  spoiler_text: zWords(2_000),
  visibility: zWords(20),
  scheduled_at: zPlace,
  media_attributes: zList(z.object({ id: zSomeId, description: zWords(5_000), focus: zWords(60) }), 20),
});
type Create = z.output<typeof zCreate>;

export function serveStatuses(serve: Serve, desk: Desk): void {
  const { ground, statuses, accounts } = desk;
  const { windows } = ground.feed;
  const find = (asked: Asked) => findStatus(asked, desk, asked.params.id!);
  const answer = async (asked: Asked, found: Found) => ({ body: await presentFound(asked, desk, found) });
  /** What is acted on by a repost is the post that it passes on. */
  const subject = (found: Found): Found =>
    found.kind === "repost" ? { kind: "post", post: { ...found.post, reposted_by: null } } : found;

  serve("POST", "/api/v1/statuses", person("write:statuses"), async (asked) => {
    const said = parseFields(zCreate, asked.fields);
    const key = asked.request.headers.get("idempotency-key");
    const idempotency_key =
      key === null ? null : `mastodon:${new Bun.CryptoHasher("sha256").update(key).digest("base64url")}`;
    return said.in_reply_to_id === undefined
      ? writePost(asked, said, idempotency_key)
      : reply(asked, said, idempotency_key);
  });

  async function writePost(asked: Asked, said: Create, idempotency_key: string | null) {
    const audience = audienceOf(said.visibility);
    const quote_id = said.quoted_status_id ?? said.quote_id;
    const body = {
      text: said.status ?? "",
      audience,
      ...(await mediaOf(said.media_ids)),
      content_warning: said.spoiler_text?.trim() ? said.spoiler_text : null,
      sensitive: said.sensitive ?? false,
      ...(quote_id === undefined ? {} : { quote_id }),
      ...(said.poll ? { poll: pollAsked(said.poll) } : {}),
    };
    if (said.scheduled_at !== undefined) {
      const publish_at = momentOf(said.scheduled_at);
      const scheduled = await asked.call(r.schedulePost, { body: { post: body, publish_at }, idempotency_key });
      return { body: await scheduledEntity(desk, asked.origin, scheduled) };
    }
    const post = await asked.call(r.createPost, { body, idempotency_key });
    accounts.forget(asked.me.person_id);
    return { body: await statuses.one(asked.shown, post) };
  }

  /** An answer is a comment: words alone, seen by whom the post is seen by. */
  async function reply(asked: Asked, said: Create, idempotency_key: string | null) {
    if (said.media_ids.length > 0 || said.poll)
      throw refuse("An answer in this house has words only: no pictures, films or polls.");
    if (said.visibility === "direct") throw refuse(NO_DIRECT);
    if (said.scheduled_at !== undefined) throw refuse("An answer is given now. Only posts can be published later.");
    const found = await findStatus(asked, desk, said.in_reply_to_id!);
    const under = found.kind === "comment" ? found.comment : null;
    // At the deepest level answers stand side by side.
    const parent_id = under === null ? null : under.depth >= COMMENT_DEPTH_MAX ? under.parent_id : under.id;
    const warning = said.spoiler_text?.trim() || null;
    // A warning before nothing is what there is to say.
    const words = said.status?.trim() ? { text: said.status, content_warning: warning } : { text: warning ?? "" };
    const comment = await asked.call(r.createComment, {
      params: { id: found.post.id },
      body: { ...words, sensitive: said.sensitive ?? false, ...(parent_id === null ? {} : { parent_id }) },
      idempotency_key,
    });
    return answer(asked, { kind: "comment", comment, post: found.post });
  }

  async function mediaOf(ids: readonly string[]) {
    if (ids.length === 0) return {};
    const images = await ground.media.imageCards(ids);
    if (ids.every((id) => images.has(id))) {
      if (ids.length > POST_IMAGES_MAX) throw refuse(`A post has ${POST_IMAGES_MAX} pictures at most.`);
      return { image_ids: [...ids] };
    }
    const videos = await ground.media.videoCards(ids);
    if (ids.length === 1 && videos.has(ids[0]!)) return { video_id: ids[0]! };
    if (ids.some((id) => !images.has(id) && !videos.has(id))) throw refuse("Media attachment could not be found.");
    throw refuse("A post has one video or up to ten pictures, not both.");
  }

  serve("GET", "/api/v1/statuses", reader("read:statuses"), async (asked) => {
    const { id } = parseFields(z.object({ id: zList(zSomeId, 40) }), asked.fields);
    const [posts, comments] = await Promise.all([windows.posts(asked.viewer, id), windows.comments(asked.viewer, id)]);
    const under = new Map([...comments.values()].map(({ post }) => [post.id, commented(post)]));
    const [ofPosts, ofComments] = await Promise.all([
      statuses.of(
        asked.shown,
        [...posts.values()].map((post) => ({ post })),
      ),
      statuses.comments(
        asked.shown,
        [...comments.values()].map(({ comment }) => comment),
        under,
      ),
    ]);
    const byId = new Map([...ofPosts, ...ofComments].map((status) => [status.id, status]));
    return { body: [...new Set(id)].flatMap((one) => byId.get(one) ?? []) };
  });

  serve("GET", "/api/v1/statuses/:id", reader("read:statuses"), async (asked) => answer(asked, await find(asked)));

  serve("PUT", "/api/v1/statuses/:id", person("write:statuses"), async (asked) => {
    const said = parseFields(zCreate, asked.fields);
    const found = subject(await find(asked));
    if (found.kind === "comment") {
      const comment = await asked.call(r.editComment, {
        params: { id: found.comment.id },
        body: {
          text: said.status ?? "",
          content_warning: said.spoiler_text?.trim() || null,
          sensitive: said.sensitive ?? found.comment.sensitive,
        },
      });
      return answer(asked, { ...found, comment });
    }
    const { post } = found;
    const known = post.video ? [post.video.id] : post.images.map(({ id }) => id as string);
    if (
      "media_ids" in asked.fields &&
      (said.media_ids.length !== known.length || said.media_ids.some((id) => !known.includes(id)))
    )
      throw refuse("Pictures and films of a post stay as they are. Delete it and write it anew to change them.");
    if (post.viewer?.own !== true) throw new Problem(403, "post.not_yours", "This action is not allowed");
    for (const { id, description, focus } of said.media_attributes) {
      if (!known.includes(id) || post.video) continue;
      if (description !== undefined)
        await asked.call(mediaRoutes.patchImage, { params: { image_id: id }, body: { alt: description } });
      if (focus !== undefined) await keepFocus(desk, asked.me, id, focus);
    }
    const poll = said.poll && !isSame(post, said.poll) ? pollAsked(said.poll) : undefined;
    const edited = await asked.call(r.editPost, {
      params: { id: post.id },
      body: {
        text: said.status ?? post.text,
        content_warning: said.spoiler_text?.trim() ? said.spoiler_text : null,
        sensitive: said.sensitive ?? post.sensitive,
        ...(poll === undefined ? {} : { poll }),
      },
    });
    return { body: await statuses.one(asked.shown, edited) };
  });

  serve("DELETE", "/api/v1/statuses/:id", person("write:statuses"), async (asked) => {
    const found = await find(asked);
    // What is given back can be written again from: the words as they were typed.
    const status = await presentFound(asked, desk, found);
    const text = found.kind === "comment" ? found.comment.text : found.post.text;
    if (found.kind === "comment") await asked.call(r.deleteComment, { params: { id: found.comment.id } });
    else if (found.kind === "post") await asked.call(r.deletePost, { params: { id: found.post.id } });
    else if (found.person_id === asked.me.person_id)
      await asked.call(r.unrepostPost, { params: { id: found.post.id } });
    else throw new Problem(403, "post.not_yours", "This action is not allowed");
    accounts.forget(asked.me.person_id);
    return { body: { ...status, text } };
  });

  serve("GET", "/api/v1/statuses/:id/source", person("read:statuses"), async (asked) => {
    const found = subject(await find(asked));
    const text = found.kind === "comment" ? found.comment.text : found.post.text;
    const spoiler_text = (found.kind === "comment" ? found.comment : found.post).content_warning ?? "";
    return { body: { id: asked.params.id, text, spoiler_text } };
  });

  serve("GET", "/api/v1/statuses/:id/history", reader("read:statuses"), async (asked) => {
    const found = subject(await find(asked));
    const now = await presentFound(asked, desk, found);
    const version = (content: string, created_at: string) => ({
      content,
      spoiler_text: now.spoiler_text,
      sensitive: now.sensitive,
      created_at,
      account: now.account,
      media_attachments: now.media_attachments,
      emojis: [],
    });
    if (found.kind === "comment") return { body: [version(now.content, now.edited_at ?? now.created_at)] };
    const { items } = await asked.call(r.listPostEdits, { params: { id: found.post.id }, query: { limit: 100 } });
    const handles = new Set(found.post.mentions.map(({ handle }) => handle));
    return {
      body: items
        .toReversed()
        .map((edit) => version(contentHtml(edit.text, { origin: asked.origin, handles }), edit.at)),
    };
  });

  serve("GET", "/api/v1/statuses/:id/context", reader("read:statuses"), async (asked) => {
    const found = subject(await find(asked));
    const { post } = found;
    const all = await windows.thread(asked.viewer, post.id, CONTEXT_STATUSES_MAX);
    const posts = new Map([[post.id, commented(post)]]);
    const present = (comments: typeof all) => statuses.comments(asked.shown, comments, posts);
    if (found.kind !== "comment") return { body: { ancestors: [], descendants: await present(all) } };
    const byId = new Map(all.map((comment) => [comment.id, comment]));
    const above: typeof all = [];
    for (let at = byId.get(found.comment.id)?.parent_id; at; at = byId.get(at)?.parent_id) {
      const comment = byId.get(at);
      if (comment) above.unshift(comment);
    }
    const below = new Set([found.comment.id]);
    const descendants = all.filter((comment) => {
      if (comment.parent_id === null || !below.has(comment.parent_id)) return false;
      below.add(comment.id);
      return true;
    });
    return {
      body: {
        ancestors: [await statuses.one(asked.shown, post), ...(await present(above))],
        descendants: await present(descendants),
      },
    };
  });

  /** Acts of a person on a post; on a comment only a like is one. */
  const act = (
    name: string,
    scope: "write:favourites" | "write:bookmarks" | "write:statuses",
    on_post:
      typeof r.likePost | typeof r.unlikePost | typeof r.bookmarkPost | typeof r.unbookmarkPost | typeof r.unrepostPost,
    on_comment: typeof r.likeComment | typeof r.unlikeComment | null,
  ) =>
    serve("POST", `/api/v1/statuses/:id/${name}`, person(scope), async (asked) => {
      const found = subject(await find(asked));
      if (found.kind === "comment") {
        if (!on_comment)
          throw refuse("An answer can be liked; it is passed on or kept with the post that it is under.");
        const comment = await asked.call(on_comment as typeof r.likeComment, { params: { id: found.comment.id } });
        return answer(asked, { ...found, comment });
      }
      await asked.call(on_post as typeof r.likePost, { params: { id: found.post.id } });
      return answer(asked, await again(asked, found.post.id));
    });
  const again = async (asked: Asked, id: string): Promise<Found> => {
    const post = (await windows.posts(asked.viewer, [id])).get(id);
    if (!post) throw notFound("status");
    return { kind: "post", post };
  };
  act("favourite", "write:favourites", r.likePost, r.likeComment);
  act("unfavourite", "write:favourites", r.unlikePost, r.unlikeComment);
  act("bookmark", "write:bookmarks", r.bookmarkPost, null);
  act("unbookmark", "write:bookmarks", r.unbookmarkPost, null);
  act("unreblog", "write:statuses", r.unrepostPost, null);

  serve("POST", "/api/v1/statuses/:id/reblog", person("write:statuses"), async (asked) => {
    const found = subject(await find(asked));
    if (found.kind === "comment")
      throw refuse("An answer can be liked; it is passed on with the post that it is under.");
    const { id } = found.post;
    await asked.call(r.repostPost, { params: { id } });
    const key = (await windows.repostsOf(asked.me.person_id, [id])).get(id);
    const by = (await ground.people.cards([asked.me.person_id])).get(asked.me.person_id);
    const post = (await windows.posts(asked.viewer, [id])).get(id);
    if (!post || !by || key === undefined) throw notFound("status");
    return answer(asked, { kind: "repost", key, person_id: by.id, post: { ...post, reposted_by: by } });
  });

  const who = (name: string, route: typeof r.listLikes | typeof r.listReposts) =>
    serve("GET", `/api/v1/statuses/:id/${name}`, reader("read:accounts"), async (asked) => {
      const page = parseFields(
        z.object({ limit: zCount(PAGE_ACCOUNTS_MAX, PAGE_ACCOUNTS_DEFAULT), max_id: zPlace }),
        asked.fields,
      );
      const found = subject(await find(asked));
      // Who liked a comment is counted and not listed.
      if (found.kind === "comment") return { body: [] };
      const query = { limit: page.limit, ...(page.max_id === undefined ? {} : { cursor: page.max_id }) };
      const { items, next_cursor } = await asked.call(route as typeof r.listLikes, {
        params: { id: found.post.id },
        query,
      });
      const people: PersonCard[] = items.map((item) => item.person);
      const known = await accounts.of(people, asked.origin);
      return {
        body: people.map(({ id }) => known.get(id)),
        headers: linkHeader(asked.request.url, asked.origin, {
          next: next_cursor === null ? null : ["max_id", next_cursor],
          prev: null,
        }),
      };
    });
  who("favourited_by", r.listLikes);
  who("reblogged_by", r.listReposts);

  serve("GET", "/api/v1/polls/:id", reader("read:statuses"), async (asked) => {
    const found = await find(asked);
    if (found.kind !== "post" || !found.post.poll) throw notFound("poll");
    return {
      body: pollEntity(found.post.id, found.post.poll, asked.viewer.kind === "person", found.post.viewer?.own === true),
    };
  });
  serve("POST", "/api/v1/polls/:id/votes", person("write:statuses"), async (asked) => {
    const { choices } = parseFields(z.object({ choices: zList(z.coerce.number().int().min(0), 20) }), asked.fields);
    const found = await find(asked);
    if (found.kind !== "post" || !found.post.poll) throw notFound("poll");
    const { id, poll } = found.post;
    const voted = await asked.call(r.votePoll, { params: { id }, body: { choices, edition: poll.edition } });
    return { body: pollEntity(id, voted, true, false) };
  });
}

const NO_DIRECT = "This house has no direct messages in posts. Choose public or followers.";

/** @throws Problem 422 for those that the house does not have: a post is never shown to more, or to fewer, than was asked */
function audienceOf(visibility: string | undefined): "public" | "followers" {
  switch (visibility) {
    case undefined:
    case "":
    case "public":
      return "public";
    case "private":
      return "followers";
    case "unlisted":
      throw refuse("This house has no unlisted posts: what everybody may read is listed. Choose public or followers.");
    case "direct":
      throw refuse(NO_DIRECT);
    default:
      throw refuse("Validation failed: Visibility is not included in the list");
  }
}

type PollSaid = NonNullable<Create["poll"]>;

const pollAsked = ({ options, expires_in, multiple, hide_totals }: PollSaid) => ({
  options: [...options],
  multiple: multiple ?? false,
  hides_results: hide_totals ?? false,
  open_s: expires_in,
});

/** An edit sends the poll along; only another one begins anew. */
const isSame = ({ poll }: Post, said: PollSaid) =>
  poll !== null &&
  poll.multiple === (said.multiple ?? false) &&
  poll.options.length === said.options.length &&
  poll.options.every(({ text }, i) => text === said.options[i]);
