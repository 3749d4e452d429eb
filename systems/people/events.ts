import type { PersonId } from "#kernel/ids.ts";
import type { HouseRole } from "#kernel/viewer.ts";
import type { Log } from "#ports/log/index.ts";
import type { Query } from "#ports/sql/index.ts";

/** The topic of everything that happens to people. The key is the acting person, so one person's acts keep their order. */
export const PEOPLE_TOPIC = "people";

/** A revoked credential as other nodes and sockets must know it. The hash is of a random secret that no longer works. */
export type RevokedCredential = { id: string; kind: "session" | "token"; hash: string };

/** By name without the prefix `people.`. Version 1 each. */
export type PeopleEvents = {
  /** `from_outside` where they came in by the open door, from another machine: what a surge of new accounts is made of. */
  person_created: { person_id: PersonId; handle: string; role: HouseRole; from_outside?: boolean };
  profile_changed: { person_id: PersonId };
  followed: { follower_id: PersonId; followee_id: PersonId };
  /** Also told for each follow that a block ended. */
  unfollowed: { follower_id: PersonId; followee_id: PersonId };
  follow_requested: { follower_id: PersonId; followee_id: PersonId };
  follow_request_ended: { follower_id: PersonId; followee_id: PersonId; how: "accepted" | "refused" | "withdrawn" };
  /** What they made is for their followers only from here on, or for everybody again. */
  privacy_changed: { person_id: PersonId; private: boolean };
  blocked: { blocker_id: PersonId; blocked_id: PersonId };
  unblocked: { blocker_id: PersonId; blocked_id: PersonId };
  muted: { muter_id: PersonId; muted_id: PersonId };
  unmuted: { muter_id: PersonId; muted_id: PersonId };
  /** `act_id` where moderation did it, which tells of it itself; `until` where it ends by itself. */
  suspended: { person_id: PersonId; by: PersonId | null; reason: string; until?: string | null; act_id?: string };
  /** `at` by the clock of who did it, as acts have theirs. */
  reinstated: { person_id: PersonId; by: PersonId | null; act_id?: string; at?: string };
  limited: { person_id: PersonId; by: PersonId | null; act_id: string };
  unlimited: { person_id: PersonId; by: PersonId | null; act_id: string };
  role_changed: { person_id: PersonId; role: HouseRole; by: PersonId | null };
  deleted: { person_id: PersonId };
  session_revoked: { person_id: PersonId; credentials: RevokedCredential[] };
  /** Somebody can set a new password for this person. */
  reset_link_made: { person_id: PersonId; by: PersonId | null };
  /** An invitation that makes whoever takes it an officer. */
  office_offered: { by: PersonId; role: HouseRole; uses_max: number };
  /** The settings of the house; every node reads them again. */
  house_changed: { by: PersonId };
};

export type PeopleEventName = keyof PeopleEvents;

export type PeopleEvent = {
  [N in PeopleEventName]: { type: `people.${N}`; version: number; data: PeopleEvents[N] };
}[PeopleEventName];

/** Appends inside the writer's transaction. `key` is the person whose act it is. */
export const tell = <N extends PeopleEventName>(
  log: Log,
  tx: Query,
  key: PersonId,
  name: N,
  data: PeopleEvents[N],
): Promise<void> => log.append(tx, PEOPLE_TOPIC, key, { type: `people.${name}`, version: 1, data });
