import { createHash } from "node:crypto";

import type { PersonId, PostId, SpaceId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";
import { type ChannelId, CHAT_TOPIC, type ChatEvent, readChatEvent } from "#systems/chat/index.ts";
import { FEED_TOPIC, type FeedEvent } from "#systems/feed/index.ts";
import { SPACES_TOPIC, type SpacesEvent } from "#systems/spaces/index.ts";

import { DELIVERIES_WAITING_MAX } from "../bounds.ts";
import { type Ground, type HookId, nowOf } from "../needs.ts";
import type { OutgoingEvent } from "./events-contract.ts";
import { deliverLater } from "./jobs.ts";
import * as store from "./store.ts";

const GROUP = "hooks.outgoing";

/** One event of the log as an address outside may hear it. */
interface Happened {
  stored: StoredEvent;
  event: OutgoingEvent;
  /** Ids alone: words are looked up when they go. */
  subject: JsonObject;
  /** What listens: a channel's addresses, or a space's. */
  channel_id: ChannelId | null;
  space_id: SpaceId | null;
  by_bot: boolean;
}

const OF_CHAT: Partial<Record<ChatEvent["type"], OutgoingEvent>> = {
  "chat.message_created": "message.created",
  "chat.message_edited": "message.edited",
  "chat.message_deleted": "message.deleted",
};

function ofChat(stored: StoredEvent): Happened[] {
  const event = readChatEvent(stored);
  const told = event && OF_CHAT[event.type];
  if (!told || !("message_id" in event.data)) return [];
  const { channel_id, message_id, author_id, seq } = event.data;
  const by_bot = "by_bot" in event.data && event.data.by_bot;
  return [
    { stored, event: told, subject: { channel_id, message_id, author_id, seq }, channel_id, space_id: null, by_bot },
  ];
}

function ofFeed(stored: StoredEvent): Happened[] {
  const event = stored as unknown as FeedEvent;
  if (stored.version !== 1 || event.type !== "feed.post_created" || event.data.space_id === null) return [];
  const { post_id, author_id, space_id } = event.data;
  const subject = { post_id: post_id satisfies PostId, author_id, space_id };
  return [{ stored, event: "post.created", subject, channel_id: null, space_id, by_bot: false }];
}

function ofSpaces(stored: StoredEvent): Happened[] {
  const event = stored as unknown as SpacesEvent;
  if (stored.version !== 1 || (event.type !== "spaces.joined" && event.type !== "spaces.left")) return [];
  const { person_id, space_id } = event.data;
  const told = event.type === "spaces.joined" ? "member.joined" : "member.left";
  const subject = { person_id: person_id satisfies PersonId, space_id };
  return [{ stored, event: told, subject, channel_id: null, space_id, by_bot: false }];
}

/** Of the log, for ever: what somebody outside waits for becomes a delivery in the transaction that moves the group on. */
export function startHearing(ground: Ground): Disposable {
  const { log } = ground;
  const groups = (
    [
      [CHAT_TOPIC, ofChat],
      [FEED_TOPIC, ofFeed],
      [SPACES_TOPIC, ofSpaces],
    ] as const
  ).map(([topic, read]) =>
    log.consume(topic, GROUP, (batch, tx) => hear(ground, tx, batch.flatMap(read)), { from: "now" }),
  );
  return {
    [Symbol.dispose]() {
      for (const group of groups) group[Symbol.dispose]();
    },
  };
}

/** A batch of chat's topic, which may come again. */
export const hearChat = (ground: Ground, tx: Query, batch: readonly StoredEvent[]): Promise<void> =>
  hear(ground, tx, batch.flatMap(ofChat));

async function hear(ground: Ground, tx: Query, batch: readonly Happened[]): Promise<void> {
  const channels = new Set(batch.flatMap(({ channel_id }) => channel_id ?? []));
  const spaces = new Set(batch.flatMap(({ space_id }) => space_id ?? []));
  const in_channels = channels.size > 0 ? await store.listenersIn(tx, [...channels]) : [];
  const happened = in_channels.length > 0 ? await withDeletedOfBots(ground, batch) : batch;
  const of_spaces = spaces.size > 0 ? await store.listenersOf(tx, [...spaces]) : [];
  const wanted = happened.flatMap((one): { hook_id: HookId; one: Happened }[] => [
    ...in_channels
      .filter(
        ({ channel_id, events, with_bots }) =>
          channel_id === one.channel_id && events.includes(one.event) && (with_bots || !one.by_bot),
      )
      .map(({ hook_id }) => ({ hook_id, one })),
    ...of_spaces
      .filter(({ space_id, events }) => space_id === one.space_id && events.includes(one.event))
      .map(({ hook_id }) => ({ hook_id, one })),
  ]);
  for (const [hook_id, list] of Map.groupBy(wanted, ({ hook_id }) => hook_id)) {
    let room = (await store.roomOf(tx, [hook_id], DELIVERIES_WAITING_MAX)).get(hook_id) ?? 0;
    let dropped = 0;
    for (const { one } of list) {
      if (room <= 0) dropped += 1;
      else if (await deliverNew(ground, tx, hook_id, one)) room -= 1;
    }
    if (dropped > 0) await store.countDropped(tx, hook_id, dropped);
  }
}

/**
 * A deletion says whose message it was, and not whether that is a bot, since a moderator may have deleted it. Of an author who is gone
 * it cannot be known: that a message of theirs is gone is told.
 */
async function withDeletedOfBots({ people }: Ground, batch: readonly Happened[]): Promise<readonly Happened[]> {
  const authorOf = ({ event, subject }: Happened) =>
    event === "message.deleted" ? ([subject.author_id as PersonId] as const) : [];
  const authors = [...new Set(batch.flatMap(authorOf))];
  if (authors.length === 0) return batch;
  const cards = await people.cards(authors);
  return batch.map((one) => ({
    ...one,
    by_bot: one.by_bot || authorOf(one).some((id) => cards.get(id)?.bot === true),
  }));
}

async function deliverNew(ground: Ground, tx: Query, hook_id: HookId, one: Happened): Promise<boolean> {
  const { stored, event, subject } = one;
  const row = {
    id: ground.ids.next<"delivery">(),
    hook_id,
    webhook_id: webhookId(hook_id, `${stored.topic} ${stored.position}`),
    event,
    subject,
    happened_at: stored.at,
  };
  if (!(await store.insertDelivery(tx, row, nowOf(ground)))) return false;
  await deliverLater(ground, tx, { id: row.id, hook_id, run: 1, tries: 0 }, 0);
  return true;
}

/** Of this event for this address, however often it is heard or sent. */
export const webhookId = (hook_id: HookId, name: string): string =>
  `msg_${createHash("sha256").update(`${hook_id} ${name}`).digest("base64url").slice(0, 27)}`;
