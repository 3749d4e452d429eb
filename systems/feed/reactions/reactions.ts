import type { Id, PersonId, PostId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Fragment, Query } from "#ports/sql/index.ts";

import { addDelta } from "../counts/store.ts";
import { type FeedEvent, tell, telling } from "../events.ts";
import type { Ground } from "../ground.ts";
import { must } from "../policy.ts";
import type { HydratedPost } from "../reading/hydrate.ts";
import type { Rules } from "../reading/rules.ts";
import { deleteEntry } from "../timelines/store.ts";
import * as store from "./store.ts";

/** Doing what is done already changes nothing and tells nobody. Each of these is one row of truth, one step of a sum, one event. */
export type Reaction = (ground: Ground, viewer: SignedIn, post: HydratedPost, rules: Rules) => Promise<void>;

interface About {
  post_id: PostId;
  author_id: PersonId;
  person_id: PersonId;
}

/** The rows of one act, in the caller's transaction. @returns what it tells, or null where nothing changed */
type Act = (ground: Ground, tx: Query, about: About) => Promise<FeedEvent | null>;

const aboutOf = (viewer: SignedIn, { post }: HydratedPost): About => ({
  post_id: post.id,
  author_id: post.author_id,
  person_id: viewer.person_id,
});

/** What begins something: all of it is one statement. `write` says whether it was not so before. */
const beginning =
  (
    action: "repost" | "bookmark",
    eventOf: (about: About, entry_id: Id<"entry">) => FeedEvent,
    write: (db: Query, about: About, entry_id: Id<"entry">, at: Date, tell: Fragment) => Promise<boolean>,
  ): Reaction =>
  async (ground, viewer, post, rules) => {
    must(rules.post(action, post), `post.may_not_${action}`);
    const about = aboutOf(viewer, post);
    const entry_id = ground.ids.next<"entry">();
    const event = eventOf(about, entry_id);
    const isNew = await ground.sql.single(async (db) => {
      const { call, sent } = await telling(ground.log, db, event);
      const wrote = await write(db, about, entry_id, new Date(ground.clock.now()), call);
      if (wrote) await sent();
      return wrote;
    });
    if (isNew) ground.happened(event);
  };

/** What ends it. */
const ending =
  (act: Act): Reaction =>
  async (ground, viewer, post) => {
    const event = await ground.sql.tx((tx) => actAndTell(act, ground, tx, aboutOf(viewer, post)));
    if (event) ground.happened(event);
  };

async function actAndTell(act: Act, ground: Ground, tx: Query, about: About): Promise<FeedEvent | null> {
  const told = await act(ground, tx, about);
  if (told) await tell(ground.log, tx, told);
  return told;
}

/** Likes go together where they come in crowds. */
const liking =
  (on: boolean): Reaction =>
  async (ground, viewer, post, rules) => {
    if (on) must(rules.post("like", post), "post.may_not_like");
    const { id: post_id, author_id } = post.post;
    const event = await ground.likes.do({ post_id, author_id, person_id: viewer.person_id, on });
    if (event) ground.happened(event);
  };
export const like = liking(true);
export const unlike = liking(false);

export const repost = beginning(
  "repost",
  (about, entry_id) => ({ type: "feed.reposted", version: 1, data: { ...about, entry_id } }),
  store.insertRepost,
);

const takeRepostBack: Act = async (_ground, tx, about) => {
  const entry_id = await store.deleteRepost(tx, about.person_id, about.post_id);
  if (entry_id === null) return null;
  await deleteEntry(tx, about.person_id, entry_id);
  await addDelta(tx, about.post_id, "reposts", -1);
  return { type: "feed.unreposted", version: 1, data: { ...about, entry_id } };
};
export const unrepost = ending(takeRepostBack);

export const bookmark = beginning(
  "bookmark",
  (about) => ({ type: "feed.bookmarked", version: 1, data: { ...about } }),
  store.insertBookmark,
);

const takeBookmarkBack: Act = async (_ground, tx, about) =>
  (await store.deleteBookmark(tx, about.person_id, about.post_id))
    ? { type: "feed.unbookmarked", version: 1, data: { ...about } }
    : null;
export const unbookmark = ending(takeBookmarkBack);

const takeLikeBack: Act = async (_ground, tx, about) => {
  if (!(await store.deleteLike(tx, about.person_id, about.post_id))) return null;
  await addDelta(tx, about.post_id, "likes", -1);
  return { type: "feed.unliked", version: 1, data: { ...about } };
};

const TAKE_BACK: Record<store.ReactionKind, Act> = {
  like: takeLikeBack,
  repost: takeRepostBack,
  bookmark: takeBookmarkBack,
};

/**
 * Takes back up to `reactions_max` of one person's likes, reposts or bookmarks, whatever may be seen of those posts.
 * @returns how many were there, and what it told
 */
export async function takeReactionsBack(
  ground: Ground,
  tx: Query,
  kind: store.ReactionKind,
  person_id: PersonId,
  reactions_max: number,
): Promise<{ rows: number; told: FeedEvent[] }> {
  const posts = await store.postsReactedTo(tx, kind, person_id, reactions_max);
  const told: FeedEvent[] = [];
  for (const post of posts) {
    const event = await actAndTell(TAKE_BACK[kind], ground, tx, { ...post, person_id });
    if (event) told.push(event);
  }
  return { rows: posts.length, told };
}
