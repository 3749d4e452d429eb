import {
  type ChannelId,
  type Chat,
  CHAT_TOPIC,
  type ChatEvent,
  type MessageId,
  readChatEvent,
  voiceWords,
} from "#systems/chat/index.ts";

import type { Act, Settling } from "./acts.ts";
import type { Kind } from "./kinds-contract.ts";
import type { NoticeSource, Thing } from "./sources.ts";

type Addressed = Extract<ChatEvent, { type: "chat.addressed" }>["data"];

const KIND_OF = {
  mention: "chat_mention",
  all: "chat_call",
  direct: "direct_message",
  thread: "chat_reply",
  message: "channel_message",
} as const satisfies Record<Addressed["why"], Kind>;
const KINDS_OF_CHAT: Kind[] = [...Object.values(KIND_OF), "announcement"];
const WHY_OF = new Map<Kind, Addressed["why"]>([
  ...(Object.keys(KIND_OF) as Addressed["why"][]).map((why) => [KIND_OF[why], why] as const),
  ["announcement", "message"],
]);

const kindOf = ({ why, channel_kind }: Addressed): Kind =>
  why === "message" && channel_kind === "announcement" ? "announcement" : KIND_OF[why];

const thingOf = (data: { channel_id: string; message_id: string }) => `chat:${data.channel_id}:${data.message_id}`;

/** What chat has to tell: who is written to, named, answered or called; and what was read or deleted over there. */
export function chatNotices(chat: Pick<Chat, "reading" | "members">): NoticeSource {
  return {
    name: "chat",
    readings: {
      [CHAT_TOPIC](stored) {
        const event = readChatEvent(stored);
        if (event?.type === "chat.addressed") {
          const { data } = event;
          const kind = kindOf(data);
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
      const ids = new Map(names.map((name) => [name.split(":")[2] as MessageId, name]));
      const found = await chat.reading.messages(viewer, [...ids.keys()]);
      return new Map(
        found
          .filter(({ message }) => !message.deleted)
          .map(({ message, channel }): [string, Thing] => [
            ids.get(message.id)!,
            {
              title: channel.kind === "direct" || channel.name === null ? "" : `in ${channel.name}`,
              text: message.body === "" && message.sound ? voiceWords(message.sound.duration_ms) : message.body,
              path: `/chat/${channel.id}?at=${message.seq}`,
            },
          ]),
      );
    },
    async wished(viewer, news) {
      const placed = news.map(({ thing, kind }) => ({
        thing,
        channel_id: thing.split(":")[1] as ChannelId,
        why: WHY_OF.get(kind)!,
      }));
      const wants = await chat.members.wanting(viewer.person_id, [...new Set(placed.map((one) => one.channel_id))]);
      return new Set(placed.flatMap(({ thing, channel_id, why }) => (wants.get(channel_id)?.(why) ? [thing] : [])));
    },
  };
}
