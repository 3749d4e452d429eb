import { conflict, notFound, Problem } from "#kernel/errors.ts";
import type { PersonId } from "#kernel/ids.ts";
import type { SignedIn } from "#kernel/viewer.ts";
import type { Tx } from "#ports/sql/index.ts";

import { tell } from "./events.ts";
import type { Ground } from "./ground.ts";
import * as persons from "./store/persons.ts";
import * as store from "./store/relations.ts";

/** Who may follow me: requests are answered here, and follows that one does not want any more are ended. */
export interface Followers {
  /** @throws Problem 404 `person.not_found`, 409 `people.not_asked` */
  acceptFollower(viewer: SignedIn, handle: string): Promise<void>;
  /** Done already is done. @throws Problem 404 `person.not_found` */
  removeFollower(viewer: SignedIn, handle: string): Promise<void>;
}

export function createFollowers(ground: Pick<Ground, "sql" | "log" | "clock" | "memory">): Followers {
  const { sql, log, memory } = ground;

  async function other(viewer: SignedIn, handle: string): Promise<PersonId> {
    const [row] = await persons.byHandles(sql.pool, [handle]);
    if (!row) throw notFound("person");
    if (row.id === viewer.person_id) throw new Problem(422, "people.yourself", "That is you.");
    return row.id;
  }

  return {
    async acceptFollower(viewer, handle) {
      const id = await other(viewer, handle);
      const me = viewer.person_id;
      await sql.tx(async (tx) => {
        await store.lockPair(tx, me, id);
        await store.enterFollows(tx);
        // A follow that stands needs no second answer.
        if (await store.follows(tx, id, me)) return;
        if (!(await acceptRequest(ground, tx, id, me))) throw notAsked();
      });
      memory.forgetRelations(id);
    },

    async removeFollower(viewer, handle) {
      const id = await other(viewer, handle);
      const me = viewer.person_id;
      const pair = { follower_id: id, followee_id: me };
      await sql.tx(async (tx) => {
        await store.lockPair(tx, me, id);
        await store.enterFollows(tx);
        if (await store.removeRequest(tx, id, me))
          await tell(log, tx, id, "follow_request_ended", { ...pair, how: "refused" });
        if (await store.removeFollow(tx, id, me)) await tell(log, tx, id, "unfollowed", pair);
      });
      memory.forgetRelations(id);
    },
  };
}

/** The request becomes a follow. @returns false where there is none */
export async function acceptRequest(
  { log, clock }: Pick<Ground, "log" | "clock">,
  tx: Tx,
  follower_id: PersonId,
  followee_id: PersonId,
): Promise<boolean> {
  if (!(await store.removeRequest(tx, follower_id, followee_id))) return false;
  const pair = { follower_id, followee_id };
  await tell(log, tx, follower_id, "follow_request_ended", { ...pair, how: "accepted" });
  if (await store.addFollow(tx, follower_id, followee_id, new Date(clock.now())))
    await tell(log, tx, follower_id, "followed", pair);
  return true;
}

const notAsked = () => conflict("people.not_asked", "This person did not ask to follow you, or took it back.");
