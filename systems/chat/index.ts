import { join } from "node:path";

import type { SignedIn } from "#kernel/viewer.ts";
import type { MigrationFolder, Query } from "#ports/sql/index.ts";

import { createBumps } from "./bumps.ts";
import { type Channels, createChannels } from "./channels/channels.ts";
import { createMembers, type Members } from "./channels/members.ts";
import { setWatched } from "./channels/store.ts";
import type { MessageAsked } from "./contract.ts";
import { createWriting, defineSending, type Writing } from "./drafts/drafts.ts";
import { defineSeeingOff, startFollowing } from "./follow.ts";
import { type Ground, nowOf } from "./ground.ts";
import { createLinks, type Links, startTellingCards } from "./links/links.ts";
import { serveLine, startRechecking } from "./live.ts";
import { defineCallAll } from "./mentions/address.ts";
import { type Changing, createChanging } from "./messages/change.ts";
import { exportChannel } from "./messages/export.ts";
import { createReading, type Reading } from "./messages/history.ts";
import { type Guise, sendMessage, type Sent } from "./messages/send.ts";
import type { ChannelId, ChatNeeds } from "./needs.ts";
import { createPolls, definePollEnd, type Polls } from "./polls/polls.ts";
import { createPresences, type Presences } from "./presence/presence.ts";
import { createCursors, type Cursors } from "./reading/cursors.ts";
import { createDeliveries } from "./reading/delivered.ts";
import { createSearch, type Search } from "./search/search.ts";
import { createThreads, type Threads } from "./threads/threads.ts";
import { defineUpkeep } from "./upkeep.ts";

/** Needs the migrations of people, spaces and realtime before it. */
export const CHAT_FOLDER: MigrationFolder = { system: "chat", folder: join(import.meta.dirname, "sql") };

/** Where people write to each other. */
export interface Chat extends AsyncDisposable {
  channels: Channels;
  members: Members;
  reading: Reading;
  changing: Changing;
  cursors: Cursors;
  presences: Presences;
  writing: Writing;
  search: Search;
  polls: Polls;
  links: Links;
  threads: Threads;
  /** @param guise how a program calls itself in this one message; never of people */
  send(viewer: SignedIn, id: ChannelId, cid: string, asked: MessageAsked, guise?: Guise): Promise<Sent>;
  /** From the commit of `tx` on, or no more, these channels tell of their messages on the log. */
  watch(tx: Query, ids: readonly ChannelId[], on: boolean): Promise<void>;
  export(viewer: SignedIn, id: ChannelId): Promise<Response>;
  /** Sees off who leaves, and trims. Start it on nodes that work in the background. */
  work(): Disposable;
}

/** Speaks for the streams `chat:` and `bump:` from here on, and declares its jobs. */
export async function createChat(needs: ChatNeeds): Promise<Chat> {
  const deliveries = createDeliveries(needs);
  const ground: Ground = { ...needs, bumps: createBumps(needs), deliveries };
  const cursors = createCursors(ground);
  defineCallAll(ground);
  defineSending(ground);
  defineSeeingOff(ground);
  definePollEnd(ground);
  defineUpkeep(ground);
  const presences = createPresences(ground);
  serveLine(ground, cursors, presences);
  const rechecking = await startRechecking(ground);
  return {
    channels: createChannels(ground),
    members: createMembers(ground),
    reading: createReading(ground),
    changing: createChanging(ground),
    cursors,
    presences,
    writing: createWriting(ground),
    search: createSearch(ground),
    polls: createPolls(ground),
    links: createLinks(ground),
    threads: createThreads(ground),
    send: (viewer, id, cid, asked, guise) => sendMessage(ground, viewer, id, cid, asked, guise),
    watch: (tx, ids, on) => setWatched(tx, ids, on ? nowOf(ground) : null),
    export: (viewer, id) => exportChannel(ground, viewer, id),
    work() {
      const working = new DisposableStack();
      working.use(startFollowing(ground));
      working.use(startTellingCards(ground));
      return working;
    },
    [Symbol.asyncDispose]() {
      deliveries[Symbol.dispose]();
      return rechecking[Symbol.asyncDispose]();
    },
  };
}

export { CHAT_TOPIC, type ChatEvent, readChatEvent } from "./events.ts";
export { type Channel, CHANNEL_KINDS, type ChannelKind, chatRoutes, type Message, voiceWords } from "./contract.ts";
export type { Guise } from "./messages/send.ts";
export type { ChannelId, ChatLine, ChatMedia, ChatNeeds, ChatPeople, ChatSpaces, MessageId } from "./needs.ts";
export { serveChat } from "./routes.ts";
