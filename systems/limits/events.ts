import type { PersonId } from "#kernel/ids.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import type { Tier } from "./rules-contract.ts";

/** What limits tell, in the transaction in which it happens. Version 1 of each. */
export const LIMITS_TOPIC = "limits";

export type LimitsEvent =
  /** Every node reads the set of this version and holds by it. */
  | { type: "limits.published"; version: 1; data: { seq: string; set_version: string; by: PersonId } }
  | {
      type: "limits.tier_changed";
      version: 1;
      data: { kind: "person" | "space"; subject_id: string; tier: Tier; percent: number | null; by: PersonId };
    };

export const tell = (log: Log, tx: Query, event: LimitsEvent): Promise<void> =>
  log.append(
    tx,
    LIMITS_TOPIC,
    event.type === "limits.published" ? "sets" : `${event.data.kind}:${event.data.subject_id}`,
    event,
  );

/** An event of ours that this version understands; null for one of a newer house. */
export const readLimitsEvent = (stored: StoredEvent): LimitsEvent | null =>
  stored.version === 1 && stored.type.startsWith("limits.") ? (stored as unknown as LimitsEvent) : null;
