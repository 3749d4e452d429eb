import type { PersonId } from "#kernel/ids.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

/**
 * What readers arrange for themselves. A topic of its own: it is nobody else's business, and who follows the feed need not
 * wade through it. Where somebody stopped reading is told to nobody: it is read from its row, and would be most of the log.
 */
export const READING_TOPIC = "feed_reading";

export type ReadingEventName =
  | "words_muted"
  | "words_unmuted"
  | "preferences_changed"
  | "list_made"
  | "list_changed"
  | "list_deleted"
  | "list_restored"
  | "list_person_added"
  | "list_person_removed"
  | "folder_made"
  | "folder_changed"
  | "folder_deleted"
  | "folder_restored"
  | "bookmark_moved";

export interface ReadingEvent {
  type: `feed_reading.${ReadingEventName}`;
  version: 1;
  /** `thing_id` is the list's, folder's, word's or post's. */
  data: { person_id: PersonId; thing_id: string | null };
}

export const tellReading = (
  log: Log,
  tx: Query,
  name: ReadingEventName,
  person_id: PersonId,
  thing_id: string | null,
): Promise<void> =>
  log.append(tx, READING_TOPIC, `person:${person_id}`, {
    type: `feed_reading.${name}`,
    version: 1,
    data: { person_id, thing_id },
  });

/** What somebody arranged on another node holds here when its event arrives; here it held before. */
export const followReading = (
  log: Log,
  { wishes, lists }: { wishes: { forget(id: PersonId): void }; lists: { forget(id: string): void } },
): Promise<AsyncDisposable> =>
  log.tail(READING_TOPIC, (batch) => {
    for (const stored of batch) {
      if (stored.version !== 1) continue;
      const { type, data } = stored as unknown as ReadingEvent;
      wishes.forget(data.person_id);
      if (type.startsWith("feed_reading.list_") && data.thing_id !== null) lists.forget(data.thing_id);
    }
  });
