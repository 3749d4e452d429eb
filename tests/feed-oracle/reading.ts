import type { Id } from "#kernel/ids.ts";
import { decodeCursor } from "#kernel/paging.ts";
import { feedRoutes as r, type Post as WirePost } from "#systems/feed/contract.ts";

import { anyOf } from "./dice.ts";
import {
  asDone,
  type Asked,
  asPoll,
  asQuote,
  asWarned,
  asWords,
  listOf,
  mayOpenList,
  mayOpenProfile,
  mayOpenSpace,
  type PeopleList,
  type Person,
  type Shown,
  type Space,
  type Who,
} from "./model.ts";
import type { Place, World } from "./world.ts";

interface Page {
  status: number;
  items: string[];
  /** The place behind which the next page begins. */
  next: bigint | null;
  cursor: string | null;
}

const nameOf = ({ list, about }: Asked) =>
  `${list}${about === null ? "" : typeof about === "string" ? ` #${about}` : ` ${about.id}`}`;
const placeName = (who: Who, asked: Asked) => `${who?.handle ?? "nobody"}: ${nameOf(asked)}`;

/** A page over the public surface of one node. */
async function readPage(world: World, node: number, who: Who, asked: Asked, limit: number, cursor: string | null) {
  const { client } = world.nodes[node]!;
  const token = who ? world.tokens.get(who)! : null;
  const query = { limit, ...(cursor === null ? {} : { cursor }) };
  const { list, about } = asked;
  const { status, body } =
    list === "home"
      ? await client.call(r.homeFeed, { token, query })
      : list === "discover"
        ? await client.call(r.discoverFeed, { token, query })
        : list === "hashtag"
          ? await client.call(r.hashtagPosts, { token, query, params: { tag: about as string } })
          : list === "space"
            ? await client.call(r.spacePosts, { token, query, params: { space: (about as Space).slug } })
            : list === "list"
              ? await client.call(r.listPosts, { token, query, params: { id: (about as PeopleList).id as Id<"list"> } })
              : await client.call(r.personPosts, { token, query, params: { handle: (about as Person).handle } });
  const page: Page = { status, items: [], next: null, cursor: null };
  if (status !== 200) return page;
  page.items = body.items.map(textOf);
  page.cursor = body.next_cursor;
  if (body.next_cursor !== null) page.next = BigInt(decodeCursor(body.next_cursor, ["string", "string"])[1] as string);
  return page;
}

/** All that somebody is shown of a post, as the model writes it. */
function textOf(post: WirePost): string {
  const { viewer, poll, quote, filtered } = post;
  const words = asWords(post.text, post.content_warning, post.sensitive);
  const done = viewer ? asDone(viewer.liked, viewer.reposted) : "";
  const polled = poll ? asPoll(poll.chosen?.[0] ?? null, poll.ended, poll.voters !== null) : "";
  const quoted = quote?.post ?? null;
  const around = quote
    ? asQuote(quoted?.id ?? null, quoted ? asWords(quoted.text, quoted.content_warning, quoted.sensitive) : "")
    : "";
  const by = post.reposted_by ? ` by ${post.reposted_by.id}` : "";
  return `${post.id}${by}${words}${done}${polled}${around}${asWarned((filtered?.words ?? []).map((word) => word.toLowerCase()))}`;
}

/** Null where the list is not this viewer's to open. */
function wanted(world: World, who: Who, asked: Asked, before: bigint | null): Shown[] | null {
  if (asked.list === "home" && (who === null || who.suspended)) return null;
  if (asked.list === "person" && !mayOpenProfile(who, asked.about as Person)) return null;
  if (asked.list === "list" && !mayOpenList(who, asked.about as PeopleList)) return null;
  if (asked.list === "space" && !mayOpenSpace(who, asked.about as Space)) return null;
  return listOf(world.model, who, asked).filter((shown) => before === null || shown.key < before);
}

/** What is wrong with a page, or null. A page may be thin where rules drop much, if its cursor loses nothing. */
function faultOf(page: Page, all: Shown[] | null, limit: number): string | null {
  if (all === null) return [401, 403, 404].includes(page.status) ? null : `status ${page.status}, should not open`;
  if (page.status !== 200) return `status ${page.status}`;
  const { next } = page;
  const is_thin = page.items.length < limit && next !== null;
  const should = is_thin ? all.filter((shown) => shown.key >= next) : all.slice(0, limit);
  const texts = should.map((shown) => shown.text);
  if (texts.length !== page.items.length || texts.some((text, i) => text !== page.items[i]))
    return `shows ${page.items.join(", ") || "nothing"} and should show ${texts.join(", ") || "nothing"}`;
  if (is_thin) return null;
  const should_next = all.length > limit ? all[limit - 1]!.key : null;
  return next === should_next ? null : `goes on at ${next} and should go on at ${should_next}`;
}

export class OracleFault extends Error {
  override readonly name = "OracleFault";
}

/** What page somebody asks for: a list from its beginning, or from where they stopped. */
export interface PageFor {
  who: Who;
  asked: Asked;
  limit: number;
  place: Place | null;
}

/**
 * Reads one page and holds it against the model. A node that another one acted beside is first read as it is, whatever it
 * says (so that it is loading while it hears), and then when its tails have told it all: from there on it must be right.
 */
export async function checkPage(world: World, node: number, { who, asked, limit, place }: PageFor): Promise<void> {
  if (world.behind[node]) {
    await glance(world, node, { who, asked, limit, place });
    await world.nodes[node]!.heard();
    world.behind[node] = false;
  }
  const page = await readPage(world, node, who, asked, limit, place?.cursor ?? null);
  const fault = faultOf(page, wanted(world, who, asked, place?.before ?? null), limit);
  world.checks += 1;
  if (fault !== null) {
    const strategy = world.nodes[node]!.feed.rooms.timeline.name;
    throw new OracleFault(
      `world ${world.seed}, operation ${world.operations}, node ${node} (${strategy}): ${placeName(who, asked)}${place ? ` below ${place.before}` : ""} ${fault}`,
    );
  }
  const key = placeName(who, asked);
  if (page.cursor === null) world.places.delete(key);
  else world.places.set(key, { who, asked, cursor: page.cursor, before: page.next! });
}

/** A page that nobody looks at. */
export async function glance(world: World, node: number, { who, asked, limit, place }: PageFor): Promise<void> {
  const { status } = await readPage(world, node, who, asked, limit, place?.cursor ?? null);
  if (status >= 500)
    throw new OracleFault(
      `world ${world.seed}, operation ${world.operations}: ${placeName(who, asked)} gave ${status}`,
    );
}

export const PAGE_LIMIT_MAX = 8;

/** One list at random; every second time where its reader stopped before. */
export function somePage(world: World): PageFor {
  const { dice, model } = world;
  const places = [...world.places.values()];
  const limit = 1 + dice(PAGE_LIMIT_MAX);
  if (places.length > 0 && dice(2) === 0) {
    const place = places[dice(places.length)]!;
    return { who: place.who, asked: place.asked, limit, place };
  }
  const who = dice(12) === 0 ? null : model.people[dice(model.people.length)]!;
  return { who, asked: someList(world, who), limit, place: null };
}

export async function readSome(world: World): Promise<void> {
  const { dice } = world;
  const node = dice(6) === 0 ? dice(world.nodes.length) : world.at;
  return checkPage(world, node, somePage(world));
}

export const TAGS = ["bread", "music", "snow"];

function someList({ dice, model }: World, who: Who): Asked {
  const roll = dice(10);
  if (roll < 5 && who) return { list: "home", about: null };
  // Now and then somebody else's, or one that has gone.
  if (roll < 6 && model.lists.length > 0) {
    const own = model.lists.filter((list) => list.owner === who && list.deleted_ms === null);
    return { list: "list", about: own.length > 0 && dice(8) > 0 ? anyOf(dice, own) : anyOf(dice, model.lists) };
  }
  if (roll < 7) return { list: "space", about: model.spaces[dice(model.spaces.length)]! };
  if (roll < 8) return { list: "hashtag", about: TAGS[dice(TAGS.length)]! };
  if (roll < 9) return { list: "discover", about: null };
  return { list: "person", about: model.people[dice(model.people.length)]! };
}

/** Of whoever reads all there is: small pages for their edges, large ones because there is so much. */
const ALL_LIMITS = [7, 25, 50];

/** Everybody reads every list from its beginning to its end, on one node. */
export async function readAll(world: World, node: number, lists: "homes" | "all"): Promise<void> {
  const { people, spaces } = world.model;
  const every: Asked[] = [{ list: "home", about: null }];
  if (lists === "all") {
    every.push({ list: "discover", about: null });
    for (const about of TAGS) every.push({ list: "hashtag", about });
    for (const about of spaces) every.push({ list: "space", about });
    for (const about of people) every.push({ list: "person", about });
  }
  for (const who of [...people, null]) {
    const own = world.model.lists.filter((list) => lists === "all" && list.owner === who && list.deleted_ms === null);
    for (const asked of [...every, ...own.map((about): Asked => ({ list: "list", about }))]) {
      world.places.delete(placeName(who, asked));
      const limit = anyOf(world.dice, ALL_LIMITS);
      let place: Place | null = null;
      do {
        await checkPage(world, node, { who, asked, limit, place });
        place = world.places.get(placeName(who, asked)) ?? null;
      } while (place !== null);
    }
  }
}
