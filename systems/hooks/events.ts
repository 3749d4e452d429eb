import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { Log, StoredEvent } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

import type { HookId } from "./needs.ts";

/** What happens to webhooks themselves. The key is the hook. */
export const HOOKS_TOPIC = "hooks";

/** It took nothing for days, or said that it is gone, and is told of nothing more. */
export type HooksEvent = {
  type: "hooks.switched_off";
  version: 1;
  data: { hook_id: HookId; owner_id: PersonId; space_id: SpaceId; at: string };
};

export const tell = (log: Log, tx: Query, event: HooksEvent): Promise<void> =>
  log.append(tx, HOOKS_TOPIC, event.data.hook_id, event);

export const readHooksEvent = (stored: StoredEvent): HooksEvent | null =>
  stored.version === 1 && stored.type === "hooks.switched_off" ? (stored as unknown as HooksEvent) : null;
