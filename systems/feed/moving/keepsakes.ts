import type { PersonCard } from "#kernel/cards.ts";
import type { PersonId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";

import { draftsOf } from "../drafts/store.ts";
import { findList, listsOf } from "../lists/store.ts";
import { scheduledOf } from "../scheduled/store.ts";
import { mutedWordsOf } from "../wishes/store.ts";
import { CONTEXT } from "./activity.ts";
import { csvOf } from "./csv.ts";
import type { MovingGround } from "./index.ts";
import { type ExportRow, filedBookmarks } from "./store.ts";

/** Rows of one small file at most; each of these has a bound of its own below it. */
const ROWS_MAX = 20_000;
const CARDS_PER_CALL = 500;

/** The small files of an archive, by name: lists as Mastodon writes and reads them, and what only a house like this has. */
export async function keepsakesOf(ground: MovingGround, { person_id, origin }: ExportRow): Promise<[string, string][]> {
  const { pool } = ground.sql;
  const host = new URL(origin).host;
  const addresses = async (ids: Iterable<PersonId>) => {
    const all = [...ids];
    const found: string[] = [];
    for (let from = 0; from < all.length; from += CARDS_PER_CALL) {
      const cards = await ground.people.cards(all.slice(from, from + CARDS_PER_CALL));
      found.push(...[...cards.values()].map(({ handle }) => `${handle}@${host}`));
    }
    return found.toSorted();
  };
  const relations = await ground.people.relations(person_id);
  const [follows, mutes, blocks] = [
    await addresses(relations.follows),
    await addresses(relations.mutes),
    await addresses(relations.blocks),
  ];
  const lists: [string, string][] = [];
  for (const { id, name } of await listsOf(pool, person_id, null)) {
    const people = (await findList(pool, id))?.people ?? [];
    for (const address of await addresses(people)) lists.push([name, address]);
  }
  const words = await mutedWordsOf(pool, person_id, new Date(ground.clock.now()));
  const drafts = await draftsOf(pool, person_id, null, ROWS_MAX);
  const scheduled = await scheduledOf(pool, person_id, null, ROWS_MAX);
  const filed = await filedBookmarks(pool, person_id, ROWS_MAX);
  const json = (value: unknown) => `${JSON.stringify(value, null, 1)}\n`;
  return [
    [
      "following_accounts.csv",
      csvOf([
        ["Account address", "Show boosts", "Notify on new posts", "Languages"],
        ...follows.map((address) => [address, true, false, ""]),
      ]),
    ],
    [
      "muted_accounts.csv",
      csvOf([["Account address", "Hide notifications"], ...mutes.map((address) => [address, true])]),
    ],
    ["blocked_accounts.csv", csvOf(blocks.map((address) => [address]))],
    ["lists.csv", csvOf(lists)],
    ["folders.csv", csvOf(filed.map(({ name, post_id }) => [name, `${origin}/posts/${post_id}`]))],
    [
      "muted_words.json",
      json(
        words.map(({ phrase, matches, kind, place, expires_at }) => ({
          phrase,
          matches,
          kind,
          place,
          expires_at: expires_at === null ? null : rfc3339(expires_at),
        })),
      ),
    ],
    ["drafts.json", json(drafts.map(({ content, updated_at }) => ({ updated_at: rfc3339(updated_at), ...content })))],
    [
      "scheduled.json",
      json(scheduled.map(({ content, publish_at }) => ({ publish_at: rfc3339(publish_at), ...content }))),
    ],
  ];
}

export const actorOf = ({ id, handle, display_name }: PersonCard, origin: string) => ({
  "@context": CONTEXT[0],
  id: `${origin}/@${handle}`,
  type: "Person",
  preferredUsername: handle,
  name: display_name,
  url: `${origin}/@${handle}`,
  outbox: "outbox.json",
  likes: "likes.json",
  bookmarks: "bookmarks.json",
  "house:id": id,
});

export const readme = ({ handle, display_name }: PersonCard, { origin, created_at }: ExportRow) =>
  [
    `What ${display_name} (@${handle}) wrote and kept at ${origin}, as of ${rfc3339(created_at)}.`,
    "",
    "outbox.json             your posts as ActivityStreams, the oldest first, with what stood there before each edit",
    "comments.json           your comments",
    "likes.json, bookmarks.json, bookmarks.csv, reposts.json   addresses of posts; folders.csv, those in folders",
    "following_accounts.csv, muted_accounts.csv, blocked_accounts.csv, lists.csv   as Mastodon and houses like this one read them",
    "muted_words.json, drafts.json, scheduled.json",
    "media_attachments/      the pictures and films of your posts",
    "left_out.csv            files that did not fit or are gone, where there are any",
    "",
    "Bring the zip along to another house under Settings, Take your things along.",
    "",
  ].join("\r\n");
