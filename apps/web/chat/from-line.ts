import type { PersonCard } from "#kernel/cards.ts";
import type { Json } from "#kernel/json.ts";
import { type Channel, type Message, namesIn } from "#systems/chat/contract.ts";

interface Item {
  id: string;
  seq: number;
  at: string;
  sender_id?: string;
  cid?: string;
  kind: string;
}

/**
 * The message that an item of the channel's stream tells of, where it tells everything: pictures, an answer's words, long words and
 * people whom this page does not know are asked for. @returns null for those
 */
export function messageFrom(
  item: Item,
  data: { [key: string]: Json },
  channel: Pick<Channel, "id" | "may">,
  me: Pick<PersonCard, "id">,
  cardOf: (id: string) => PersonCard | undefined,
): Message | null {
  const { body, media, reply_to_id, root_id, in_channel, mention_ids, mentions_all } = data;
  const author = item.sender_id === undefined ? undefined : cardOf(item.sender_id);
  if (!author || typeof body !== "string" || media !== false || reply_to_id !== null || !Array.isArray(mention_ids))
    return null;
  const own = author.id === me.id;
  const guise = guiseOf(data.guise);
  const all = mentions_all === "channel" || mentions_all === "here" ? mentions_all : null;
  return {
    id: item.id,
    channel_id: channel.id,
    seq: String(item.seq),
    author,
    ...(guise === null ? {} : { guise }),
    cid: own ? (item.cid ?? null) : null,
    body,
    version: 1,
    created_at: item.at,
    edited_at: null,
    deleted: false,
    folded: false,
    // As many as were reached; which, the words say.
    mentions:
      mention_ids.length === 0
        ? []
        : namesIn(body, 50).handles.map((handle, i) => ({ id: String(mention_ids[i] ?? ""), handle })),
    mentions_all: all,
    mentions_me: !own && (all !== null || mention_ids.includes(me.id)),
    reply_to: null,
    root_id: typeof root_id === "string" ? root_id : null,
    in_channel: in_channel !== false,
    replies: 0,
    last_reply_at: null,
    pinned: false,
    reactions: [],
    images: [],
    video: null,
    sound: null,
    poll: null,
    link: null,
    link_hidden: false,
    forwarded: null,
    may: { edit: own, delete: own || channel.may.moderate },
  };
}

/** How a program calls itself in this one message. */
function guiseOf(said: Json | undefined): Message["guise"] | null {
  if (typeof said !== "object" || said === null || Array.isArray(said)) return null;
  const { name, emoji } = said;
  return { name: typeof name === "string" ? name : null, emoji: typeof emoji === "string" ? emoji : null };
}
