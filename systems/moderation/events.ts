import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { JsonObject } from "#kernel/json.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

/** What moderation tells, in the transaction in which it happens. Version 1 of each. */
export const MODERATION_TOPIC = "moderation";

interface Case extends JsonObject {
  case_id: string;
  subject_kind: string;
  subject_id: string;
  person_id: PersonId;
  space_id: SpaceId | null;
}
interface Acted extends JsonObject {
  act_id: string;
  kind: string;
  subject_kind: string;
  subject_id: string;
  person_id: PersonId;
  space_id: SpaceId | null;
  /** Null: the house itself. For officers; the person concerned is not told who acted. */
  by: PersonId | null;
}

export type ModerationEvent =
  /** For officers; never for the one whose thing it is. */
  | { type: "moderation.reported"; version: 1; data: Case & { report_id: string } }
  /** For these reporters: somebody looked at what they reported. */
  | {
      type: "moderation.closed";
      version: 1;
      data: Case & { outcome: "acted" | "no_breach"; answer: string; reporter_ids: PersonId[] };
    }
  /** For the person concerned. */
  | { type: "moderation.acted" | "moderation.undone"; version: 1; data: Acted & { ends_at: string | null } }
  /** For officers. */
  | { type: "moderation.appealed"; version: 1; data: Acted & { appeal_id: string } }
  /** For the person concerned. */
  | {
      type: "moderation.appeal_decided";
      version: 1;
      data: Acted & { appeal_id: string; decision: "upheld" | "overturned"; answer: string };
    }
  | { type: "moderation.rules_changed"; version: 1; data: { by: PersonId } }
  | { type: "moderation.shield_changed"; version: 1; data: { kind: string; step: number; held: boolean } };

const keyOf = (event: ModerationEvent): string => {
  switch (event.type) {
    case "moderation.reported":
    case "moderation.closed":
      return `case:${event.data.case_id}`;
    case "moderation.rules_changed":
      return "rules";
    case "moderation.shield_changed":
      return `shield:${event.data.kind}`;
    default:
      return `person:${event.data.person_id}`;
  }
};

export const tell = (log: Log, tx: Query, event: ModerationEvent): Promise<void> =>
  log.append(tx, MODERATION_TOPIC, keyOf(event), event);

/** An event of ours that this version understands; null for one of a newer house. */
export const readModerationEvent = (stored: StoredEvent): ModerationEvent | null =>
  stored.version === 1 && stored.type.startsWith("moderation.") ? (stored as unknown as ModerationEvent) : null;
