import type { PersonCard } from "#kernel/cards.ts";
import { notFound } from "#kernel/errors.ts";
import { isId, type PersonId, type PostId } from "#kernel/ids.ts";
import { MOMENT_MS_MAX, rfc3339 } from "#kernel/time.ts";
import type { Viewer } from "#kernel/viewer.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Sql } from "#ports/sql/index.ts";

import type { FeedMedia, FeedPeople, FeedSpaces } from "../needs.ts";
import type { Overlay } from "../reactions/overlay.ts";
import { keyOf } from "../timelines/key.ts";
import type { Verdict } from "../wishes/muted.ts";
import type { WishBook } from "../wishes/wishes.ts";
import { createAround } from "./around.ts";
import type { HydratedPost, Hydrator } from "./hydrate.ts";
import { type Filled, fillPage, type PageOf } from "./pages.ts";
import type { Makers, Passers } from "./passers.ts";
import { ALONE, OWN, type Place, presentPage, presentPost } from "./present.ts";
import { type ListKind, type Rules, rulesFor } from "./rules.ts";
import type { Listed, Skeleton } from "./skeleton.ts";
import { likersOf, repostersOf } from "./store.ts";

export type { ListKind } from "./rules.ts";

/** Asked before each further read of a page; a signal, or what makes one only then. */
export type GivenUp = Pick<AbortSignal, "throwIfAborted">;

/** Reads lists of posts in four steps: skeleton → hydrate → rules → present. */
export interface Reader {
  /** A page as JSON text. `kind` says how strict the list is with what the viewer did not ask for. */
  list(viewer: Viewer, skeleton: SkeletonFor, page: PageAsked, kind: ListKind, signal: GivenUp): Promise<string>;
  /** The same page before it is presented, for who counts or adds to it. */
  read(
    viewer: Viewer,
    skeleton: SkeletonFor,
    page: PageAsked,
    kind: ListKind,
    signal: GivenUp,
  ): Promise<Filled<Shown> & { rules: Rules }>;
  /** Each of what was read as JSON. */
  presentEach(viewer: Viewer, rules: Rules, kind: ListKind, shown: readonly Shown[]): Promise<string[]>;
  /** @throws Problem 404 `post.not_found` for what is not there or not for this viewer; the two look the same */
  post(viewer: Viewer, id: PostId): Promise<{ post: HydratedPost; rules: Rules }>;
  /** Those of them that are there and for this viewer, in the order asked; the rest is passed over in silence. */
  readable(viewer: Viewer, ids: readonly PostId[]): Promise<HydratedPost[]>;
  present(viewer: Viewer, post: HydratedPost): Promise<string>;
  /** Of these, what this viewer may read now, as JSON; the rest is missing. One round for all of them. */
  posts(viewer: Viewer, ids: readonly PostId[]): Promise<Map<PostId, string>>;
  /** The viewer's bits, own included; -1 for nobody. */
  bits(viewer: Viewer, post: HydratedPost): Promise<number>;
  /** The facts of this moment, for who lists by other means. */
  rules(viewer: Viewer): Promise<Rules>;
  /** What this viewer may be shown of these, in their order, each as JSON; the rest is missing. */
  judged(
    viewer: Viewer,
    rules: Rules,
    kind: ListKind,
    skeleton: Judging,
    listed: readonly Listed[],
    so_far?: PageSoFar,
  ): Promise<Judged[]>;
  reacted(
    viewer: Viewer,
    id: PostId,
    what: "likes" | "reposts",
    page: PageAsked,
    signal: AbortSignal,
  ): Promise<{ items: Reacted[]; next_cursor: string | null }>;
}

export interface Judged {
  key: string;
  json: string;
}

export type PageAsked = PageOf;

export interface Reacted {
  person: PersonCard;
  at: string;
}

/** Skeletons may depend on whom the viewer follows, which the rules know already. */
export type SkeletonFor = (rules: Rules) => Skeleton;

export interface Shown extends Place {
  post: HydratedPost;
}

/** What of a list decides what stands in it, beside who may see what. */
type Judging = Pick<Skeleton, "has_entries" | "makers" | "passes" | "leavesOut">;

/** What a page has met, and the entry behind which it begins; null for a first page, which sees all that is above. */
export interface PageSoFar {
  seen: Set<PostId>;
  from: string | null;
}

export interface ReaderNeeds {
  sql: Sql;
  people: FeedPeople;
  spaces: FeedSpaces;
  media: FeedMedia;
  hydrator: Hydrator;
  overlay: Overlay;
  clock: Clock;
  passers: Passers;
  wishes: WishBook;
}

const hidesSensitive = ({ wishes }: Rules) => wishes.preferences.sensitive_media === "hide";

export function createReader(needs: ReaderNeeds): Reader {
  const { hydrator, overlay, passers } = needs;
  const around = createAround(needs);

  /** What may be shown of these, in their order. A post that was passed on by several stands once on a page. */
  async function judge(
    rules: Rules,
    kind: ListKind,
    skeleton: Judging,
    listed: readonly Listed[],
    { seen, from }: PageSoFar,
  ): Promise<(Shown | null)[]> {
    const ids = new Array<PostId>(listed.length);
    let reposters: PersonId[] | undefined;
    for (let i = 0; i < listed.length; i++) {
      const { post_id, reposter_id } = listed[i]!;
      ids[i] = post_id;
      if (reposter_id !== null) (reposters ??= []).push(reposter_id);
    }
    const asked = hydrator.hydrate(ids, reposters);
    const { posts, people } = asked instanceof Promise ? await asked : asked;
    const { makers } = skeleton;
    const judged = new Array<Shown | null>(listed.length);
    for (let i = 0; i < listed.length; i++) {
      const post = posts[i];
      const item = listed[i]!;
      const isNew = post !== null && post !== undefined && !seen.has(item.post_id);
      const shown = isNew ? judgeOne(rules, kind, skeleton, item, post, people) : null;
      if (shown !== null) seen.add(item.post_id);
      judged[i] = shown;
    }
    return makers && from !== null ? onlyNewest(rules, kind, skeleton, makers, judged, from) : judged;
  }

  function judgeOne(
    rules: Rules,
    kind: ListKind,
    skeleton: Judging,
    item: Listed,
    post: HydratedPost,
    people: ReadonlyMap<PersonId, PersonCard>,
  ): Shown | null {
    const { reposter_id } = item;
    if (!mayShow(rules, kind, post)) return null;
    const { makers } = skeleton;
    const maker_id = reposter_id ?? post.post.author_id;
    if (makers && item.actor_id !== maker_id && !makers.has(maker_id)) return null;
    if (reposter_id !== null && skeleton.passes?.(reposter_id) === false) return null;
    if (skeleton.leavesOut?.(item, post)) return null;
    const reposted_by = reposter_id === null ? null : (people.get(reposter_id) ?? null);
    if (reposter_id !== null && (reposted_by === null || !mayPassOn(rules, kind, post, reposted_by))) return null;
    const muted = mutedIn(rules, kind, post);
    if (muted?.hides && kind !== "page") return null;
    return { post, reposted_by, entry_id: skeleton.has_entries ? item.key : null, filtered: muted && muted.words };
  }

  /** Without those posts that stand further up, above where this page begins, by a newer entry that this viewer is shown. */
  async function onlyNewest(
    rules: Rules,
    kind: ListKind,
    { passes }: Judging,
    makers: Makers,
    judged: readonly (Shown | null)[],
    from: string,
  ): Promise<(Shown | null)[]> {
    const public_ids = judged.flatMap((shown) => (shown && mayBePassedOn(shown.post) ? shown.post.post.id : []));
    if (public_ids.length === 0) return [...judged];
    const above = await passers.above(public_ids, from, makers, async (people) => {
      const cards = await inPortions(people, needs.people.cards);
      return new Set(
        people.filter((id) => cards.has(id) && passes?.(id) !== false && isShownPassing(rules, kind, cards.get(id)!)),
      );
    });
    return judged.map((shown) => {
      if (!shown) return null;
      const { id, author_id } = shown.post.post;
      // Two nodes' clocks may differ by more than it took to pass it on.
      const isOwnAbove = shown.reposted_by !== null && makers.has(author_id) && keyOf(id) >= keyOf(from);
      return isOwnAbove || above.has(id) ? null : shown;
    });
  }

  function mayShow(rules: Rules, kind: ListKind, post: HydratedPost): boolean {
    if (!rules.post("read", post).ok) return false;
    // Moderators find what is hidden by its address and in their queue; a list shows it to its author alone.
    if (post.post.is_hidden && !isOwn(rules.facts.viewer, post)) return false;
    if (kind !== "page" && rules.isMuted(post.post.author_id)) return false;
    // The house chooses nobody who is limited; those who follow them chose themselves.
    if (kind !== "page" && post.cards.author.limited && !isChosen(rules, post)) return false;
    if (kind !== "page" && post.post.is_sensitive && hidesSensitive(rules) && !isOwn(rules.facts.viewer, post))
      return false;
    return kind !== "shorts" || (post.cards.video?.status === "ready" && mayPlay(rules, post));
  }

  /** A short plays by itself, so what is to be covered or warned of first is not among them. */
  const mayPlay = (rules: Rules, { post }: HydratedPost): boolean =>
    !post.is_warned && (!post.is_sensitive || rules.wishes.preferences.sensitive_media === "show");

  /** Most have muted no words, and for them this is one look. One's own words are never folded. */
  function mutedIn(rules: Rules, kind: ListKind, post: HydratedPost): Verdict | null {
    const { words } = rules.wishes;
    if (words === null || isOwn(rules.facts.viewer, post)) return null;
    return words.judge(post.post, kind === "timeline" ? "home" : "everywhere");
  }

  const mayBePassedOn = (post: HydratedPost): boolean =>
    post.post.audience === "public" &&
    !post.cards.author.private &&
    !post.post.is_hidden &&
    post.cards.space?.visibility !== "private";
  const isShownPassing = (rules: Rules, kind: ListKind, reposter: PersonCard): boolean =>
    rules.repost("read", reposter).ok && (kind === "page" || !rules.isMuted(reposter.id));
  const mayPassOn = (rules: Rules, kind: ListKind, post: HydratedPost, reposter: PersonCard): boolean =>
    mayBePassedOn(post) && isShownPassing(rules, kind, reposter);

  const isOwn = (viewer: Viewer, post: HydratedPost) =>
    viewer.kind === "person" && viewer.person_id === post.post.author_id;
  const isChosen = (rules: Rules, post: HydratedPost) =>
    isOwn(rules.facts.viewer, post) || rules.facts.relations.follows.has(post.post.author_id);
  const ownBit = (viewer: Viewer, post: HydratedPost): number => (isOwn(viewer, post) ? OWN : 0);

  async function presentEach(viewer: Viewer, rules: Rules, kind: ListKind, shown: readonly Shown[]): Promise<string[]> {
    const posts = new Array<HydratedPost>(shown.length);
    const ids = new Array<PostId>(shown.length);
    for (let i = 0; i < shown.length; i++) {
      posts[i] = shown[i]!.post;
      ids[i] = posts[i]!.post.id;
    }
    const asked = around.of(viewer, rules, posts, kind);
    const extras = asked === null ? null : await asked;
    const known = viewer.kind === "nobody" ? null : overlay.of(viewer.person_id, ids);
    const bits = known instanceof Promise ? await known : known;
    const texts = new Array<string>(shown.length);
    for (let i = 0; i < shown.length; i++) {
      const of_viewer = bits === null ? -1 : bits[i]! | ownBit(viewer, posts[i]!);
      texts[i] = presentPost(posts[i]!, of_viewer, shown[i]!, extras === null ? null : extras[i]!);
    }
    return texts;
  }

  async function bits(viewer: Viewer, post: HydratedPost): Promise<number> {
    if (viewer.kind === "nobody") return -1;
    const [known] = await overlay.of(viewer.person_id, [post.post.id]);
    return known! | ownBit(viewer, post);
  }

  async function readPost(viewer: Viewer, id: PostId) {
    const [{ posts }, rules] = await Promise.all([hydrator.hydrate([id]), rulesFor(viewer, needs)]);
    const [post] = posts;
    if (!post || !rules.post("read", post).ok) throw notFound("post");
    return { post, rules };
  }

  async function readable(rules: Rules, ids: readonly PostId[]): Promise<HydratedPost[]> {
    const { posts } = await hydrator.hydrate(ids);
    return posts.filter((post): post is HydratedPost => post !== null && rules.post("read", post).ok);
  }

  /** Posts that were asked for by themselves, in no list. */
  async function presentAlone(viewer: Viewer, rules: Rules, posts: readonly HydratedPost[]): Promise<string[]> {
    const [extras, known] = await Promise.all([
      around.of(viewer, rules, posts, "page"),
      viewer.kind === "nobody"
        ? null
        : overlay.of(
            viewer.person_id,
            posts.map(({ post }) => post.id),
          ),
    ]);
    return posts.map((post, i) => {
      const muted = mutedIn(rules, "page", post);
      const place = muted ? { ...ALONE, filtered: muted.words } : ALONE;
      return presentPost(post, known ? known[i]! | ownBit(viewer, post) : -1, place, extras?.[i] ?? null);
    });
  }

  const read: Reader["read"] = async (viewer, skeletonFor, page, kind, signal) => {
    const rules = await rulesFor(viewer, needs);
    const skeleton = skeletonFor(rules);
    const so_far: PageSoFar = { seen: new Set(), from: null };
    const source = {
      name: skeleton.name,
      isKey: skeleton.isKey,
      read(after: string | null, listed_max: number) {
        // The first read begins where the page does; what is read on from there is on this page or was judged for it.
        if (page.cursor !== undefined || page.from !== undefined) so_far.from ??= after;
        return skeleton.read(after, listed_max);
      },
      judge: (listed: readonly Listed[]) => judge(rules, kind, skeleton, listed, so_far),
    };
    const { shown, next_cursor } = await fillPage(source, page, signal);
    return { rules, shown, next_cursor };
  };

  return {
    async list(viewer, skeletonFor, page, kind, signal) {
      const { rules, shown, next_cursor } = await read(viewer, skeletonFor, page, kind, signal);
      return presentPage(await presentEach(viewer, rules, kind, shown), next_cursor);
    },
    read,
    presentEach,
    post: readPost,
    readable: async (viewer, ids) => readable(await rulesFor(viewer, needs), ids),
    bits,
    present: async (viewer, post) => (await presentAlone(viewer, await rulesFor(viewer, needs), [post]))[0]!,
    async posts(viewer, ids) {
      if (ids.length === 0) return new Map();
      const rules = await rulesFor(viewer, needs);
      const shown = await readable(rules, ids);
      const texts = await presentAlone(viewer, rules, shown);
      return new Map(shown.map((post, i) => [post.post.id, texts[i]!]));
    },
    rules: (viewer) => rulesFor(viewer, needs),
    async judged(viewer, rules, kind, skeleton, listed, so_far = { seen: new Set(), from: null }) {
      const all = await judge(rules, kind, skeleton, listed, so_far);
      const places = listed.flatMap(({ key }, i) => {
        const shown = all[i];
        return shown ? [{ key, shown }] : [];
      });
      const texts = await presentEach(
        viewer,
        rules,
        kind,
        places.map(({ shown }) => shown),
      );
      return places.map(({ key }, i) => ({ key, json: texts[i]! }));
    },
    async reacted(viewer, id, what, page, signal) {
      const { rules } = await readPost(viewer, id);
      const read = what === "likes" ? likersOf : repostersOf;
      const source = {
        name: `${what}.${id}`,
        isKey: (text: string) => {
          const [ms, person_id] = text.split(".");
          return /^\d{1,15}\.\d{1,19}$/.test(text) && Number(ms) <= MOMENT_MS_MAX && isId(person_id!);
        },
        async read(after: string | null, listed_max: number) {
          const [ms, person_id] = after?.split(".") ?? [];
          const below = ms === undefined ? null : { at: new Date(Number(ms)), person_id: person_id! };
          const rows = await read(needs.sql.pool, id, below, listed_max);
          return rows.map((row) => ({ ...row, key: `${row.at.getTime()}.${row.person_id}` }));
        },
        async judge(listed: readonly { person_id: PersonId; at: Date }[]) {
          const cards = await needs.people.cards(listed.map((row) => row.person_id));
          return listed.map((row): Reacted | null => {
            const person = cards.get(row.person_id);
            return person && rules.comment("read", person).ok ? { person, at: rfc3339(row.at) } : null;
          });
        },
      };
      const { shown, next_cursor } = await fillPage<{ key: string; person_id: PersonId; at: Date }, Reacted>(
        source,
        page,
        signal,
      );
      return { items: shown, next_cursor };
    },
  };
}

/** People give cards of at most so many at once. */
const CARDS_PER_CALL_MAX = 1_000;

async function inPortions(
  ids: readonly PersonId[],
  cards: FeedPeople["cards"],
): Promise<ReadonlyMap<PersonId, PersonCard>> {
  if (ids.length <= CARDS_PER_CALL_MAX) return cards(ids);
  const all = new Map<PersonId, PersonCard>();
  for (let from = 0; from < ids.length; from += CARDS_PER_CALL_MAX) {
    for (const [id, card] of await cards(ids.slice(from, from + CARDS_PER_CALL_MAX))) all.set(id, card);
  }
  return all;
}
