import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { HouseRole } from "#kernel/viewer.ts";
import type { Audience } from "#kernel/wire.ts";

/**
 * What must be true, in plain sets and lists, written from the rules in words (SPEC.md of people and feed) and without a
 * line of the house's own code. Pages of every list are computed from it by filtering everything there is.
 */
export interface Person {
  id: PersonId;
  handle: string;
  role: HouseRole;
  follows: Set<Person>;
  blocks: Set<Person>;
  mutes: Set<Person>;
  suspended: boolean;
  private: boolean;
  /** Who asked to follow them and waits. */
  asked_by: Set<Person>;
}

export interface Space {
  id: SpaceId;
  slug: string;
  is_private: boolean;
  members: Map<Person, "owner" | "member">;
}

export interface Post {
  id: PostId;
  author: Person;
  audience: Audience;
  space: Space | null;
  tags: ReadonlySet<string>;
  deleted: { by: Person; at_ms: number } | null;
  purged: boolean;
  hidden: boolean;
  likes: Set<Person>;
}

/** What somebody put before their followers: a post of theirs, or one that they passed on. */
export interface Entry {
  key: bigint;
  post: Post;
  by: Person;
  is_repost: boolean;
}

export interface Model {
  people: Person[];
  spaces: Space[];
  posts: Post[];
  /** By post and person. */
  reposts: Map<Post, Map<Person, Entry>>;
}

export type ListName = "home" | "person" | "space" | "hashtag" | "discover";

/** Which list of whom; `about` is the person, the space or the tag. */
export interface Asked {
  list: ListName;
  about: Person | Space | string | null;
}

export interface Shown {
  key: bigint;
  /** `post` or `post by reposter`. */
  text: string;
}

/** Null is nobody. */
export type Who = Person | null;

const isStaff = (who: Who) => who !== null && !who.suspended && who.role !== "member";
const blocked = (a: Person, b: Person) => a.blocks.has(b) || b.blocks.has(a);
/** Whoever is suspended stands like a stranger. */
const isMember = (who: Who, space: Space) => who !== null && !who.suspended && space.members.has(who);
const isFollower = (who: Who, of: Person) => who !== null && !who.suspended && who.follows.has(of);
const isOwner = (who: Who, space: Space) => isMember(who, space) && space.members.get(who!) === "owner";

/** By its address. */
export function mayRead(who: Who, post: Post): boolean {
  if (post.deleted) return false;
  const { author, space } = post;
  if (who === author) return true;
  if (post.hidden && !isStaff(who) && !(space && isOwner(who, space))) return false;
  if (who && blocked(who, author)) return false;
  if (author.suspended && !isStaff(who)) return false;
  if (space?.is_private && !isMember(who, space)) return false;
  if (post.audience === "public")
    return !author.private || isFollower(who, author) || (space !== null && isMember(who, space));
  if (post.audience === "followers") return isFollower(who, author);
  return post.audience === "space" && isMember(who, space!);
}

/** Somebody's name on something: not across a block, not of the suspended. */
export const maySeePerson = (who: Who, person: Person): boolean =>
  who === person || ((!who || !blocked(who, person)) && (!person.suspended || isStaff(who)));

/** A profile stays open to who blocks it. */
export const mayOpenProfile = (who: Who, person: Person): boolean =>
  who === person || (!(who && person.blocks.has(who)) && (!person.suspended || isStaff(who)));

/** Its owner's is theirs, whatever stands against them. */
export const mayOpenSpace = (who: Who, space: Space): boolean =>
  !space.is_private || isMember(who, space) || (who !== null && space.members.get(who) === "owner");

const isForAll = (post: Post) =>
  post.audience === "public" && !post.author.private && !post.hidden && !post.space?.is_private;

export const mayRepost = (who: Person, post: Post): boolean => !who.suspended && mayRead(who, post) && isForAll(post);

/** What somebody private passes on is for their followers, as what they write for everybody is. */
const isShownBy = (who: Who, by: Person) => !by.private || who === by || isFollower(who, by);

function mayShow(who: Who, { list }: Asked, { post, by, is_repost }: Entry): boolean {
  // Whoever goes to a page sees what stands there; into what the house brings, no muted person gets.
  const is_brought = list === "home" || list === "hashtag" || list === "discover";
  const mutes = (person: Person) => is_brought && who !== null && who.mutes.has(person);
  if (!mayRead(who, post) || (post.hidden && who !== post.author) || mutes(post.author)) return false;
  return !is_repost || (isForAll(post) && maySeePerson(who, by) && isShownBy(who, by) && !mutes(by));
}

/** Newest first, all of it: each post once, by its newest entry that this viewer is shown. */
export function listOf(model: Model, who: Who, asked: Asked): Shown[] {
  const seen = new Set<Post>();
  return entriesOf(model, who, asked)
    .filter((entry) => mayShow(who, asked, entry))
    .toSorted((a, b) => (a.key > b.key ? -1 : 1))
    .filter((entry) => !seen.has(entry.post) && seen.add(entry.post))
    .map(({ key, post, by, is_repost }) => ({ key, text: is_repost ? `${post.id} by ${by.id}` : post.id }));
}

function entriesOf(model: Model, who: Who, { list, about }: Asked): Entry[] {
  const entries: Entry[] = [];
  const of = (person: Person) => (list === "home" ? person === who || who!.follows.has(person) : person === about);
  for (const post of model.posts) {
    if (post.deleted) continue;
    const own: Entry = { key: BigInt(post.id), post, by: post.author, is_repost: false };
    if (list === "space" && post.space === about) entries.push(own);
    else if (list === "hashtag" && post.tags.has(about as string)) entries.push(own);
    else if (list === "discover" && post.audience === "public") entries.push(own);
    else if (list === "home" || list === "person") {
      if (of(post.author)) entries.push(own);
      for (const repost of model.reposts.get(post)?.values() ?? []) if (of(repost.by)) entries.push(repost);
    }
  }
  return entries;
}
