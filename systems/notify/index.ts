import { join } from "node:path";

import type { MigrationFolder } from "#ports/sql/index.ts";

import { createInbox, type Inbox } from "./inbox.ts";
import { startIntake } from "./intake.ts";
import type { Ground } from "./needs.ts";
import { defineUpkeep, startErasing } from "./upkeep.ts";

export const NOTIFY_FOLDER: MigrationFolder = { system: "notify", folder: join(import.meta.dirname, "sql") };

/** One inbox a person, over all systems. */
export interface Notify {
  inbox: Inbox;
  /** Takes in what happens and clears what has gone. Start it on nodes that work in the background. */
  work(): Disposable;
}

export function createNotify(ground: Ground): Notify {
  defineUpkeep(ground);
  return {
    inbox: createInbox(ground),
    work() {
      const parts = [startIntake(ground), startErasing(ground)];
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
export type { NotifyFeed, NotifyPeople } from "./needs.ts";
export { serveNotify } from "./routes.ts";
