import type { Audience } from "#kernel/wire.ts";
import { feedRoutes as r } from "#systems/feed/contract.ts";

import { anyOf } from "./dice.ts";
import { type Entry, mayRead, mayRepost, type Person, type Post, type Space } from "./model.ts";
import type { Node } from "./node.ts";
import { OracleFault, TAGS } from "./reading.ts";
import { settle } from "./settle.ts";
import type { World } from "./world.ts";

const UNDO_MS = 10 * 60_000;
export const STRATEGIES = ["pull", "push", "hybrid", "plain"] as const;
/** Acts find newer posts more often than old ones. */
const RECENT_POSTS = 60;

/** What one act works with. */
interface Stage {
  world: World;
  node: Node;
  who: Person;
  other: Person;
  post: Post | null;
  space: Space;
}
type Act = (stage: Stage) => Promise<void>;

/** The house must do what the model allows, and refuse the rest. */
function expectDone(world: World, what: string, status: number, allowed: boolean) {
  if (status < 300 === allowed && status < 500) return;
  const cause = world.nodes[world.at]!.broken.at(-1);
  throw new OracleFault(
    `world ${world.seed}, operation ${world.operations}: ${what} was answered ${status} and should be ${allowed ? "done" : "refused"}`,
    { cause },
  );
}

async function statusOf(work: Promise<unknown>): Promise<number> {
  try {
    await work;
    return 200;
  } catch (error) {
    const { status } = error as { status?: number };
    if (status === undefined) throw error;
    return status;
  }
}

const isIn = (who: Person, space: Space) => !who.suspended && space.members.has(who);
/** Who left a space takes no part in what stands there for its members. */
const isOutside = (who: Person, post: Post) =>
  post.space !== null && (post.audience === "space" || post.space.is_private) && !post.space.members.has(who);
const by = (world: World, who: Person) => ({ token: world.tokens.get(who)! });
const words = (world: World) => {
  const tag = world.dice(3) === 0 ? anyOf(world.dice, TAGS) : null;
  return { text: `n ${world.operations}${tag ? ` #${tag}` : ""}`, tags: new Set(tag ? [tag] : []) };
};

const write: Act = async ({ world, node, who, space }) => {
  const { dice } = world;
  const in_space = dice(5) === 0;
  const audience: Audience = in_space
    ? anyOf(dice, ["space", "space", "public"] as const)
    : anyOf(dice, ["public", "public", "public", "followers", "private"] as const);
  const { text, tags } = words(world);
  const body = { text, audience, ...(in_space ? { space_id: space.id } : {}) };
  const answer = await node.client.call(r.createPost, { ...by(world, who), body });
  const allowed = !who.suspended && (!in_space || isIn(who, space));
  expectDone(world, `a post of ${who.handle}`, answer.status, allowed);
  if (!allowed) return;
  const { id } = answer.body;
  const place = in_space ? space : null;
  const post = { id, author: who, audience, space: place, tags, deleted: null, purged: false, hidden: false };
  world.model.posts.push({ ...post, likes: new Set() });
};

const edit: Act = async ({ world, node, post }) => {
  if (!post) return;
  const { dice } = world;
  const who = post.author;
  const audience = post.space
    ? anyOf(dice, ["space", "public"] as const)
    : anyOf(dice, ["public", "followers", "private"] as const);
  const { text, tags } = words(world);
  const body = dice(2) === 0 ? { audience } : { text };
  const answer = await node.client.call(r.editPost, { ...by(world, who), params: { id: post.id }, body });
  const allowed = !who.suspended && !post.deleted && !isOutside(who, post);
  expectDone(world, `an edit of ${post.id}`, answer.status, allowed);
  if (!allowed) return;
  if ("text" in body) post.tags = tags;
  else post.audience = audience;
};

const remove: Act = async ({ world, node, who: someone, post }) => {
  if (!post) return;
  const who = world.dice(4) === 0 ? someone : post.author;
  const { status } = await node.client.call(r.deletePost, { ...by(world, who), params: { id: post.id } });
  const owns_space = post.space !== null && isIn(who, post.space) && post.space.members.get(who) === "owner";
  const may = who === post.author || (post.audience !== "private" && (who.role !== "member" || owns_space));
  const allowed = !who.suspended && mayRead(who, post) && may;
  expectDone(world, `deleting ${post.id} by ${who.handle}`, status, allowed);
  if (allowed) post.deleted = { by: who, at_ms: world.clock.now() };
};

const restore: Act = async ({ world, node }) => {
  const gone = world.model.posts.slice(-RECENT_POSTS * 2).filter((post) => post.deleted);
  if (gone.length === 0) return;
  const post = anyOf(world.dice, gone);
  const who = post.author;
  const { status } = await node.client.call(r.restorePost, { ...by(world, who), params: { id: post.id } });
  const { deleted } = post;
  const allowed =
    !who.suspended && !post.purged && deleted!.by === who && world.clock.now() - deleted!.at_ms <= UNDO_MS;
  expectDone(world, `bringing ${post.id} back`, status, allowed);
  if (allowed) post.deleted = null;
};

const purge: Act = async ({ world, node }) => {
  const due = world.model.posts.filter(
    (post) => post.deleted && !post.purged && world.clock.now() - post.deleted.at_ms > UNDO_MS,
  );
  for (const post of due.slice(0, 5)) {
    await node.purge(post.id);
    post.purged = true;
    world.model.reposts.delete(post);
  }
};

const repost: Act = async ({ world, node, who, post }) => {
  if (!post) return;
  const { status } = await node.client.call(r.repostPost, { ...by(world, who), params: { id: post.id } });
  const allowed = mayRepost(who, post);
  expectDone(world, `passing ${post.id} on by ${who.handle}`, status, allowed);
  const all = world.model.reposts.get(post) ?? new Map<Person, Entry>();
  if (!allowed || all.has(who)) return;
  const [row] = (await world.db.sql.pool`
    SELECT entry_id FROM feed_reposts WHERE person_id = ${who.id} AND post_id = ${post.id}`) as { entry_id: string }[];
  all.set(who, { key: BigInt(row!.entry_id), post, by: who, is_repost: true });
  world.model.reposts.set(post, all);
};

const unrepost: Act = async ({ world, node, who: someone, post: any_post }) => {
  const { dice, model } = world;
  const passed = [...model.reposts].slice(-RECENT_POSTS).filter(([, all]) => all.size > 0);
  const [post, all] = passed.length > 0 && dice(6) > 0 ? anyOf(dice, passed) : [any_post, null];
  if (!post) return;
  const who = all ? anyOf(dice, [...all.keys()]) : someone;
  const { status } = await node.client.call(r.unrepostPost, { ...by(world, who), params: { id: post.id } });
  const allowed = !who.suspended && mayRead(who, post);
  expectDone(world, `taking ${post.id} back by ${who.handle}`, status, allowed);
  if (allowed) model.reposts.get(post)?.delete(who);
};

const like: Act = async ({ world, node, who, post }) => {
  if (!post) return;
  const on = world.dice(3) > 0;
  const asked = { ...by(world, who), params: { id: post.id } };
  const answer = await node.client.call(on ? r.likePost : r.unlikePost, asked);
  const allowed = !who.suspended && mayRead(who, post) && !(on && isOutside(who, post));
  expectDone(world, `${on ? "a like" : "the end of a like"} of ${post.id} by ${who.handle}`, answer.status, allowed);
  if (!allowed) return;
  if (on) post.likes.add(who);
  else post.likes.delete(who);
  if (answer.body.counts.likes !== post.likes.size)
    throw new OracleFault(
      `world ${world.seed}, operation ${world.operations}: ${answer.body.counts.likes} likes of ${post.id}, should be ${post.likes.size}`,
    );
};

const follow: Act = async ({ world, node, who, other }) => {
  const status = await statusOf(node.people.rooms.relating.follow(world.viewerOf(who), other.handle));
  const allowed = !who.suspended && !other.suspended && !who.blocks.has(other) && !other.blocks.has(who);
  expectDone(world, `${who.handle} following ${other.handle}`, status, allowed);
  if (!allowed) return;
  if (other.private && !who.follows.has(other)) other.asked_by.add(who);
  else who.follows.add(other);
};

/** From private to public all who wait are let in; the other way nothing else changes. */
const setPrivate: Act = async ({ world, node, who }) => {
  if (who.suspended) return;
  await node.people.rooms.profiles.editMe(world.viewerOf(who), { private: !who.private });
  who.private = !who.private;
  if (who.private) return;
  for (const asker of who.asked_by) asker.follows.add(who);
  who.asked_by.clear();
};

const answer: Act = async ({ world, node }) => {
  const waiting = world.model.people.filter((person) => person.asked_by.size > 0 && !person.suspended);
  if (waiting.length === 0) return;
  const who = anyOf(world.dice, waiting);
  const asker = anyOf(world.dice, [...who.asked_by]);
  const { followers } = node.people.rooms;
  const accepts = world.dice(3) > 0;
  if (accepts) await followers.acceptFollower(world.viewerOf(who), asker.handle);
  else await followers.removeFollower(world.viewerOf(who), asker.handle);
  who.asked_by.delete(asker);
  if (accepts) asker.follows.add(who);
};

const endFollow: Act = async ({ world, node, who, other }) => {
  if (who.suspended) return;
  await node.people.rooms.followers.removeFollower(world.viewerOf(who), other.handle);
  other.follows.delete(who);
  who.asked_by.delete(other);
};

const relate =
  (what: "unfollow" | "mute" | "unmute" | "block" | "unblock", change: (who: Person, other: Person) => void): Act =>
  async ({ world, node, who, other }) => {
    if (who.suspended) return;
    await node.people.rooms.relating[what](world.viewerOf(who), other.handle);
    change(who, other);
  };

const join: Act = async ({ world, node, who, space }) => {
  if (who.suspended || space.members.has(who)) return;
  const owner = [...space.members].find(([, role]) => role === "owner")![0];
  if (space.is_private && owner.suspended) return;
  const key = space.is_private
    ? await node.spaces.rooms.invitations.create(world.viewerOf(owner), space.slug, { uses_max: 1, expires_in_h: 1 })
    : undefined;
  await node.spaces.rooms.members.join(world.viewerOf(who), space.slug, key?.secret);
  space.members.set(who, "member");
};

const leave: Act = async ({ world, node, space }) => {
  const members = [...space.members].filter(([person, role]) => role === "member" && !person.suspended);
  if (members.length === 0) return;
  const [who] = anyOf(world.dice, members);
  const owner = [...space.members].find(([, role]) => role === "owner")![0];
  // Of their own will, or put out.
  if (world.dice(2) === 0 || owner.suspended) await node.spaces.rooms.members.leave(world.viewerOf(who), space.slug);
  else await node.spaces.rooms.members.remove(world.viewerOf(owner), space.slug, who.handle);
  space.members.delete(who);
};

const suspend: Act = async ({ world, node, other }) => {
  if (other === world.admin) return;
  const { offices } = node.people.rooms;
  if (other.suspended) await offices.reinstate(world.viewerOf(world.admin), other.handle);
  else await offices.suspend(world.viewerOf(world.admin), other.handle, "at random");
  other.suspended = !other.suspended;
};

const hide: Act = async ({ world, node, post }) => {
  if (!post || post.purged) return;
  const act = post.hidden ? node.feed.moderation.show : node.feed.moderation.hide;
  const done = await world.db.sql.tx((tx) => act(tx, "post", post.id, world.admin.id));
  done?.();
  post.hidden = !post.hidden;
};

const forget: Act = async ({ node }) => node.feed.forgetAll();
const choose: Act = async ({ world, node }) => {
  await node.feed.rooms.choices.choose(
    { strategy: anyOf(world.dice, STRATEGIES), push_followers_max: world.dice(5) },
    null,
  );
};
const restart: Act = async ({ world }) => {
  const number = world.dice(world.nodes.length);
  await world.restart(number);
};
const elsewhere: Act = async ({ world }) => {
  const next = (world.at + 1) % world.nodes.length;
  await settle(world, next);
  world.at = next;
};
const step: Act = async ({ world }) => {
  const ms = [1, 3, 50, 2_000, 40_000, 11 * 60_000, -5, -30_000];
  world.clock.step(anyOf(world.dice, ms));
};

const ACTS: [weight: number, act: Act][] = [
  [300, write],
  [60, edit],
  [60, remove],
  [45, restore],
  [12, purge],
  [150, repost],
  [60, unrepost],
  [60, like],
  [110, follow],
  [
    45,
    relate("unfollow", (who, other) => {
      who.follows.delete(other);
      other.asked_by.delete(who);
    }),
  ],
  [14, setPrivate],
  [24, answer],
  [8, endFollow],
  [10, relate("mute", (who, other) => who.mutes.add(other))],
  [20, relate("unmute", (who, other) => who.mutes.delete(other))],
  [
    8,
    relate("block", (who, other) => {
      who.blocks.add(other);
      who.follows.delete(other);
      other.follows.delete(who);
      who.asked_by.delete(other);
      other.asked_by.delete(who);
    }),
  ],
  [24, relate("unblock", (who, other) => who.blocks.delete(other))],
  [25, join],
  [12, leave],
  [10, suspend],
  [16, hide],
  [10, forget],
  [24, choose],
  [2, restart],
  [6, elsewhere],
  [60, step],
];
const WEIGHTS = ACTS.reduce((sum, [weight]) => sum + weight, 0);

/** One thing happens in the house and in the model. */
export async function actSome(world: World): Promise<void> {
  const { dice, model } = world;
  const who = anyOf(dice, model.people);
  const others = model.people.filter((person) => person !== who);
  const recent = model.posts.slice(-RECENT_POSTS);
  const stage: Stage = {
    world,
    node: world.nodes[world.at]!,
    who,
    other: anyOf(dice, others),
    post: recent.length > 0 ? anyOf(dice, recent) : null,
    space: anyOf(dice, model.spaces),
  };
  let roll = dice(WEIGHTS);
  for (const [weight, act] of ACTS) {
    roll -= weight;
    if (roll >= 0) continue;
    await act(stage);
    if (act !== forget && act !== step && act !== elsewhere && act !== restart)
      for (const node of world.nodes.keys()) if (node !== world.at) world.behind[node] = true;
    return;
  }
}
