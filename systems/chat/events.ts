import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import type { ChannelKind } from "./contract.ts";
import type { ChannelId, MessageId } from "./needs.ts";

/** What other systems hear of chat. What is written is told to its readers by the channel's own stream. The key is the channel. */
export const CHAT_TOPIC = "chat";

type Said = {
  channel_id: ChannelId;
  channel_kind: ChannelKind;
  space_id: SpaceId | null;
  message_id: MessageId;
  seq: string;
  author_id: PersonId;
};

export type ChatEvent =
  /**
   * These are to be told of a message: named in it, called, written to alone or in a group, in its thread, or (`message`) who
   * wishes to hear all of this channel. Who muted it or wishes to hear less is not among them; blocks are for who tells them.
   * Of very many, one such event per portion.
   */
  | {
      type: "chat.addressed";
      version: 1;
      data: Said & { why: "mention" | "all" | "direct" | "thread" | "message"; to: PersonId[] };
    }
  /** Of channels that programs outside listen to; nobody else waits for these here. */
  | { type: "chat.message_created" | "chat.message_edited"; version: 1; data: Said & { by_bot: boolean } }
  /** It is gone: what was told of it is to go too. */
  | { type: "chat.message_deleted"; version: 1; data: Said }
  /** They read up to here, on some device: what was told of it up to there is done. */
  | { type: "chat.read"; version: 1; data: { channel_id: ChannelId; person_id: PersonId; seq: string } }
  | { type: "chat.channel_created" | "chat.channel_changed"; version: 1; data: { channel_id: ChannelId; by: PersonId } }
  | {
      type: "chat.joined" | "chat.left";
      version: 1;
      data: { channel_id: ChannelId; person_id: PersonId; by: PersonId };
    };

export const tell = (log: Log, tx: Query, event: ChatEvent): Promise<void> =>
  log.append(tx, CHAT_TOPIC, event.data.channel_id, event);

export const readChatEvent = (stored: StoredEvent): ChatEvent | null =>
  stored.version === 1 && stored.type.startsWith("chat.") ? (stored as unknown as ChatEvent) : null;
