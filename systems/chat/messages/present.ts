import type { PersonCard } from "#kernel/cards.ts";
import type { ImageId, PersonId, VideoId } from "#kernel/ids.ts";
import { rfc3339 } from "#kernel/time.ts";
import type { SignedIn } from "#kernel/viewer.ts";

import { EXCERPT_CHARS_MAX, REACTION_NAMES_MAX } from "../bounds.ts";
import { type Message, voiceWords } from "../contract.ts";
import { passedOn } from "../forwards/forwards.ts";
import type { Ground } from "../ground.ts";
import { presentPolls } from "../polls/present.ts";
import * as store from "./store.ts";

/** What the reader may do here, asked once for all messages of a channel. */
export interface Rights {
  send: boolean;
  moderate: boolean;
}

/** Messages as somebody sees them: one query each for answers, reactions, cards and media, however many they are. */
export async function presentMessages(
  ground: Ground,
  viewer: SignedIn,
  rows: readonly store.MessageRow[],
  rights: (row: store.MessageRow) => Rights,
): Promise<Message[]> {
  if (rows.length === 0) return [];
  const { sql, people, media } = ground;
  const me = viewer.person_id;
  const [answered, reactions, relations, polls, links, passed] = await Promise.all([
    store.findMessages(sql.pool, [...new Set(rows.flatMap((row) => row.reply_to_id ?? []))]),
    store.reactionsOf(
      sql.pool,
      rows.map((row) => row.id),
      me,
      REACTION_NAMES_MAX,
    ),
    people.relations(me),
    presentPolls(ground, viewer, rows),
    ground.links?.cards(sql.pool, [
      ...new Set(rows.flatMap((row) => (row.link_hidden_at === null ? (row.link_id ?? []) : []))),
    ]),
    passedOn(ground, viewer, rows),
  ]);
  const person_ids = new Set<PersonId>(passed.author_ids);
  for (const row of [...rows, ...answered]) person_ids.add(row.author_id);
  for (const row of rows) for (const id of row.mention_ids) person_ids.add(id);
  for (const reaction of reactions) for (const id of reaction.person_ids) person_ids.add(id);
  const [cards, images, videos, sounds] = await Promise.all([
    cardsOf(ground, [...person_ids]),
    imagesOf(
      media,
      rows.flatMap((row) => row.image_ids),
    ),
    media.videoCards(rows.flatMap((row): VideoId[] => (row.video_id === null ? [] : [row.video_id]))),
    media.soundCards(rows.flatMap((row) => row.sound_id ?? [])),
  ]);
  const byId = new Map(answered.map((row) => [row.id, row]));
  const under = Map.groupBy(reactions, (reaction) => reaction.message_id);
  return rows.map((row): Message => {
    const deleted = row.deleted_at !== null;
    const own = row.author_id === me;
    const { send, moderate } = rights(row);
    const reply = row.reply_to_id === null || deleted ? null : (byId.get(row.reply_to_id) ?? null);
    return {
      id: row.id,
      channel_id: row.channel_id,
      seq: row.seq,
      author: cards.get(row.author_id) ?? null,
      ...(row.guise_name === null && row.guise_emoji === null
        ? {}
        : { guise: { name: row.guise_name, emoji: row.guise_emoji } }),
      cid: own ? row.cid : null,
      body: row.body,
      version: row.version,
      created_at: rfc3339(row.created_at),
      edited_at: row.edited_at === null ? null : rfc3339(row.edited_at),
      deleted,
      folded: relations.blocks.has(row.author_id) || relations.mutes.has(row.author_id),
      mentions: row.mention_ids.flatMap((id) => {
        const card = cards.get(id);
        return card ? [{ id, handle: card.handle }] : [];
      }),
      mentions_all: row.mentions_all,
      mentions_me: !own && (row.mentions_all !== null || row.mention_ids.includes(me)),
      reply_to: reply && {
        id: reply.id,
        seq: reply.seq,
        author: cards.get(reply.author_id) ?? null,
        excerpt: reply.body === "" && reply.sound_id !== null ? voiceWords(null) : excerptOf(reply.body),
        deleted: reply.deleted_at !== null,
      },
      root_id: row.root_id,
      in_channel: row.in_channel,
      replies: row.replies,
      last_reply_at: row.last_reply_at === null ? null : rfc3339(row.last_reply_at),
      pinned: row.pinned_at !== null,
      reactions: (under.get(row.id) ?? []).map(({ emoji, count, mine, person_ids: who }) => ({
        emoji,
        count,
        mine: mine === 1,
        names: who.flatMap((id) => cards.get(id)?.display_name ?? []),
      })),
      images: row.image_ids.flatMap((id) => images.get(id) ?? []),
      video: row.video_id === null ? null : (videos.get(row.video_id) ?? null),
      sound: row.sound_id === null ? null : (sounds.get(row.sound_id) ?? null),
      poll: polls.get(row.id) ?? null,
      link: row.link_id === null || row.link_hidden_at !== null ? null : (links?.get(row.link_id) ?? null),
      link_hidden: row.link_hidden_at !== null,
      forwarded: passed.of(row, cards),
      may: { edit: own && !deleted && send, delete: !deleted && (own || moderate) },
    };
  });
}

export const excerptOf = (body: string): string => {
  const line = body.replaceAll(/\s+/g, " ").trim();
  return line.length <= EXCERPT_CHARS_MAX
    ? line
    : `${Array.from(line.slice(0, 2 * EXCERPT_CHARS_MAX))
        .slice(0, EXCERPT_CHARS_MAX - 1)
        .join("")
        .trimEnd()}…`;
};

const AT_ONCE = 500;

async function cardsOf({ people }: Ground, ids: readonly PersonId[]): Promise<Map<PersonId, PersonCard>> {
  const all = new Map<PersonId, PersonCard>();
  for (let i = 0; i < ids.length; i += AT_ONCE)
    for (const [id, card] of await people.cards(ids.slice(i, i + AT_ONCE))) all.set(id, card);
  return all;
}

const IMAGES_AT_ONCE = 100;
async function imagesOf(media: Ground["media"], ids: readonly ImageId[]) {
  const all = new Map<ImageId, Message["images"][number]>();
  for (let i = 0; i < ids.length; i += IMAGES_AT_ONCE)
    for (const [id, card] of await media.imageCards(ids.slice(i, i + IMAGES_AT_ONCE))) all.set(id, card);
  return all;
}
