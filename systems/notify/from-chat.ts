import { Problem } from "#kernel/errors.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import {
  type Channel,
  type Chat,
  CHAT_TOPIC,
  type ChatEvent,
  type MessageId,
  readChatEvent,
} from "#systems/chat/index.ts";

import type { Act, Settling } from "./acts.ts";
import type { Kind } from "./kinds-contract.ts";
import type { NoticeSource, Thing } from "./sources.ts";

const KIND_OF = {
  mention: "chat_mention",
  all: "chat_call",
  direct: "direct_message",
  thread: "chat_reply",
} as const satisfies Record<Extract<ChatEvent, { type: "chat.addressed" }>["data"]["why"], Kind>;
const KINDS_OF_CHAT = Object.values(KIND_OF);

const thingOf = (data: { channel_id: string; message_id: string }) => `chat:${data.channel_id}:${data.message_id}`;

/** What chat has to tell: who is written to, named, answered or called; and what was read or deleted over there. */
export function chatNotices(chat: Pick<Chat, "reading" | "channels">): NoticeSource {
  return {
    name: "chat",
    readings: {
      [CHAT_TOPIC](stored) {
        const event = readChatEvent(stored);
        if (event?.type === "chat.addressed") {
          const { data } = event;
          const kind = KIND_OF[data.why];
          return data.to.map((person_id): Act => ({
            person_id,
            kind,
            actor_id: data.author_id,
            post_id: null,
            comment_id: null,
            thing: { name: thingOf(data), seq: data.seq },
            // However somebody is addressed by one message, they are told of it once.
            act_key: `chat:${data.message_id}`,
            group_key: `${kind}:${data.channel_id}`,
            taken_back: false,
          }));
        }
        if (event?.type === "chat.read") {
          const { channel_id, person_id, seq } = event.data;
          return KINDS_OF_CHAT.map((kind): Settling => ({
            person_id,
            group_key: `${kind}:${channel_id}`,
            settled_up_to: seq,
          }));
        }
        return [];
      },
    },
    gone: {
      [CHAT_TOPIC](stored) {
        const event = readChatEvent(stored);
        return event?.type === "chat.message_deleted" ? [thingOf(event.data)] : [];
      },
    },
    async things(viewer, names) {
      const asked = names.map((name) => ({ name, ids: name.split(":") }));
      const channels = new Map<string, Channel | null>();
      for (const id of new Set(asked.map(({ ids }) => ids[1]!)))
        channels.set(id, await orNull(chat.channels.get(viewer, id as Channel["id"])));
      const found = await Promise.all(
        asked.map(async ({ name, ids: [, channel_id = "", message_id = ""] }) => {
          const channel = channels.get(channel_id);
          const thing = channel ? await thingIn(chat, viewer, channel, message_id as MessageId) : null;
          return thing ? [[name, thing] as const] : [];
        }),
      );
      return new Map(found.flat());
    },
  };
}

async function thingIn(
  chat: Pick<Chat, "reading">,
  viewer: SignedIn,
  channel: Channel,
  message_id: MessageId,
): Promise<Thing | null> {
  const message = await orNull(chat.reading.message(viewer, message_id));
  if (!message || message.deleted) return null;
  return {
    title: channel.kind === "direct" || channel.name === null ? "" : `in ${channel.name}`,
    text: message.body,
    path: `/chat/${channel.id}?at=${message.seq}`,
  };
}

/** What is not there, or not for them, is missing. */
async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem && (error.status === 404 || error.status === 403)) return null;
    throw error;
  }
}
