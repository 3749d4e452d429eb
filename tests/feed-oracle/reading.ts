import { decodeCursor } from "#kernel/paging.ts";
import { feedRoutes as r, type Post as WirePost } from "#systems/feed/contract.ts";

import {
  type Asked,
  listOf,
  mayOpenProfile,
  mayOpenSpace,
  type Person,
  type Shown,
  type Space,
  type Who,
} from "./model.ts";
import type { Place, World } from "./world.ts";

/** How long another node may take to hear of a commit before we call it lost. */
const HEARD_MS_MAX = 20_000;

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
            : await client.call(r.personPosts, { token, query, params: { handle: (about as Person).handle } });
  const page: Page = { status, items: [], next: null, cursor: null };
  if (status !== 200) return page;
  page.items = body.items.map(textOf);
  page.cursor = body.next_cursor;
  if (body.next_cursor !== null) page.next = BigInt(decodeCursor(body.next_cursor, ["string", "string"])[1] as string);
  return page;
}

const textOf = (post: WirePost) => `${post.id}${post.reposted_by ? ` by ${post.reposted_by.id}` : ""}`;

/** Null where the list is not this viewer's to open. */
function wanted(world: World, who: Who, asked: Asked, before: bigint | null): Shown[] | null {
  if (asked.list === "home" && (who === null || who.suspended)) return null;
  if (asked.list === "person" && !mayOpenProfile(who, asked.about as Person)) return null;
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

/** Reads one page and holds it against the model. A node that another one acted beside is given time to hear of it. */
export async function checkPage(
  world: World,
  node: number,
  who: Who,
  asked: Asked,
  limit: number,
  place: Place | null,
): Promise<void> {
  const deadline = performance.now() + HEARD_MS_MAX;
  for (;;) {
    const page = await readPage(world, node, who, asked, limit, place?.cursor ?? null);
    const fault = faultOf(page, wanted(world, who, asked, place?.before ?? null), limit);
    world.checks += 1;
    if (fault === null) {
      const key = placeName(who, asked);
      if (page.cursor === null) world.places.delete(key);
      else world.places.set(key, { who, asked, cursor: page.cursor, before: page.next! });
      return;
    }
    if (world.behind[node] && performance.now() < deadline) {
      await Bun.sleep(1);
      continue;
    }
    const strategy = world.nodes[node]!.feed.rooms.timeline.name;
    throw new OracleFault(
      `world ${world.seed}, operation ${world.operations}, node ${node} (${strategy}): ${placeName(who, asked)}${place ? ` below ${place.before}` : ""} ${fault}`,
    );
  }
}

export const PAGE_LIMIT_MAX = 8;

/** One list at random; every second time where its reader stopped before. */
export async function readSome(world: World): Promise<void> {
  const { dice, model } = world;
  const places = [...world.places.values()];
  const node = dice(6) === 0 ? dice(world.nodes.length) : world.at;
  const limit = 1 + dice(PAGE_LIMIT_MAX);
  if (places.length > 0 && dice(2) === 0) {
    const place = places[dice(places.length)]!;
    return checkPage(world, node, place.who, place.asked, limit, place);
  }
  const who = dice(12) === 0 ? null : model.people[dice(model.people.length)]!;
  return checkPage(world, node, who, someList(world, who), limit, null);
}

export const TAGS = ["bread", "music", "snow"];

function someList({ dice, model }: World, who: Who): Asked {
  const roll = dice(10);
  if (roll < 6 && who) return { list: "home", about: null };
  if (roll < 7) return { list: "space", about: model.spaces[dice(model.spaces.length)]! };
  if (roll < 8) return { list: "hashtag", about: TAGS[dice(TAGS.length)]! };
  if (roll < 9) return { list: "discover", about: null };
  return { list: "person", about: model.people[dice(model.people.length)]! };
}

/** Everybody reads every list from its beginning to its end, on one node: then that node has heard of everything. */
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
    for (const asked of every) {
      world.places.delete(placeName(who, asked));
      let place: Place | null = null;
      do {
        await checkPage(world, node, who, asked, 7, place);
        place = world.places.get(placeName(who, asked)) ?? null;
      } while (place !== null);
    }
  }
  world.behind[node] = false;
}
