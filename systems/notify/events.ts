import type { PersonId } from "#kernel/ids.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import { ARRIVALS_PER_EVENT_MAX } from "./bounds.ts";

/** What came into inboxes, for whoever shows it at once. Version 1 of each. */
export const NOTIFY_TOPIC = "notify";

export type NotifyEvent =
  /** [whose, seq, kind] in the order of seq for each person. */
  | { type: "notify.arrived"; version: 1; data: { items: [PersonId, string, string][] } }
  /** A person read up to here, on some device. */
  | { type: "notify.read"; version: 1; data: { person_id: PersonId; read_seq: string } }
  /** What was read in its own system is out of a person's inbox. */
  | { type: "notify.settled"; version: 1; data: { person_id: PersonId } }
  /** A person chose otherwise what reaches them, or where. */
  | { type: "notify.settings_changed"; version: 1; data: { person_id: PersonId } };

export async function tellArrivals(log: Log, tx: Query, items: readonly [PersonId, string, string][]): Promise<void> {
  for (let from = 0; from < items.length; from += ARRIVALS_PER_EVENT_MAX) {
    const data = { items: items.slice(from, from + ARRIVALS_PER_EVENT_MAX) };
    await log.append(tx, NOTIFY_TOPIC, "arrivals", { type: "notify.arrived", version: 1, data });
  }
}

export const tellRead = (log: Log, tx: Query, person_id: PersonId, read_seq: string): Promise<void> =>
  log.append(tx, NOTIFY_TOPIC, person_id, { type: "notify.read", version: 1, data: { person_id, read_seq } });

export const tellSettings = (log: Log, tx: Query, person_id: PersonId): Promise<void> =>
  log.append(tx, NOTIFY_TOPIC, person_id, { type: "notify.settings_changed", version: 1, data: { person_id } });

export const tellSettled = (log: Log, tx: Query, person_id: PersonId): Promise<void> =>
  log.append(tx, NOTIFY_TOPIC, person_id, { type: "notify.settled", version: 1, data: { person_id } });

export const readNotifyEvent = (stored: StoredEvent): NotifyEvent | null =>
  stored.version === 1 && stored.type.startsWith("notify.") ? (stored as unknown as NotifyEvent) : null;
