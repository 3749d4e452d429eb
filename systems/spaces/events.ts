import type { PersonId, SpaceId } from "#kernel/ids.ts";
import type { SpaceRole } from "#kernel/viewer.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

/** The topic of everything that happens to spaces. The key is the space, so its events keep their order. */
export const SPACES_TOPIC = "spaces";

/** By name without the prefix `spaces.`. Version 1 each. */
export type SpacesEvents = {
  space_created: { space_id: SpaceId; owner_id: PersonId };
  space_changed: { space_id: SpaceId; by: PersonId };
  space_deleted: { space_id: SpaceId; by: PersonId | null };
  joined: { space_id: SpaceId; person_id: PersonId; role: SpaceRole };
  /** Of their own will, by a moderator's, or with their account. */
  left: { space_id: SpaceId; person_id: PersonId; by: PersonId };
  role_changed: { space_id: SpaceId; person_id: PersonId; role: SpaceRole; by: PersonId };
  banned: { space_id: SpaceId; person_id: PersonId; by: PersonId };
  unbanned: { space_id: SpaceId; person_id: PersonId; by: PersonId };
};

export type SpacesEventName = keyof SpacesEvents;

export type SpacesEvent = {
  [N in SpacesEventName]: { type: `spaces.${N}`; version: number; data: SpacesEvents[N] };
}[SpacesEventName];

export const tell = <N extends SpacesEventName>(log: Log, tx: Query, name: N, data: SpacesEvents[N]): Promise<void> =>
  log.append(tx, SPACES_TOPIC, data.space_id, { type: `spaces.${name}`, version: 1, data });
