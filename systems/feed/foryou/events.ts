import type { PersonId } from "#kernel/ids.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

/** What people decide about For you. A topic of its own: it concerns nobody's timeline. The key is the person. */
export const FOR_YOU_TOPIC = "feed_for_you";

export type ForYouEvent =
  | { type: "feed_for_you.switched"; version: 1; data: { person_id: PersonId; on: boolean } }
  | { type: "feed_for_you.house_switched"; version: 1; data: { person_id: PersonId; on: boolean } }
  | {
      type: "feed_for_you.less_asked" | "feed_for_you.less_undone";
      version: 1;
      data: { person_id: PersonId; kind: "post" | "author"; subject_id: string };
    };

export const tellForYou = (log: Log, tx: Query, event: ForYouEvent): Promise<void> =>
  log.append(tx, FOR_YOU_TOPIC, `person:${event.data.person_id}`, event);
