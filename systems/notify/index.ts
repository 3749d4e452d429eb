import { join } from "node:path";

import type { PersonId } from "#kernel/ids.ts";
import type { MigrationFolder, Query } from "#ports/sql/index.ts";

import { defineDigests } from "./digests/jobs.ts";
import { planAgain } from "./digests/plan.ts";
import { createPostman } from "./digests/send.ts";
import { createInbox, type Inbox } from "./inbox.ts";
import { startIntake } from "./intake.ts";
import { startLive } from "./live.ts";
import type { Ground, NotifyNeeds } from "./needs.ts";
import { createDeliverer } from "./push/deliver.ts";
import { definePushing, lookLater } from "./push/jobs.ts";
import { createSender } from "./push/send.ts";
import { callOff } from "./push/store.ts";
import { createSubscriptions, startEnding, type Subscriptions } from "./push/subscriptions.ts";
import { createVapid } from "./push/vapid.ts";
import { type Addresses, createAddresses } from "./settings/addresses.ts";
import { createSettings, type Settings } from "./settings/settings.ts";
import { createSources, type NoticeSource } from "./sources.ts";
import { defineUpkeep, startErasing } from "./upkeep.ts";

export const NOTIFY_FOLDER: MigrationFolder = { system: "notify", folder: join(import.meta.dirname, "sql") };

/** One inbox a person, over all systems, and the ways on which it reaches them. */
export interface Notify {
  inbox: Inbox;
  settings: Settings;
  addresses: Addresses;
  subscriptions: Subscriptions;
  /** A system above has something to tell. Before `work`. */
  register(source: NoticeSource): void;
  /** Takes in what happens, tells of it on all ways, and clears what has gone. Start it on nodes that work in the background. */
  work(): Disposable;
}

export function createNotify(needs: NotifyNeeds): Notify {
  const sources = createSources();
  const ground: Ground = {
    ...needs,
    line: needs.line ?? null,
    test_plain_push: needs.test_plain_push ?? false,
    sources,
  };
  const { sql, clock, public_url } = ground;
  const contact = public_url?.startsWith("https:") ? public_url : null;
  const vapid = createVapid({ secret: ground.secret, contact });
  const plan = (tx: Query, person_id: PersonId) => planAgain(ground, tx, person_id);
  const inbox = createInbox(ground, async (tx, person_id, what) => {
    if (await callOff(tx, person_id, what, new Date(clock.now()))) await lookLater(ground, tx, 0);
  });
  const subscriptions = createSubscriptions(ground, vapid);
  const addresses = createAddresses({ ...ground, plan });
  const settings = createSettings({ sql, log: ground.log, clock }, { subscriptions, addresses, plan });
  defineUpkeep(ground);
  definePushing(ground, createDeliverer(ground, inbox, createSender(ground, vapid)));
  defineDigests(ground, createPostman(ground, inbox, addresses));
  return {
    inbox,
    settings,
    addresses,
    subscriptions,
    register: sources.add,
    work() {
      const parts = [startIntake(ground), startErasing(ground), startEnding(ground)];
      if (ground.line) parts.push(startLive(ground, ground.line));
      return {
        [Symbol.dispose]() {
          for (const part of parts) part[Symbol.dispose]();
        },
      };
    },
  };
}

export { KINDS, type Kind, type Notification } from "./contract.ts";
export { NOTIFY_TOPIC, type NotifyEvent, readNotifyEvent } from "./events.ts";
export type { Inbox, InboxItem, ItemsAsked } from "./inbox.ts";
export type { Act, Settling } from "./acts.ts";
export type { NotifyFeed, NotifyLine, NotifyNeeds, NotifyPeople } from "./needs.ts";
export { chatNotices } from "./from-chat.ts";
export { hooksNotices } from "./from-hooks.ts";
export type { NoticeSource, Thing } from "./sources.ts";
export { serveNotify } from "./routes.ts";
