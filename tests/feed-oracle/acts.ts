import type { Audience } from "#kernel/wire.ts";
import { feedRoutes as r } from "#systems/feed/contract.ts";

import * as arranging from "./arranging.ts";
import { anyOf } from "./dice.ts";
import { type Entry, mayRead, mayRepost, type Person, type Post, type Space } from "./model.ts";
import { glance, OracleFault, somePage, TAGS } from "./reading.ts";
import * as relating from "./relating.ts";
import { settle } from "./settle.ts";
import { type Act, by, expectDone, type Stage, UNDO_MS } from "./stage.ts";
import type { World } from "./world.ts";

export const STRATEGIES = ["pull", "push", "hybrid", "plain"] as const;
/** Acts find newer posts more often than old ones. */
const RECENT_POSTS = 60;
const POLL_OPEN_S = 5 * 60;
/** Of so many acts one has a reader beside it. */
const READ_BESIDE = 8;

const isIn = (who: Person, space: Space) => !who.suspended && space.members.has(who);
/** Who left a space takes no part in what stands there for its members. */
const isOutside = (who: Person, post: Post) =>
  post.space !== null && (post.audience === "space" || post.space.is_private) && !post.space.members.has(who);
const FRUITS = ["apple", "Pear", "pineapple", "plums", "plum"];
const words = ({ dice, operations }: World) => {
  const tag = dice(3) === 0 ? anyOf(dice, TAGS) : null;
  const fruit = dice(3) === 0 ? ` ${anyOf(dice, FRUITS)}` : "";
  return { text: `n ${operations}${fruit}${tag ? ` #${tag}` : ""}`, tags: new Set(tag ? [tag] : []) };
};
const warningOf = ({ dice }: World) => (dice(10) === 0 ? anyOf(dice, ["beware", "of a plum"]) : null);

/** What everybody may read, or what stands in a space by a post for the same space. */
const mayQuote = (who: Person, quote: Post, audience: Audience, space: Space | null) =>
  mayRead(who, quote) &&
  !quote.hidden &&
  ((audience === "space" && quote.space === space && (quote.audience === "space" || quote.audience === "public")) ||
    mayRepost(who, quote));

const write: Act = async ({ world, node, who, space, post: other_post }) => {
  const { dice } = world;
  const in_space = dice(5) === 0;
  const audience: Audience = in_space
    ? anyOf(dice, ["space", "space", "public"] as const)
    : anyOf(dice, ["public", "public", "public", "followers", "private"] as const);
  const place = in_space ? space : null;
  const { text, tags } = words(world);
  const warning = warningOf(world);
  const sensitive = dice(8) === 0;
  const quote = dice(6) === 0 ? other_post : null;
  const poll = dice(10) === 0 ? { options: ["1", "2", "3"], hides_results: dice(2) === 0, open_s: POLL_OPEN_S } : null;
  const more = { content_warning: warning, sensitive, quote_id: quote?.id ?? null, poll };
  const body = { text, audience, ...more, ...(place ? { space_id: place.id } : {}) };
  const answer = await node.client.call(r.createPost, { ...by(world, who), body });
  const allowed =
    !who.suspended && (!in_space || isIn(who, space)) && (quote === null || mayQuote(who, quote, audience, place));
  expectDone(world, `a post of ${who.handle}`, answer.status, allowed);
  if (!allowed) return;
  world.model.posts.push({
    id: answer.body.id,
    key: BigInt(answer.body.id),
    author: who,
    audience,
    space: place,
    text,
    tags,
    warning,
    sensitive,
    quote,
    poll: poll && {
      ends_ms: world.clock.now() + POLL_OPEN_S * 1_000,
      hides_results: poll.hides_results,
      votes: new Map(),
    },
    deleted: null,
    purged: false,
    hidden: false,
    likes: new Set(),
  });
};

const vote: Act = async ({ world, node, who, post: any_post }) => {
  const polls = world.model.posts.slice(-RECENT_POSTS * 2).filter((post) => post.poll !== null);
  const post = polls.length > 0 && world.dice(8) > 0 ? anyOf(world.dice, polls) : any_post;
  if (!post) return;
  const { poll } = post;
  const choice = world.dice(3);
  const asked = { ...by(world, who), params: { id: post.id }, body: { choices: [choice] } };
  const { status } = await node.client.call(r.votePoll, asked);
  const before = poll?.votes.get(who);
  const isOpen = poll !== null && (before === undefined ? world.clock.now() < poll.ends_ms : before === choice);
  const allowed = !who.suspended && mayRead(who, post) && !isOutside(who, post) && who !== post.author && isOpen;
  expectDone(world, `a vote of ${who.handle} in ${post.id}`, status, allowed);
  if (allowed) poll!.votes.set(who, choice);
};

const edit: Act = async ({ world, node, post }) => {
  if (!post) return;
  const { dice } = world;
  const who = post.author;
  const audience = post.space
    ? anyOf(dice, ["space", "public"] as const)
    : anyOf(dice, ["public", "followers", "private"] as const);
  const { text, tags } = words(world);
  const warning = warningOf(world);
  const sensitive = dice(3) === 0;
  const body = anyOf(dice, [{ audience }, { text }, { sensitive, content_warning: warning }] as const);
  const answer = await node.client.call(r.editPost, { ...by(world, who), params: { id: post.id }, body });
  const allowed = !who.suspended && !post.deleted && !isOutside(who, post);
  expectDone(world, `an edit of ${post.id}`, answer.status, allowed);
  if (!allowed) return;
  if ("text" in body) Object.assign(post, { text, tags });
  else if ("audience" in body) post.audience = audience;
  else Object.assign(post, { sensitive, warning });
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
  // Sooner let back than sent away, so that the house is not half empty.
  if (other === world.admin || (!other.suspended && world.dice(4) > 0)) return;
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

const limit: Act = async ({ world, node, other }) => {
  const { discipline } = node.people;
  const act = other.limited ? discipline.unlimit : discipline.limit;
  const done = await world.db.sql.tx((tx) => act(tx, other.id, { by: world.admin.id, act_id: "1" }));
  done?.();
  other.limited = !other.limited;
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
  const ms = anyOf(world.dice, [1, 3, 50, 2_000, 40_000, 11 * 60_000, -5, -30_000]);
  const now_ms = world.clock.now();
  // What ended and was taken for ended does not begin again with the clock; whether it was is not to be told from outside.
  const isEnd = (at_ms: number | null) => at_ms !== null && at_ms <= now_ms && at_ms >= now_ms + ms;
  if (world.model.people.some((one) => [...one.muted_words.values()].some((word) => isEnd(word.expires_ms)))) return;
  world.clock.step(ms);
};

/** Redis loses everything, dies, stands still with all it knows and has yet to do, and is well again. */
const flush: Act = async ({ world: { redis } }) => {
  if (redis?.state === "well") await redis.server.command("FLUSHALL");
};
const kill: Act = async ({ world: { redis } }) => {
  if (redis?.state !== "well") return;
  await redis.server.kill();
  redis.state = "dead";
};
const freeze: Act = async ({ world: { redis } }) => {
  if (redis?.state !== "well") return;
  redis.server.freeze();
  redis.state = "frozen";
};
export async function heal({ redis }: Pick<World, "redis">): Promise<void> {
  if (redis?.state === "dead") await redis.server.start();
  else redis?.server.thaw();
  if (redis) redis.state = "well";
}

/** How often each happens. */
const ACTS: { [name: string]: [weight: number, act: Act] } = {
  write: [300, write],
  edit: [60, edit],
  delete: [60, remove],
  restore: [45, restore],
  purge: [12, purge],
  repost: [150, repost],
  unrepost: [60, unrepost],
  like: [60, like],
  vote: [30, vote],
  follow: [110, relating.follow],
  unfollow: [45, relating.unfollow],
  private: [14, relating.setPrivate],
  answer: [24, relating.answer],
  end_follow: [8, relating.endFollow],
  mute: [10, relating.mute],
  unmute: [20, relating.unmute],
  block: [8, relating.block],
  unblock: [24, relating.unblock],
  join: [25, join],
  leave: [12, leave],
  suspend: [10, suspend],
  limit: [8, limit],
  hide: [16, hide],
  make_list: [12, arranging.makeList],
  change_list: [8, arranging.changeList],
  delete_list: [4, arranging.deleteList],
  restore_list: [4, arranging.restoreList],
  put_in_list: [30, arranging.putInList],
  take_from_list: [14, arranging.takeFromList],
  mute_word: [14, arranging.muteWord],
  unmute_word: [14, arranging.unmuteWord],
  prefer: [10, arranging.prefer],
  forget: [10, forget],
  choose: [24, choose],
  restart: [2, restart],
  elsewhere: [6, elsewhere],
  step: [60, step],
  flush_redis: [4, flush],
  kill_redis: [3, kill],
  freeze_redis: [3, freeze],
  heal_redis: [12, ({ world }) => heal(world)],
};
/** What other nodes have nothing to hear of. */
const SILENT = new Set([
  "forget",
  "step",
  "elsewhere",
  "restart",
  "flush_redis",
  "kill_redis",
  "freeze_redis",
  "heal_redis",
]);
const WEIGHTS = Object.values(ACTS).reduce((sum, [weight]) => sum + weight, 0);

/** One thing happens in the house and in the model; now and then while somebody reads. */
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
  for (const [name, [weight, act]] of Object.entries(ACTS)) {
    roll -= weight;
    if (roll >= 0) continue;
    world.act = name;
    const counted = world.did.get(name) ?? { times: 0, refused: 0 };
    counted.times += 1;
    world.did.set(name, counted);
    // Its page may be of before or of after; what it leaves in memory must not be of before.
    const isRead = dice(READ_BESIDE) === 0 && name !== "restart" && name !== "elsewhere";
    const beside = isRead ? glance(world, dice(world.nodes.length), somePage(world)) : null;
    await Promise.all([act(stage), beside]);
    if (!SILENT.has(name)) for (const node of world.nodes.keys()) if (node !== world.at) world.behind[node] = true;
    return;
  }
}
