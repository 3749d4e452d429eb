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
  /** The house does not choose what they write. */
  limited: boolean;
  /** By the word in small letters. */
  muted_words: Map<string, MutedWord>;
  sensitive_media: "show" | "warn" | "hide";
  home_reposts: "show" | "hide";
}

export interface MutedWord {
  id: string;
  word: string;
  matches: "word" | "part";
  kind: "hide" | "warn";
  place: "home" | "everywhere";
  /** Null where it holds until it is taken away. */
  expires_ms: number | null;
}

/** People who are read together. */
export interface PeopleList {
  id: string;
  name: string;
  owner: Person;
  people: Set<Person>;
  out_of_home: boolean;
  deleted_ms: number | null;
}

export interface Space {
  id: SpaceId;
  slug: string;
  is_private: boolean;
  members: Map<Person, "owner" | "member">;
}

export interface Post {
  id: PostId;
  /** The id as a number, by which lists are in order. */
  key: bigint;
  author: Person;
  audience: Audience;
  space: Space | null;
  text: string;
  tags: ReadonlySet<string>;
  warning: string | null;
  sensitive: boolean;
  quote: Post | null;
  poll: Poll | null;
  deleted: { by: Person; at_ms: number } | null;
  purged: boolean;
  hidden: boolean;
  likes: Set<Person>;
}

export interface Poll {
  ends_ms: number;
  hides_results: boolean;
  votes: Map<Person, number>;
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
  lists: PeopleList[];
  now(): number;
}

export type ListName = "home" | "person" | "space" | "hashtag" | "discover" | "list";

/** Which list of whom; `about` is the person, the space, the tag or the list of people. */
export interface Asked {
  list: ListName;
  about: Person | Space | PeopleList | string | null;
}

export interface Shown {
  key: bigint;
  /** `post` or `post by reposter`. */
  place: string;
  /** The place, and all that its reader is shown there. */
  readonly text: string;
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

/** Whoever goes to a page sees what stands there; into what comes to them no muted person and no hidden word gets. */
const isBrought = ({ list }: Asked) => list !== "person" && list !== "space";

const isLetter = (character: string | undefined) => character !== undefined && /[\p{L}\p{N}_]/u.test(character);

function stands(word: string, matches: "word" | "part", text: string): boolean {
  const in_small = text.toLowerCase();
  for (let at = in_small.indexOf(word); at >= 0; at = in_small.indexOf(word, at + 1)) {
    if (matches === "part") return true;
    const before = isLetter(word[0]) && isLetter(in_small[at - 1]);
    const after = isLetter(word.at(-1)) && isLetter(in_small[at + word.length]);
    if (!before && !after) return true;
  }
  return false;
}

/** Their muted words that stand in a post, but for their own post. */
function mutedIn({ now }: Model, who: Who, post: Post, place: "home" | "everywhere"): MutedWord[] {
  if (who === null || who === post.author || who.muted_words.size === 0) return [];
  return [...who.muted_words.values()].filter(
    (muted) =>
      (muted.expires_ms === null || muted.expires_ms > now()) &&
      (place === "home" || muted.place === "everywhere") &&
      (stands(muted.word, muted.matches, post.text) || stands(muted.word, muted.matches, post.warning ?? "")),
  );
}

/** All of them count in what comes to somebody by itself. */
const placeOf = ({ list }: Asked) => (list === "home" || list === "list" ? "home" : "everywhere");

function mayShow(model: Model, who: Who, asked: Asked, { post, by, is_repost }: Entry): boolean {
  const { author } = post;
  if (!mayRead(who, post) || (post.hidden && who !== author)) return false;
  if (is_repost && !(isForAll(post) && maySeePerson(who, by) && isShownBy(who, by))) return false;
  if (asked.list === "home" && is_repost && by !== who && who!.home_reposts === "hide") return false;
  if (!isBrought(asked)) return true;
  if (author.limited && who !== author && !who?.follows.has(author)) return false;
  if (who === null) return true;
  if (who.mutes.has(author) || (is_repost && who.mutes.has(by))) return false;
  if (post.sensitive && who !== author && who.sensitive_media === "hide") return false;
  return !mutedIn(model, who, post, placeOf(asked)).some((muted) => muted.kind === "hide");
}

/** Newest first, all of it: each post once, by its newest entry that this viewer is shown. */
export function listOf(model: Model, who: Who, asked: Asked): Shown[] {
  const seen = new Set<Post>();
  return entriesOf(model, who, asked)
    .toSorted((a, b) => (a.key > b.key ? -1 : 1))
    .filter((entry) => !seen.has(entry.post) && mayShow(model, who, asked, entry) && seen.add(entry.post))
    .map(({ key, post, by, is_repost }) => {
      const place = is_repost ? `${post.id} by ${by.id}` : post.id;
      return {
        key,
        place,
        get text() {
          return `${place}${shownOf(model, who, asked, post)}${asWarned(warningsOf(model, who, asked, post))}`;
        },
      };
    });
}

export const asWarned = (words: readonly string[]) => (words.length > 0 ? ` beware ${words.toSorted().join(",")}` : "");
export const asWords = (text: string, warning: string | null, sensitive: boolean) =>
  ` "${text}"${warning === null ? "" : ` (${warning})`}${sensitive ? " sensitive" : ""}`;
export const asDone = (liked: boolean, reposted: boolean) => `${liked ? " liked" : ""}${reposted ? " passed on" : ""}`;
export const asPoll = (chosen: number | null, ended: boolean, open: boolean) =>
  ` poll${chosen === null ? "" : ` chose ${chosen}`}${ended ? " ended" : ""}${open ? "" : " hidden"}`;
export const asQuote = (quoted: string | null, words: string) =>
  ` quoting ${quoted === null ? "nothing" : quoted + words}`;

/** The quoted post, where this reader is shown it: it must be for them, and nothing that they do not wish to meet. */
function quotedIn(model: Model, who: Who, asked: Asked, { quote }: Post): Post | null {
  if (quote === null || !mayRead(who, quote) || (quote.hidden && who !== quote.author)) return null;
  if (!isBrought(asked) || who === null || who === quote.author) return quote;
  if (who.mutes.has(quote.author) || (quote.sensitive && who.sensitive_media === "hide")) return null;
  return mutedIn(model, who, quote, placeOf(asked)).some((muted) => muted.kind === "hide") ? null : quote;
}

/** Muted words that stand there although: of the kind that warns, or where their reader went by themselves. */
function warningsOf(model: Model, who: Who, asked: Asked, post: Post): string[] {
  if (who === post.author) return [];
  const quoted = quotedIn(model, who, asked, post);
  const all = [post, ...(quoted ? [quoted] : [])].flatMap((one) => mutedIn(model, who, one, placeOf(asked)));
  return [...new Set(all.map((muted) => muted.word))];
}

function shownOf(model: Model, who: Who, asked: Asked, post: Post): string {
  const words = asWords(post.text, post.warning, post.sensitive);
  const done = who ? asDone(post.likes.has(who), model.reposts.get(post)?.has(who) === true) : "";
  const quoted = quotedIn(model, who, asked, post);
  const quoted_words = quoted ? asWords(quoted.text, quoted.warning, quoted.sensitive) : "";
  return `${words}${done}${pollOf(model, who, post)}${post.quote ? asQuote(quoted?.id ?? null, quoted_words) : ""}`;
}

function pollOf({ now }: Model, who: Who, { poll, author }: Post): string {
  if (poll === null) return "";
  const chosen = (who && poll.votes.get(who)) ?? null;
  const ended = now() >= poll.ends_ms;
  return asPoll(chosen, ended, !poll.hides_results || ended || who === author || chosen !== null);
}

/** Whose entries stand in somebody's home beside their own: the followed, but for those who are read in a list of their own. */
export const homeOf = (model: Model, who: Person): Set<Person> => {
  const out = model.lists.filter((list) => list.owner === who && list.deleted_ms === null && list.out_of_home);
  return new Set([...[...who.follows].filter((person) => !out.some((list) => list.people.has(person))), who]);
};

function entriesOf(model: Model, who: Who, { list, about }: Asked): Entry[] {
  const entries: Entry[] = [];
  const makers = list === "home" ? homeOf(model, who!) : list === "list" ? (about as PeopleList).people : null;
  const of = (person: Person) => (makers ? makers.has(person) : person === about);
  for (const post of model.posts) {
    if (post.deleted) continue;
    const own: Entry = { key: post.key, post, by: post.author, is_repost: false };
    if (list === "space" && post.space === about) entries.push(own);
    else if (list === "hashtag" && post.tags.has(about as string)) entries.push(own);
    else if (list === "discover" && post.audience === "public") entries.push(own);
    else if (list === "home" || list === "person" || list === "list") {
      if (of(post.author)) entries.push(own);
      for (const repost of model.reposts.get(post)?.values() ?? []) if (of(repost.by)) entries.push(repost);
    }
  }
  return entries;
}

/** A list is its owner's alone. */
export const mayOpenList = (who: Who, list: PeopleList): boolean =>
  who !== null && !who.suspended && who === list.owner && list.deleted_ms === null;
