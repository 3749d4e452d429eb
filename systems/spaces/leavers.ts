import type { PersonId, SpaceId } from "#kernel/ids.ts";
import { PEOPLE_TOPIC, type PeopleEvent } from "#systems/people/index.ts";

import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import * as store from "./store.ts";

const GROUP = "spaces.leavers";

/** Whoever deletes their account leaves every space; what they owned goes to the next in rank, or closes when nobody is left. */
export function startSeeingOff({
  sql,
  log,
  clock,
  memory,
}: Pick<Ground, "sql" | "log" | "clock" | "memory">): Disposable {
  async function seeOff(space_id: SpaceId, person_id: PersonId): Promise<void> {
    const at = new Date(clock.now());
    await sql.tx(async (tx) => {
      const space = await store.lock(tx, space_id);
      if (!space || !(await store.removeMember(tx, space_id, person_id))) return;
      await store.countMembers(tx, space_id, -1);
      await store.revokeInvitationsBy(tx, space_id, person_id, at);
      await tell(log, tx, "left", { space_id, person_id, by: person_id });
      if (space.owner_id !== person_id) return;
      const heir = await store.heir(tx, space_id, person_id);
      if (heir) {
        await store.setOwner(tx, space_id, heir);
        await store.setRole(tx, space_id, heir, "owner");
        await tell(log, tx, "role_changed", { space_id, person_id: heir, role: "owner", by: person_id });
      } else {
        await store.remove(tx, space_id, null, at);
        await tell(log, tx, "space_deleted", { space_id, by: null });
      }
    });
    memory.forgetSpace(space_id);
  }

  return log.consume(PEOPLE_TOPIC, GROUP, async (batch) => {
    for (const stored of batch) {
      const event = stored as unknown as PeopleEvent;
      if (event.type !== "people.deleted") continue;
      const { person_id } = event.data;
      // At most 1,000, a transaction each; one that is done is not met again when the batch comes twice.
      for (const { space_id } of await store.membershipsOf(sql.pool, person_id)) await seeOff(space_id, person_id);
    }
  });
}
