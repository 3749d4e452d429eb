import { notFound, Problem } from "#kernel/errors.ts";
import type { PostId } from "#kernel/ids.ts";
import { decodeCursor, encodeCursor } from "#kernel/paging.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn, Viewer } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";
import type { Api } from "#ports/http/index.ts";
import { may } from "#systems/people/index.ts";

import { POST_EDITS_MAX } from "./bounds.ts";
import { createComment, deleteComment, editComment, likeComment } from "./comments/write.ts";
import { feedRoutes as r, type Reaction as ReactionAnswer, tagOf } from "./contract.ts";
import { takeDraft } from "./drafts/drafts.ts";
import { serveDrafts } from "./drafts/routes.ts";
import { serveForYou } from "./foryou/index.ts";
import type { Feed } from "./index.ts";
import { serveLinks } from "./links/routes.ts";
import { etagOf, must } from "./policy.ts";
import { servePolls } from "./polls/routes.ts";
import { deletePost, restorePost } from "./posts/delete.ts";
import { findEdits, findPosts } from "./posts/store.ts";
import { type Beside, createPost, editPost } from "./posts/write.ts";
import { serveQuotes } from "./quotes/routes.ts";
import * as reactions from "./reactions/reactions.ts";
import { presentViewer } from "./reading/present.ts";
import type { ListKind, PageAsked, SkeletonFor } from "./reading/reader.ts";
import { resourceOf, rulesFor } from "./reading/rules.ts";
import { serveReading } from "./reading/serve.ts";
import * as skeletons from "./reading/skeleton.ts";
import { serveScheduled } from "./scheduled/routes.ts";
import { serveSeen } from "./seen/routes.ts";
import { serveSyndication } from "./syndication/routes.ts";
import { serveTimelines } from "./timelines/routes.ts";
import { serveTrending } from "./trending/routes.ts";

/** Parse → may they? → do → present. No SQL, no rules. */
export function serveFeed(api: Api, { rooms }: Feed): void {
  servePosts(api, rooms);
  serveReactions(api, rooms);
  serveComments(api, rooms);
  serveLists(api, rooms);
  servePolls(api, rooms);
  serveQuotes(api, rooms);
  serveDrafts(api, rooms);
  serveScheduled(api, rooms);
  serveLinks(api, rooms);
  serveSeen(api, rooms);
  serveSyndication(api, rooms);
  serveTimelines(api, rooms);
  serveTrending(api, rooms);
  serveForYou(api, rooms.forYou, rooms.reader);
  serveReading(api, { ...rooms.ground, ...rooms });
}

type Rooms = Feed["rooms"];

function servePosts(api: Api, { ground, reader }: Rooms): void {
  const answer = async <S extends 200 | 201>(viewer: Viewer, id: PostId, status: S) => {
    const { post } = await reader.post(viewer, id);
    return { status, json: await reader.present(viewer, post), headers: { etag: etagOf(post.post.version) } };
  };

  api.serve(r.createPost, async ({ viewer, body: { draft_id, ...asked }, idempotency_key }) => {
    const beside: Beside | undefined = draft_id
      ? async (tx) => void (await takeDraft(ground, tx, viewer.person_id, draft_id))
      : undefined;
    const id = await createPost(ground, viewer, asked, idempotency_key, beside);
    const made = await answer(viewer, id, 201);
    return { ...made, headers: { ...made.headers, location: `/v1/posts/${id}` } };
  });
  api.serve(r.getPost, ({ viewer, params }) => answer(viewer, params.id, 200));
  api.serve(r.editPost, async ({ viewer, params, body, header }) => {
    const { post, rules } = await reader.post(viewer, params.id);
    must(rules.post("edit", post), "post.not_yours");
    await editPost(ground, viewer, params.id, body, header("if-match"));
    return answer(viewer, params.id, 200);
  });
  api.serve(r.deletePost, async ({ viewer, params }) => {
    const { post, rules } = await reader.post(viewer, params.id);
    await deletePost(ground, viewer, post, rules);
    return { status: 204 };
  });
  api.serve(r.restorePost, async ({ viewer, params }) => {
    await restorePost(ground, viewer, params.id);
    return answer(viewer, params.id, 200);
  });
  api.serve(r.whyPost, async ({ viewer, params }) => {
    const { post, rules } = await reader.post(viewer, params.id);
    return { status: 200, body: { because: rules.post("read", post).because.sentence } };
  });
  api.serve(r.listPostEdits, async ({ viewer, params, query }) => {
    const { post, rules } = await reader.post(viewer, params.id);
    const below = query.cursor === undefined ? null : versionOf(query.cursor);
    // Whoever opens a post opens what it says now, and not what was said to fewer.
    const mayRead = (audience: Audience) =>
      may(rules.facts, "read", resourceOf({ ...post.post, audience }, post.cards.author, post.cards.space)).ok;
    return { status: 200, body: await edits(params.id, below, query.limit, mayRead) };
  });

  async function edits(id: PostId, below: number | null, limit: number, mayRead: (audience: Audience) => boolean) {
    const [now] = await findPosts(ground.sql.pool, [id]);
    if (!now) throw notFound("post");
    const { version, text, audience, content_warning } = now;
    const poll_options = now.poll?.options ?? null;
    const newest = { version, text, audience, content_warning, poll_options, at: now.edited_at ?? now.created_at };
    const older = await findEdits(ground.sql.pool, id, below ?? version, limit + 1);
    const all = below === null ? [newest, ...older] : older;
    const page = all.slice(0, limit);
    const items = page.filter((edit) => mayRead(edit.audience)).map((edit) => ({ ...edit, at: rfc3339(edit.at) }));
    return { items, next_cursor: all.length > limit ? encodeCursor([page.at(-1)!.version]) : null };
  }

  function versionOf(cursor: string): number {
    const version = Number(decodeCursor(cursor, ["number"])[0]);
    if (Number.isInteger(version) && version >= 1 && version <= POST_EDITS_MAX + 1) return version;
    throw new Problem(400, "cursor.invalid", "This cursor is not one that we gave. Start the list from its beginning.");
  }
}

function serveReactions(api: Api, { ground, reader }: Rooms): void {
  const react =
    (reaction: reactions.Reaction) =>
    async ({ viewer, params }: { viewer: SignedIn; params: { id: PostId } }) => {
      const { post, rules } = await reader.post(viewer, params.id);
      await reaction(ground, viewer, post, rules);
      const [bits, counts] = await Promise.all([reader.bits(viewer, post), ground.exactSums(params.id)]);
      const body: ReactionAnswer = { id: params.id, counts, viewer: presentViewer(bits) };
      return { status: 200 as const, body };
    };
  api.serve(r.likePost, react(reactions.like));
  api.serve(r.unlikePost, react(reactions.unlike));
  api.serve(r.repostPost, react(reactions.repost));
  api.serve(r.unrepostPost, react(reactions.unrepost));
  api.serve(r.bookmarkPost, react(reactions.bookmark));
  api.serve(r.unbookmarkPost, react(reactions.unbookmark));
  api.serve(r.listLikes, async ({ viewer, params, query, signal }) => ({
    status: 200,
    body: await reader.reacted(viewer, params.id, "likes", query, signal),
  }));
  api.serve(r.listReposts, async ({ viewer, params, query, signal }) => ({
    status: 200,
    body: await reader.reacted(viewer, params.id, "reposts", query, signal),
  }));
}

function serveComments(api: Api, { ground, reader, comments }: Rooms): void {
  api.serve(r.listComments, async ({ viewer, params, query, signal }) => ({
    status: 200,
    body: await comments.thread(viewer, params.id, query, signal),
  }));
  api.serve(r.createComment, async ({ viewer, params, body, idempotency_key }) => {
    const id = await createComment(ground, viewer, await reader.post(viewer, params.id), body, idempotency_key);
    return {
      status: 201,
      body: await comments.present(viewer, await comments.comment(viewer, id)),
      headers: { location: `/v1/comments/${id}` },
    };
  });
  api.serve(r.getComment, async ({ viewer, params }) => ({
    status: 200,
    body: await comments.present(viewer, await comments.comment(viewer, params.id)),
  }));
  api.serve(r.editComment, async ({ viewer, params, body }) => {
    const { row, post, rules } = await comments.comment(viewer, params.id);
    await editComment(ground, viewer, rules, row, post.post.author_id, body);
    return { status: 200, body: await comments.present(viewer, await comments.comment(viewer, params.id)) };
  });
  api.serve(r.deleteComment, async ({ viewer, params }) => {
    const found = await comments.comment(viewer, params.id);
    await deleteComment(ground, viewer, found.row, comments.mayDelete(found), found.post.post.author_id);
    return { status: 204 };
  });
  const liking =
    (liked: boolean) =>
    async ({ viewer, params }: { viewer: SignedIn; params: { id: string } }) => {
      const found = await comments.comment(viewer, params.id);
      await likeComment(ground, viewer, found, liked);
      return { status: 200 as const, body: await comments.present(viewer, found) };
    };
  api.serve(r.likeComment, liking(true));
  api.serve(r.unlikeComment, liking(false));
}

function serveLists(api: Api, { ground, reader, timeline }: Rooms): void {
  const { sql, people, spaces } = ground;
  const list = async (
    asked: { viewer: Viewer; query: PageAsked; signal: AbortSignal },
    skeletonFor: SkeletonFor,
    kind: ListKind,
  ) => ({
    status: 200 as const,
    json: await reader.list(asked.viewer, skeletonFor, asked.query, kind, {
      throwIfAborted: () => asked.signal.throwIfAborted(),
    }),
  });

  api.serve(r.homeFeed, (asked) =>
    list(asked, (rules) => skeletons.homeSkeleton(timeline, asked.viewer.person_id, rules), "timeline"),
  );
  api.serve(r.shortsFeed, (asked) => list(asked, () => skeletons.shortsSkeleton(sql), "shorts"));
  api.serve(r.discoverFeed, (asked) => list(asked, () => skeletons.discoverSkeleton(sql), "feed"));
  api.serve(r.listBookmarks, (asked) =>
    list(asked, () => skeletons.bookmarksSkeleton(sql, asked.viewer.person_id, asked.query.folder), "page"),
  );

  api.serve(r.personPosts, async (asked) => {
    const handle = asked.params.handle.toLowerCase();
    const person = (await people.byHandles([handle])).get(handle);
    const rules = await rulesFor(asked.viewer, ground);
    if (!person || !rules.person("read", person).ok) throw notFound("person");
    return list(asked, () => skeletons.personSkeleton(timeline, sql, person.id, asked.query.only), "page");
  });
  api.serve(r.spacePosts, async (asked) => {
    const space = await spaces.find(asked.params.space);
    const { facts } = await rulesFor(asked.viewer, ground);
    const resource =
      space &&
      ({
        kind: "space",
        owner_id: space.owner_id,
        audience: "public",
        space_id: space.id,
        space_visibility: space.visibility,
      } as const);
    if (!resource || !may(facts, "read", resource).ok) throw notFound("space");
    return list(asked, () => skeletons.spaceSkeleton(sql, space.id), "page");
  });
  api.serve(r.hashtagPosts, async (asked) => {
    const tag = tagOf(asked.params.tag.trim());
    if (tag === null)
      throw new Problem(404, "hashtag.invalid", "A hashtag is letters, digits and underscores, and not only digits.");
    return list(asked, () => skeletons.hashtagSkeleton(sql, tag), "feed");
  });
}
