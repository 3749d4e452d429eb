import type { PersonCard } from "#kernel/cards.ts";
import { Problem } from "#kernel/errors.ts";
import type { Id, PersonId, PostId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Channel, ChannelId, Chat } from "#systems/chat/index.ts";

import { type Ground, readerOf } from "../needs.ts";
import { PING } from "./events-contract.ts";
import type { DeliveryRow, OutgoingRow } from "./store.ts";

/** What is asked for the words of a delivery. */
export type SayingGround = Pick<Ground, "posts" | "public_url"> & {
  people: Pick<Ground["people"], "cards">;
  spaces: Pick<Ground["spaces"], "cards" | "membershipsOf">;
  chat: { channels: Pick<Chat["channels"], "get">; reading: Pick<Chat["reading"], "message"> };
};

/**
 * What is said of it now: what its owner may read at this moment, in the words that stand there at this moment.
 * @returns why nothing is said, in a sentence
 */
export async function payloadOf(
  ground: SayingGround,
  hook: Pick<OutgoingRow, "owner_id" | "space_id" | "id" | "name">,
  { event, subject }: Pick<DeliveryRow, "event" | "subject">,
): Promise<JsonObject | string> {
  if (event === PING) return { hook: { id: hook.id, name: hook.name } };
  const owner = (await ground.people.cards([hook.owner_id])).get(hook.owner_id);
  if (!owner || owner.suspended) return "Who made this webhook is suspended or gone.";
  if (!(await ground.spaces.membershipsOf(owner.id)).has(hook.space_id))
    return "Who made this webhook is in the space no more.";
  const reader = readerOf(owner);
  try {
    switch (event) {
      case "message.created":
      case "message.edited":
        return await message(ground, reader, subject.message_id as Id<"message">, subject.channel_id as ChannelId);
      case "message.deleted": {
        const channel = await ground.chat.channels.get(reader, subject.channel_id as ChannelId);
        return { channel: channelOf(channel), message: { id: subject.message_id!, seq: subject.seq! } };
      }
      case "post.created":
        return await post(ground, reader, subject.post_id as PostId);
      case "member.joined":
      case "member.left": {
        const person = (await ground.people.cards([subject.person_id as PersonId])).get(subject.person_id as PersonId);
        return person ? { space: await spaceOf(ground, hook), person: personOf(person) } : "This person is gone.";
      }
      default:
        return "This house does not know such an event any more.";
    }
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 403))
      return "Who made this webhook may not read it, or it is gone.";
    throw error;
  }
}

async function message(
  ground: SayingGround,
  reader: SignedIn,
  id: Id<"message">,
  channel_id: ChannelId,
): Promise<JsonObject | string> {
  const [channel, said] = await Promise.all([
    ground.chat.channels.get(reader, channel_id),
    ground.chat.reading.message(reader, id),
  ]);
  if (said.deleted) return "It was deleted before it went.";
  return {
    channel: channelOf(channel),
    message: {
      id: said.id,
      seq: said.seq,
      author: said.author && personOf(said.author),
      body: said.body,
      version: said.version,
      root_id: said.root_id,
      reply_to_id: said.reply_to?.id ?? null,
      images: said.images.length,
      has_video: said.video !== null,
      created_at: said.created_at,
      edited_at: said.edited_at,
      url: linkOf(ground, `/chat/${channel.id}?at=${said.seq}`),
    },
  };
}

async function post(ground: SayingGround, reader: SignedIn, id: PostId): Promise<JsonObject | string> {
  const found = (await ground.posts(reader, [id])).get(id);
  if (!found) return "Who made this webhook may not read it, or it is gone.";
  return {
    post: {
      id: found.id,
      author: personOf(found.author),
      text: found.text,
      content_warning: found.content_warning,
      space: found.space && { id: found.space.id, slug: found.space.slug, name: found.space.name },
      created_at: found.created_at,
      url: linkOf(ground, `/posts/${found.id}`),
    },
  };
}

const channelOf = ({ id, kind, name, space }: Channel): JsonObject => ({
  id,
  kind,
  name,
  space: space && { id: space.id, slug: space.slug, name: space.name },
});

export const personOf = ({ id, handle, display_name, bot }: PersonCard): JsonObject => ({
  id,
  handle,
  display_name,
  bot: bot === true,
});

async function spaceOf(ground: SayingGround, { space_id }: Pick<OutgoingRow, "space_id">): Promise<JsonObject> {
  const space = (await ground.spaces.cards([space_id])).get(space_id);
  return { id: space_id, slug: space?.slug ?? null, name: space?.name ?? null };
}

const linkOf = ({ public_url }: Pick<Ground, "public_url">, path: string): string | null =>
  public_url === null ? null : new URL(path, public_url).href;
