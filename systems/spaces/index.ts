import { join } from "node:path";

import type { Ids } from "#kernel/ids.ts";
import type { Caches } from "#ports/cache/index.ts";
import type { Clock } from "#ports/clock/index.ts";
import type { Log } from "#ports/log/index.ts";
import type { MigrationFolder, Sql } from "#ports/sql/index.ts";

import { SPACES_TOPIC } from "./events.ts";
import type { Ground, SpacesPeople } from "./ground.ts";
import { createInvitations, type Invitations } from "./invitations.ts";
import { createKnown, type Known } from "./known.ts";
import { startSeeingOff } from "./leavers.ts";
import { createMembers, type Members } from "./members.ts";
import { createMemory } from "./memory.ts";
import { createRooms, type Rooms } from "./spaces.ts";

/** Needs the migrations of people before it. */
export const SPACES_FOLDER: MigrationFolder = { system: "spaces", folder: join(import.meta.dirname, "sql") };

export interface SpacesNeeds {
  sql: Sql;
  log: Log;
  clock: Clock;
  ids: Ids;
  caches: Caches;
  people: SpacesPeople;
}

/** What other systems ask of spaces, in this process. */
export interface Spaces extends AsyncDisposable {
  cards: Known["cards"];
  membershipsOf: Known["membershipsOf"];
  membershipsOfViewer: Known["membershipsOfViewer"];
  rolesIn: Known["rolesIn"];
  stands: Known["stands"];
  /** By slug or id; null where there is none. Says nothing of whether the viewer may see it. */
  find: Known["find"];
  storageMax: Known["storageMax"];
  /** Sees off who deleted their account. Start it on nodes that work in the background. */
  work(): Disposable;
  /** For this system's own routes. */
  rooms: { spaces: Rooms; members: Members; invitations: Invitations };
}

/** Follows its own events from here on, so that what another node changes is forgotten here too. */
export async function createSpaces(needs: SpacesNeeds): Promise<Spaces> {
  const memory = createMemory(needs.caches);
  const { sql, log, clock, ids, people } = needs;
  const ground: Ground = { sql, log, clock, ids, people, memory };
  const known = createKnown(ground);
  const rooms = {
    spaces: createRooms(ground, known),
    members: createMembers(ground, known),
    invitations: createInvitations(ground, known),
  };
  const tail = await log.tail(SPACES_TOPIC, memory.onEvents);
  return {
    cards: known.cards,
    membershipsOf: known.membershipsOf,
    membershipsOfViewer: known.membershipsOfViewer,
    rolesIn: known.rolesIn,
    stands: known.stands,
    find: known.find,
    storageMax: known.storageMax,
    work: () => startSeeingOff(ground),
    rooms,
    [Symbol.asyncDispose]: () => tail[Symbol.asyncDispose](),
  };
}

export { SPACES_TOPIC, type SpacesEvent, type SpacesEventName, type SpacesEvents } from "./events.ts";
export type { SpacesPeople } from "./ground.ts";
export type { FoundSpace } from "./known.ts";
export { spaceResource } from "./policy.ts";
export { serveSpaces } from "./routes.ts";
export type { SpaceCard } from "#kernel/cards.ts";
export type { SpaceRole } from "#kernel/viewer.ts";
